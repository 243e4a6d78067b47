"""The simple recurrent network, as a layer over whole sequences and as a cell for one step."""

from typing import Any, ClassVar

from gatedcore.arrays import Array
from gatedcore.layers.base import Mask
from gatedcore.layers.cell import Cell
from gatedcore.layers.recurrence import Manner, States
from gatedcore.layers.recurrent import RecurrentLayer
from gatedcore.layers.sequence import SequenceLayer
from gatedcore.layers.trace import SimpleRNNTrace
from gatedcore.ops.simple_rnn_calls import (
    SimpleRNNCache,
    SimpleRNNWeights,
    simple_rnn_backward,
    simple_rnn_forward,
)


class SimpleRNNLayer(RecurrentLayer):
    """Weights of a simple recurrent network, which has no gates."""

    gates = 1
    names_of_states = ("h",)
    fused: ClassVar = False

    def bias_shape(self) -> tuple[int, ...]:
        return (self.units,)

    def run_over(
        self, x: Array, states: States, manner: Manner, mask: Mask | None
    ) -> tuple[Array, list[Array], SimpleRNNCache | None]:
        m_x, m_h = self.draw_operands(x, manner.draw)
        h, h_last, saved = simple_rnn_forward(
            x,
            _weights(self.parameters),
            states[0],
            self.activation,
            go_backwards=manner.go_backwards,
            return_sequences=manner.return_sequences,
            save=manner.save,
            mask=mask,
            zero_output_for_mask=manner.zero_output_for_mask,
            m_x=m_x,
            m_h=m_h,
        )
        return h_last if h is None else h, [h_last], saved

    def run_back(
        self, saved: Any, d_y: Array | None, d_states: States, manner: Manner, need_d_x: bool
    ) -> tuple[Array | None, list[Array]]:
        d_h, d_h_last = self.arriving(d_y, d_states[0], manner)
        gradients = _weights(self.gradients)
        d_x, d_h0 = simple_rnn_backward(saved, d_h, d_h_last, need_d_x, gradients)
        return d_x, [d_h0]


def _weights(arrays: dict[str, Array]) -> SimpleRNNWeights:
    return SimpleRNNWeights(arrays["kernel"], arrays["recurrent_kernel"], arrays.get("bias"))


class SimpleRNN(SimpleRNNLayer, SequenceLayer):
    """A recurrent network without gates over a sequence: ``h = act(x w_x + h_prev w_h + b)``.

    It has no fused kernel: a loop in NumPy over products of the core, which reads one step after
    the other.

    Parameters
    ----------
    units : int
        Size of the state.
    activation : str or function
        Any of ``gatedcore.activations``.
    use_bias : bool
        Whether there is a bias.
    kernel_initializer, recurrent_initializer, bias_initializer : str, Initializer or callable
        First values of the weights.
    return_sequences : bool
        Whether to return the hidden state of every step instead of the last.
    return_state : bool
        Whether a call returns ``(output, h)``.
    go_backwards : bool
        Whether the last step comes first; the output stays in that order.
    zero_output_for_mask : bool
        Whether a sequence returned is zero where the mask of the call is False; by default it
        repeats the output of the last step that counts.
    dropout, recurrent_dropout : float
        Share of the inputs, and of the states on their way into the recurrent product, that
        training drops; one draw for each sequence and call, for all steps alike.
    stateful : bool
        Whether a batch begins with the states after the one before it, row by row, until
        ``reset_states()``; gradients stop where a batch begins.
    **base
        ``input_shape``, ``name``, ``dtype`` and ``seed``; see ``Layer``. ``seed`` is for initial
        weights and dropout. Other arguments of Keras are refused unless they ask for nothing.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range or not supported.

    References
    ----------
    docs/math.md (74) to (77); Elman (1990).
    """

    def __init__(
        self,
        units: int,
        activation: object = "tanh",
        use_bias: bool = True,
        kernel_initializer: object = "glorot_uniform",
        recurrent_initializer: object = "orthogonal",
        bias_initializer: object = "zeros",
        *,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        zero_output_for_mask: bool = False,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        stateful: bool = False,
        **base: Any,
    ) -> None:
        super().__init__(
            units,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            zero_output_for_mask=zero_output_for_mask,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            zoneout={},
            stateful=stateful,
            **base,
        )

    def trace(self, x: object, initial_state: object = None) -> SimpleRNNTrace:
        """Return the state of every step.

        Parameters
        ----------
        x, initial_state
            As in a call.

        Returns
        -------
        SimpleRNNTrace
            ``h``, (B, T, H), and ``x``, in the order in which the steps ran.

        Raises
        ------
        TypeError, ValueError
            As a call.
        """
        array = self.take(x)
        states = self.take_states(initial_state, array.shape[0])
        self.build_for(array)
        manner = Manner(True, self.go_backwards, False, False, False)
        h = self.run_over(array, states, manner, None)[0]
        return SimpleRNNTrace(self.name, array[:, ::-1] if self.go_backwards else array, h)


class SimpleRNNCell(SimpleRNNLayer, Cell):
    """One step of a simple recurrent network.

    Parameters
    ----------
    units, activation, ..., dropout, recurrent_dropout, **base
        As of ``SimpleRNN``.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range or not supported.

    References
    ----------
    docs/math.md (74); Elman (1990).
    """

    def __init__(
        self,
        units: int,
        activation: object = "tanh",
        use_bias: bool = True,
        kernel_initializer: object = "glorot_uniform",
        recurrent_initializer: object = "orthogonal",
        bias_initializer: object = "zeros",
        *,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        **base: Any,
    ) -> None:
        super().__init__(
            units,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            zoneout={},
            **base,
        )

    def __call__(  # type: ignore[override]  # Keras's order
        self, x: object, states: object, training: bool = False
    ) -> tuple[Array, list[Array] | Array]:
        """Run one step; build the cell first if it is not.

        Parameters
        ----------
        x : array-like, (B, I)
            Input of the step; no unit.
        states : array-like (B, H), or a list that holds it
            State before the step.
        training : bool
            With dropout an error: a layer around the cell draws for a whole sequence.

        Returns
        -------
        h : ndarray, (B, H)
            Output.
        states : ``[h]``, or ``h`` if the state came without a list
            State after the step.

        Raises
        ------
        TypeError, ValueError
            If an argument does not suit the cell.
        """
        array, before = self.take_step(x, states, training)
        manner = Manner(False, False, False, False, False)
        h, _, _ = self.run_over(array[:, None], before, manner, None)
        return h, [h] if isinstance(states, list | tuple) else h

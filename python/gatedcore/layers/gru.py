"""The GRU, as a layer over whole sequences and as a cell for one step."""

from typing import Any

from gatedcore import _core, ops
from gatedcore.arrays import Array
from gatedcore.checks import check_bool
from gatedcore.layers.base import Mask
from gatedcore.layers.cell import Cell
from gatedcore.layers.recurrence import Manner, States
from gatedcore.layers.recurrent import GatedLayer
from gatedcore.layers.sequence import SequenceLayer
from gatedcore.layers.trace import GRUTrace


class GRUWeights(GatedLayer):
    """Weights of a GRU: three gates z r n."""

    gates = 3
    names_of_states = ("h",)

    def __init__(self, units: int, *, reset_after: bool, **gated: Any) -> None:
        self.reset_after = check_bool(type(self).__name__, "reset_after", reset_after)
        super().__init__(units, **gated)

    def bias_shape(self) -> tuple[int, ...]:
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def run_over(
        self, x: Array, states: States, manner: Manner, mask: Mask | None
    ) -> tuple[Array, list[Array], _core.GRUCache | None]:
        (h0,) = states
        m_x, m_h, z_h = self.draw_operands(x, manner.draw)
        parameters = self.parameters
        h, h_last, saved = _core.gru_forward(
            x,
            parameters["kernel"],
            parameters["recurrent_kernel"],
            parameters.get("bias"),
            h0,
            self.activation,
            self.recurrent_activation,
            self.reset_after,
            False,
            manner.go_backwards,
            manner.return_sequences,
            manner.save,
            mask,
            manner.zero_output_for_mask,
            None,
            m_x,
            m_h,
            z_h,
            self.recompute,
        )
        return h_last if h is None else h, [h_last], saved

    def run_back(
        self, saved: Any, d_y: Array | None, d_states: States, manner: Manner, need_d_x: bool
    ) -> tuple[Array | None, list[Array]]:
        gradients = self.gradients
        d_h, d_h_last = self.arriving(d_y, d_states[0], manner)
        d_x, *d_first = _core.gru_backward(
            saved,
            d_h,
            d_h_last,
            need_d_x,
            gradients["kernel"],
            gradients["recurrent_kernel"],
            gradients.get("bias"),
        )
        return d_x, d_first

    def direction(
        self, shape: tuple[int, ...], states: States, manner: Manner
    ) -> _core.GRUDirection:
        (h0,) = states
        parameters = self.parameters
        return _core.GRUDirection(
            parameters["kernel"],
            parameters["recurrent_kernel"],
            parameters.get("bias"),
            h0,
            self.activation,
            self.recurrent_activation,
            self.reset_after,
            manner.zero_output_for_mask,
            self.recompute,
            *self.operands_for(shape, manner.draw),
        )


class GRU(GRUWeights, SequenceLayer):
    """Gated recurrent unit over a sequence.

    Parameters
    ----------
    units : int
        Size of the state.
    activation, recurrent_activation : str
        Of the candidate, and of the gates.
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
    recompute : bool
        Whether training saves states alone and computes gates anew in the backward pass: a fifth
        of the memory between the passes, the same gradients, up to a third more time. Not an
        argument of Keras.
    reset_after : bool
        Whether the reset gate acts after the recurrent product (Keras's default, PyTorch) or on the
        state before it (Cho et al. 2014).
    dropout, recurrent_dropout : float
        Share of the inputs, and of the states on their way into the recurrent product, that
        training drops; one draw for each sequence and call, for all steps and gates alike.
    zoneout_h : float
        Share of the units whose state training leaves as it was, a draw for each step; otherwise
        each unit keeps this share of its old state (Krueger et al. 2017). Not in Keras.
    stateful : bool
        Whether a batch begins with the states after the one before it, row by row, until
        ``reset_states()``; gradients stop where a batch begins.
    **base
        ``input_shape``, ``name``, ``dtype`` and ``seed``; see ``Layer``. ``seed`` is for initial
        weights, dropout and zoneout. Other arguments of Keras are refused unless they ask for
        nothing.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range or not supported.

    References
    ----------
    docs/math.md; Cho et al. (2014).

    Examples
    --------
    >>> x = np.zeros((2, 5, 3))  # two sequences of five steps, three features each
    >>> gk.GRU(8)(x).shape
    (2, 8)
    >>> y, h = gk.GRU(8, return_sequences=True, return_state=True)(x)
    >>> y.shape, bool((y[:, -1] == h).all())
    ((2, 5, 8), True)
    """

    def __init__(
        self,
        units: int,
        activation: object = "tanh",
        recurrent_activation: object = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: object = "glorot_uniform",
        recurrent_initializer: object = "orthogonal",
        bias_initializer: object = "zeros",
        *,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        reset_after: bool = True,
        zero_output_for_mask: bool = False,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        zoneout_h: float = 0.0,
        recompute: bool = False,
        stateful: bool = False,
        **base: Any,
    ) -> None:
        super().__init__(
            units,
            activation=activation,
            recurrent_activation=recurrent_activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            reset_after=reset_after,
            zero_output_for_mask=zero_output_for_mask,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            zoneout={"zoneout_h": zoneout_h},
            stateful=stateful,
            **base,
        )
        self.recompute = check_bool(type(self).__name__, "recompute", recompute)
        self.zoneout_h = float(zoneout_h)

    def trace(self, x: object, initial_state: object = None) -> GRUTrace:
        """Return every gate and state of every step.

        Parameters
        ----------
        x, initial_state
            As in a call.

        Returns
        -------
        GRUTrace
            ``z r n h``, each (B, T, H), and ``x``, in the order in which the steps ran.

        Raises
        ------
        TypeError, ValueError
            As a call.
        """
        array = self.take(x)
        (h0,) = self.take_states(initial_state, array.shape[0])
        self.build_for(array)
        h, gates = ops.gru(
            array,
            self.parameters["kernel"],
            self.parameters["recurrent_kernel"],
            self.parameters.get("bias"),
            h0,
            activation=self.activation,
            recurrent_activation=self.recurrent_activation,
            reset_after=self.reset_after,
            go_backwards=self.go_backwards,
            zoneout_h=self.zoneout_h,
            training=False,
            return_gates=True,
        )
        return GRUTrace(self.name, array[:, ::-1] if self.go_backwards else array, *gates, h)

    def add_forward_to_stream(self, stream: _core.Stream) -> None:
        stream.add_gru(
            self.parameters["kernel"],
            self.parameters["recurrent_kernel"],
            self.parameters.get("bias"),
            self.activation,
            self.recurrent_activation,
            self.reset_after,
            *self.expected_zoneout(),
        )


class GRUCell(GRUWeights, Cell):
    """One step of a GRU.

    Parameters
    ----------
    units, activation, ..., dropout, recurrent_dropout, reset_after, **base
        As of ``GRU``.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range or not supported.

    References
    ----------
    docs/math.md; Cho et al. (2014).
    """

    def __init__(
        self,
        units: int,
        activation: object = "tanh",
        recurrent_activation: object = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: object = "glorot_uniform",
        recurrent_initializer: object = "orthogonal",
        bias_initializer: object = "zeros",
        *,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        reset_after: bool = True,
        **base: Any,
    ) -> None:
        super().__init__(
            units,
            activation=activation,
            recurrent_activation=recurrent_activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            zoneout={"zoneout_h": 0.0},
            reset_after=reset_after,
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
        array, (h_prev,) = self.take_step(x, states, training)
        h = ops.gru_cell(
            array,
            h_prev,
            self.parameters["kernel"],
            self.parameters["recurrent_kernel"],
            self.parameters.get("bias"),
            activation=self.activation,
            recurrent_activation=self.recurrent_activation,
            reset_after=self.reset_after,
        )
        return h, [h] if isinstance(states, list | tuple) else h

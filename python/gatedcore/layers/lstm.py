"""The LSTM, as a layer over whole sequences and as a cell for one step."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gatedcore import _core, ops
from gatedcore.arrays import Array
from gatedcore.checks import check_bool
from gatedcore.layers.base import Mask
from gatedcore.layers.building import Draws
from gatedcore.layers.cell import Cell
from gatedcore.layers.recurrence import Manner, States
from gatedcore.layers.recurrent import GatedLayer
from gatedcore.layers.sequence import SequenceLayer
from gatedcore.layers.trace import LSTMTrace


class LSTMWeights(GatedLayer):
    """Weights of an LSTM: four gates i f g o."""

    gates = 4
    names_of_states = ("h", "c")

    def __init__(self, units: int, *, unit_forget_bias: bool, **gated: Any) -> None:
        self.unit_forget_bias = check_bool(
            type(self).__name__, "unit_forget_bias", unit_forget_bias
        )
        super().__init__(units, **gated)

    def bias_shape(self) -> tuple[int, ...]:
        return (4 * self.units,)

    def draw_bias(self, shape: tuple[int, ...], draws: Draws) -> Array:
        if not self.unit_forget_bias:
            return super().draw_bias(shape, draws)
        # Ones for the forget gate, and Keras's two draws around them.
        i = super().draw_bias((self.units,), draws)
        g_o = super().draw_bias((2 * self.units,), draws)
        return np.concatenate([i, np.ones(self.units, draws.dtype), g_o])

    def run_over(
        self, x: Array, states: States, manner: Manner, mask: Mask | None
    ) -> tuple[Array, list[Array], _core.LSTMCache | None]:
        h0, c0 = states
        m_x, m_h, z_h, z_c = self.draw_operands(x, manner.draw)
        parameters = self.parameters
        h, h_last, c_last, saved = _core.lstm_forward(
            x,
            parameters["kernel"],
            parameters["recurrent_kernel"],
            parameters.get("bias"),
            h0,
            c0,
            self.activation,
            self.recurrent_activation,
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
            z_c,
            self.recompute,
        )
        return h_last if h is None else h, [h_last, c_last], saved

    def run_back(
        self, saved: Any, d_y: Array | None, d_states: States, manner: Manner, need_d_x: bool
    ) -> tuple[Array | None, list[Array]]:
        gradients = self.gradients
        d_h, d_h_last = self.arriving(d_y, d_states[0], manner)
        d_x, *d_first = _core.lstm_backward(
            saved,
            d_h,
            d_h_last,
            d_states[1],
            need_d_x,
            gradients["kernel"],
            gradients["recurrent_kernel"],
            gradients.get("bias"),
        )
        return d_x, d_first

    def direction(
        self, shape: tuple[int, ...], states: States, manner: Manner
    ) -> _core.LSTMDirection:
        h0, c0 = states
        parameters = self.parameters
        return _core.LSTMDirection(
            parameters["kernel"],
            parameters["recurrent_kernel"],
            parameters.get("bias"),
            h0,
            c0,
            self.activation,
            self.recurrent_activation,
            manner.zero_output_for_mask,
            self.recompute,
            *self.operands_for(shape, manner.draw),
        )


class LSTM(LSTMWeights, SequenceLayer):
    """Long short-term memory over a sequence.

    Parameters
    ----------
    units : int
        Size of the states.
    activation, recurrent_activation : str
        Of candidate and cell state, and of the gates.
    use_bias : bool
        Whether there is a bias.
    kernel_initializer, recurrent_initializer, bias_initializer : str, Initializer or callable
        First values of the weights.
    unit_forget_bias : bool
        Whether the forget gate's bias starts at one (Jozefowicz et al. 2015).
    return_sequences : bool
        Whether to return the hidden state of every step instead of the last.
    return_state : bool
        Whether a call returns ``(output, h, c)``.
    go_backwards : bool
        Whether the last step comes first; the output stays in that order.
    zero_output_for_mask : bool
        Whether a sequence returned is zero where the mask of the call is False; by default it
        repeats the output of the last step that counts.
    dropout, recurrent_dropout : float
        Share of the inputs, and of the states on their way into the recurrent product, that
        training drops; one draw for each sequence and call, for all steps and gates alike.
    zoneout_h, zoneout_c : float
        Share of the units whose hidden state, and whose cell state, training leaves as it was, a
        draw for each step; otherwise each unit keeps this share of its old state (Krueger et al.
        2017). Not in Keras.
    recompute : bool
        Whether training saves states alone and computes gates anew in the backward pass: a third
        of the memory between the passes, the same gradients, up to a third more time. Not an
        argument of Keras.
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
    docs/math.md; Hochreiter and Schmidhuber (1997); Gers, Schmidhuber and Cummins (2000).

    Examples
    --------
    >>> layer = gk.LSTM(8, return_sequences=True)
    >>> x = np.zeros((2, 5, 3))  # two sequences of five steps, three features each
    >>> layer(x).shape
    (2, 5, 8)
    >>> layer.trace(x).f.shape  # the forget gate of every step and unit
    (2, 5, 8)
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
        unit_forget_bias: bool = True,
        *,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        zero_output_for_mask: bool = False,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        zoneout_h: float = 0.0,
        zoneout_c: float = 0.0,
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
            unit_forget_bias=unit_forget_bias,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            zero_output_for_mask=zero_output_for_mask,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            zoneout={"zoneout_h": zoneout_h, "zoneout_c": zoneout_c},
            stateful=stateful,
            **base,
        )
        self.recompute = check_bool(type(self).__name__, "recompute", recompute)
        self.zoneout_h, self.zoneout_c = float(zoneout_h), float(zoneout_c)

    def trace(self, x: object, initial_state: Sequence[object] | None = None) -> LSTMTrace:
        """Return every gate and state of every step.

        Parameters
        ----------
        x, initial_state
            As in a call.

        Returns
        -------
        LSTMTrace
            ``i f g o c h``, each (B, T, H), and ``x``, in the order in which the steps ran.

        Raises
        ------
        TypeError, ValueError
            As a call.
        """
        array = self.take(x)
        h0, c0 = self.take_states(initial_state, array.shape[0])
        self.build_for(array)
        h, _, gates = ops.lstm(
            array,
            self.parameters["kernel"],
            self.parameters["recurrent_kernel"],
            self.parameters.get("bias"),
            None if h0 is None else (h0, c0),
            activation=self.activation,
            recurrent_activation=self.recurrent_activation,
            go_backwards=self.go_backwards,
            zoneout_h=self.zoneout_h,
            zoneout_c=self.zoneout_c,
            training=False,
            return_gates=True,
        )
        return LSTMTrace(self.name, array[:, ::-1] if self.go_backwards else array, *gates, h)

    def add_forward_to_stream(self, stream: _core.Stream) -> None:
        stream.add_lstm(
            self.parameters["kernel"],
            self.parameters["recurrent_kernel"],
            self.parameters.get("bias"),
            self.activation,
            self.recurrent_activation,
            *self.expected_zoneout(),
        )


class LSTMCell(LSTMWeights, Cell):
    """One step of an LSTM.

    Parameters
    ----------
    units, activation, ..., unit_forget_bias, dropout, recurrent_dropout, **base
        As of ``LSTM``.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range or not supported.

    References
    ----------
    docs/math.md; Gers, Schmidhuber and Cummins (2000).
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
        unit_forget_bias: bool = True,
        *,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
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
            unit_forget_bias=unit_forget_bias,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            zoneout={"zoneout_h": 0.0, "zoneout_c": 0.0},
            **base,
        )

    def __call__(  # type: ignore[override]  # Keras's order
        self, x: object, states: Sequence[object], training: bool = False
    ) -> tuple[Array, list[Array]]:
        """Run one step; build the cell first if it is not.

        Parameters
        ----------
        x : array-like, (B, I)
            Input of the step; no unit.
        states : [h, c], each (B, H)
            States before the step.
        training : bool
            With dropout an error: a layer around the cell draws for a whole sequence.

        Returns
        -------
        h : ndarray, (B, H)
            Output.
        states : [h, c]
            States after the step.

        Raises
        ------
        TypeError, ValueError
            If an argument does not suit the cell.
        """
        array, (h_prev, c_prev) = self.take_step(x, states, training)
        h, c = ops.lstm_cell(
            array,
            h_prev,
            c_prev,
            self.parameters["kernel"],
            self.parameters["recurrent_kernel"],
            self.parameters.get("bias"),
            activation=self.activation,
            recurrent_activation=self.recurrent_activation,
        )
        return h, [h, c]

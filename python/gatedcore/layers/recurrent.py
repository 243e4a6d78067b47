"""What recurrent layers and their cells alike have: arguments, weights, first values, draws."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from gatedcore import _core, initializers
from gatedcore.activations import name_of
from gatedcore.arrays import Array
from gatedcore.checks import check_bool, check_count
from gatedcore.layers.base import Layer, Mask
from gatedcore.layers.building import Draws
from gatedcore.layers.recurrence import Manner, States, added
from gatedcore.ops.operands import check_rates, random_operands
from gatedcore.random import draw_stream


class RecurrentLayer(Layer):
    """Base of LSTM, GRU, SimpleRNN and their cells; the arguments are Keras's."""

    weight_arguments: ClassVar = {
        "kernel": "kernel",
        "recurrent_kernel": "recurrent",
        "bias": "bias",
    }
    gates: ClassVar[int]
    names_of_states: ClassVar[tuple[str, ...]]
    fused: ClassVar = True  # whether activations are those that the kernels know

    def __init__(
        self,
        units: int,
        *,
        activation: object,
        use_bias: bool,
        kernel_initializer: object,
        recurrent_initializer: object,
        bias_initializer: object,
        dropout: float,
        recurrent_dropout: float,
        zoneout: Mapping[str, float],
        **base: Any,
    ) -> None:
        where = type(self).__name__
        self.units = check_count(where, "units", units)
        self.activation = name_of(where, "activation", activation, fused=self.fused)
        self.use_bias = check_bool(where, "use_bias", use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer, "kernel_initializer")
        self.recurrent_initializer = initializers.get(
            recurrent_initializer, "recurrent_initializer"
        )
        self.bias_initializer = initializers.get(bias_initializer, "bias_initializer")
        self._rates = check_rates(where, dropout, recurrent_dropout, **zoneout)
        self._operands = 2 + len(zoneout)  # of a call: what is drawn for each rate
        self.dropout, self.recurrent_dropout = float(dropout), float(recurrent_dropout)
        super().__init__(**base)
        if isinstance(self.seed, int) and self._rates is not None:
            draw_stream(where, self.seed)  # an error now rather than in the first training step

    # Weights.

    @abstractmethod
    def bias_shape(self) -> tuple[int, ...]:
        """Return the shape of the bias."""

    def parameter_shapes(self, features: int) -> dict[str, tuple[int, ...]]:
        width = self.gates * self.units
        shapes: dict[str, tuple[int, ...]] = {
            "kernel": (features, width),
            "recurrent_kernel": (self.units, width),
        }
        if self.use_bias:
            shapes["bias"] = self.bias_shape()
        return shapes

    def draw(self, name: str, shape: tuple[int, ...], draws: Draws) -> Array:
        if name == "kernel":
            return draws.draw("kernel_initializer", self.kernel_initializer, shape)
        if name == "recurrent_kernel":
            # One orthogonal matrix over all gates, as Keras draws it.
            return draws.draw("recurrent_initializer", self.recurrent_initializer, shape)
        return self.draw_bias(shape, draws)

    def draw_bias(self, shape: tuple[int, ...], draws: Draws) -> Array:
        """Return first values of the bias."""
        return draws.draw("bias_initializer", self.bias_initializer, shape)

    # What a sequence is run by; see ``Recurrence``.

    @property
    def recurrence(self) -> "RecurrentLayer":
        """What runs the steps: the layer itself."""
        return self

    @property
    def state_names(self) -> tuple[str, ...]:
        return self.names_of_states

    @property
    def state_sizes(self) -> tuple[int, ...]:
        """Size of each state: the units."""
        return (self.units,) * len(self.names_of_states)

    @property
    def output_size(self) -> int:
        """Size of the output of a step: the units."""
        return self.units

    @abstractmethod
    def run_over(
        self, x: Array, states: States, manner: Manner, mask: Mask | None
    ) -> tuple[Array, list[Array], Any]:
        """Run all steps of a sequence; see ``Recurrence``."""

    @abstractmethod
    def run_back(
        self, saved: Any, d_y: Array | None, d_states: States, manner: Manner, need_d_x: bool
    ) -> tuple[Array | None, list[Array]]:
        """Run them back; see ``Recurrence``."""

    @staticmethod
    def arriving(
        d_y: Array | None, d_h_last: Array | None, manner: Manner
    ) -> tuple[Array | None, Array | None]:
        """Return the gradients that arrive at all hidden states and at the last one."""
        return (d_y, d_h_last) if manner.return_sequences else (None, added(d_y, d_h_last))

    def draw_operands(self, x: Array, training: bool) -> tuple[Array | None, ...]:
        """Return what dropout and zoneout need in one call: m_x, m_h, z_h, and an LSTM's z_c."""
        return self.operands_for(x.shape, training)

    def operands_for(self, shape: tuple[int, ...], training: bool) -> tuple[Array | None, ...]:
        """Return the same for an input of that shape."""
        if self._rates is None:
            return (None,) * self._operands
        stream = self.next_draws() if training else None
        batch, steps, features = shape
        dims = (steps, batch, features, self.units)
        return random_operands(self._rates, stream, dims, self.dtype, time_major=False)

    @property
    def draws(self) -> bool:
        """Whether training draws something."""
        return self._rates is not None

    def expected_zoneout(self) -> tuple[Array | None, ...]:
        """Return the shares of their old states that units keep after training, a row each."""
        if self._rates is None:
            return ()
        dims = (0, 0, 0, self.units)
        return random_operands(self._rates, None, dims, self.dtype, time_major=False)[2:]


class GatedLayer(RecurrentLayer):
    """Base of LSTM, GRU and their cells: gates have an activation of their own."""

    recompute = False

    def __init__(self, units: int, *, recurrent_activation: object, **recurrent: Any) -> None:
        self.recurrent_activation = name_of(
            type(self).__name__, "recurrent_activation", recurrent_activation
        )
        super().__init__(units, **recurrent)

    @abstractmethod
    def direction(
        self, shape: tuple[int, ...], states: States, manner: Manner
    ) -> _core.LSTMDirection | _core.GRUDirection:
        """Return what ``_core.stack_forward`` takes for the layer over an input of that shape.

        Its place in the stack says in which order its steps run, not ``manner``.
        """

    @property
    def weight_gradients(self) -> tuple[Array, Array, Array | None]:
        """What ``_core.stack_backward`` adds the gradients of the weights to."""
        gradients = self.gradients
        return gradients["kernel"], gradients["recurrent_kernel"], gradients.get("bias")

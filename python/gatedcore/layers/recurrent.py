"""What LSTM and GRU, layers and cells alike, share: arguments, weights, first values, states."""

from abc import abstractmethod
from typing import Any, ClassVar

from gatedcore import _core, initializers, keras_arguments
from gatedcore.activations import name_of
from gatedcore.arrays import Array, Shape, as_contiguous
from gatedcore.checks import check_bool, check_count, check_shape
from gatedcore.layers.base import Layer, Mask
from gatedcore.layers.building import Draws
from gatedcore.ops.operands import check_rates, random_operands
from gatedcore.random import draw_stream


class GatedLayer(Layer):
    """Base of LSTM, GRU and their cells; the arguments are Keras's."""

    known_arguments = keras_arguments.CELL
    weight_arguments: ClassVar = {
        "kernel": "kernel",
        "recurrent_kernel": "recurrent",
        "bias": "bias",
    }
    gates: ClassVar[int]
    states: ClassVar[tuple[str, ...]]

    def __init__(
        self,
        units: int,
        *,
        activation: object,
        recurrent_activation: object,
        use_bias: bool,
        kernel_initializer: object,
        recurrent_initializer: object,
        bias_initializer: object,
        **base: Any,
    ) -> None:
        where = type(self).__name__
        self.units = check_count(where, "units", units)
        self.activation = name_of(where, "activation", activation)
        self.recurrent_activation = name_of(where, "recurrent_activation", recurrent_activation)
        self.use_bias = check_bool(where, "use_bias", use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer, "kernel_initializer")
        self.recurrent_initializer = initializers.get(
            recurrent_initializer, "recurrent_initializer"
        )
        self.bias_initializer = initializers.get(bias_initializer, "bias_initializer")
        super().__init__(**base)

    @abstractmethod
    def bias_shape(self) -> tuple[int, ...]:
        """Return the shape of the bias."""

    @property
    def state_names(self) -> tuple[str, ...]:
        return self.states

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

    def take_states(self, initial_state: object, batch: int) -> list[Array | None]:
        """Return the initial states as arrays (B, H), or as None each.

        Raises
        ------
        TypeError, ValueError
            If they are not states of this layer.
        """
        count = len(self.states)
        if initial_state is None:
            return [None] * count
        if count == 1 and not isinstance(initial_state, list | tuple):
            initial_state = [initial_state]
        if not isinstance(initial_state, list | tuple) or len(initial_state) != count:
            known = isinstance(initial_state, list | tuple)
            parts = f" of {len(initial_state)} parts" if known else ""  # type: ignore[arg-type]  # known
            raise ValueError(
                f"{self.name}: initial_state is a {type(initial_state).__name__}{parts}, expected "
                f"a list [{', '.join(self.states)}]; pass one array (batch, units) for each"
            )
        taken: list[Array | None] = []
        for name, state in zip(self.states, initial_state, strict=True):
            if state is None:
                taken.append(None)
                continue
            array = as_contiguous(self.name, f"initial_state {name}", state, self.dtype)
            advice = "pass one row for each row of the batch"
            expected = (batch, self.units)
            check_shape(
                self.name, f"initial_state {name}", array, expected, "(batch, units)", advice
            )
            taken.append(array)
        return taken


class SequenceLayer(GatedLayer):
    """What LSTM and GRU layers share: (B, T, I) in; (B, T, H) or (B, H) out, states on demand."""

    known_arguments = keras_arguments.SEQUENCE

    def __init__(
        self,
        units: int,
        *,
        return_sequences: bool,
        return_state: bool,
        go_backwards: bool,
        zero_output_for_mask: bool,
        dropout: float,
        recurrent_dropout: float,
        zoneout: dict[str, float],
        recompute: bool,
        stateful: bool,
        **gated: Any,
    ) -> None:
        where = type(self).__name__
        self.return_sequences = check_bool(where, "return_sequences", return_sequences)
        self.return_state = check_bool(where, "return_state", return_state)
        self.go_backwards = check_bool(where, "go_backwards", go_backwards)
        self.zero_output_for_mask = check_bool(where, "zero_output_for_mask", zero_output_for_mask)
        self.recompute = check_bool(where, "recompute", recompute)
        self.stateful = check_bool(where, "stateful", stateful)
        self._carried: list[Array] | None = None
        self._rates = check_rates(where, dropout, recurrent_dropout, **zoneout)
        self.dropout, self.recurrent_dropout = float(dropout), float(recurrent_dropout)
        super().__init__(units, **gated)
        if isinstance(self.seed, int) and self._rates is not None:
            draw_stream(where, self.seed)  # an error now rather than in the first training step

    @property
    def has_one_output(self) -> bool:
        return not self.return_state

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) != 3:
            raise ValueError(
                f"{self.name}: input has shape {input_shape}, expected (batch, time steps, "
                "features); add the missing axis with x[None] for one sample or x[..., None] for "
                "one feature, or give a recurrent layer before this one return_sequences=True"
            )
        self.check_features(input_shape)
        batch, steps, _ = input_shape
        return (batch, steps, self.units) if self.return_sequences else (batch, self.units)

    def add_to_stream(self, stream: _core.Stream) -> None:
        if self.go_backwards:
            raise ValueError(
                f"{self.name}.stream: layer has go_backwards=True, expected one that runs forward; "
                "its first step needs the last input, so run it on whole sequences"
            )
        self.add_forward_to_stream(stream)

    @abstractmethod
    def add_forward_to_stream(self, stream: _core.Stream) -> None:
        """Put a layer that runs forward at the end of a stream."""

    def compute_mask(self, x: Array, mask: Mask | None) -> Mask | None:
        if mask is None or not self.return_sequences:
            return None
        return mask[:, ::-1] if self.go_backwards else mask

    def first_states(self, batch: int) -> list[Array | None]:
        """Return the states before a batch: those after the last one if ``stateful``, else None.

        Raises
        ------
        ValueError
            If the last one had another number of rows.
        """
        if self._carried is None:
            return [None] * len(self.states)
        rows = len(self._carried[0])
        if rows != batch:
            raise ValueError(
                f"{self.name}: batch has {batch} rows, expected {rows} as the states carried from "
                "the last one; call reset_states() first, or keep to one batch size"
            )
        return list(self._carried)

    def carry(self, *last: Array) -> None:
        """Keep the states after a batch for the next one, if ``stateful``."""
        if self.stateful:
            self._carried = [state.copy() for state in last]

    def reset_states(self) -> None:
        """Forget the states carried from the last batch; the next one may have another size."""
        self._carried = None

    reset_state = reset_states  # Keras has both names

    def draw_operands(self, x: Array, training: bool) -> tuple[Array | None, ...]:
        """Return what dropout and zoneout need in one call: m_x, m_h, z_h, and an LSTM's z_c."""
        if self._rates is None:
            return ()
        stream = self.next_draws() if training else None
        batch, steps, features = x.shape
        dims = (steps, batch, features, self.units)
        return random_operands(self._rates, stream, dims, self.dtype, time_major=False)

    def expected_zoneout(self) -> tuple[Array | None, ...]:
        """Return the shares of their old states that units keep after training, a row each."""
        if self._rates is None:
            return ()
        dims = (0, 0, 0, self.units)
        return random_operands(self._rates, None, dims, self.dtype, time_major=False)[2:]


class CellLayer(GatedLayer):
    """What the cells share: one step, (B, I) in, (B, H) out."""

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) != 2:
            raise ValueError(
                f"{self.name}: input has shape {input_shape}, expected (batch, features) of one "
                "time step; for a sequence use the layer instead of the cell"
            )
        self.check_features(input_shape)
        return (input_shape[0], self.units)

    def forward(self, x: Array, training: bool, mask: Mask | None = None) -> Array:
        raise TypeError(self._alone())

    def backward(self, d_y: Array, need_d_x: bool) -> Array | None:
        raise TypeError(self._alone())

    def add_to_stream(self, stream: _core.Stream) -> None:
        raise TypeError(self._alone())

    def _alone(self) -> str:
        return (
            f"{self.name}: a cell is one step and takes its states with each call, expected a "
            f"layer in a model; use {type(self).__name__.removesuffix('Cell')}"
        )

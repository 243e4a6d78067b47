"""Layers over whole sequences: (B, T, I) in; outputs of all steps or the last, states on demand."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np

from gatedcore import _core, keras_arguments
from gatedcore.arrays import Array, Shape
from gatedcore.checks import check_bool
from gatedcore.keras_arguments import reject_unsupported
from gatedcore.layers.base import Layer, Mask
from gatedcore.layers.recurrence import (
    Manner,
    Recurrence,
    States,
    check_state_shapes,
    take_states,
)


class SequenceLayer(Layer):
    """Base of the recurrent layers; the arguments are Keras's.

    What happens within a step is left to ``recurrence``: the layer itself, or its cell.
    """

    known_arguments = keras_arguments.SEQUENCE
    over_time = True

    def __init__(
        self,
        *,
        return_sequences: bool,
        return_state: bool,
        go_backwards: bool,
        zero_output_for_mask: bool,
        stateful: bool,
        **base: Any,
    ) -> None:
        where = type(self).__name__
        self.return_sequences = check_bool(where, "return_sequences", return_sequences)
        self.return_state = check_bool(where, "return_state", return_state)
        self.go_backwards = check_bool(where, "go_backwards", go_backwards)
        self.zero_output_for_mask = check_bool(where, "zero_output_for_mask", zero_output_for_mask)
        self.stateful = check_bool(where, "stateful", stateful)
        self._carried: list[Array] | None = None
        self._between: list[Array] | None = None  # states within a batch that is cut in chunks
        super().__init__(**base)

    @property
    @abstractmethod
    def recurrence(self) -> Recurrence:
        """What runs the steps."""

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
        size = self.recurrence.output_size
        return (batch, steps, size) if self.return_sequences else (batch, size)

    def compute_mask(self, x: Array, mask: Mask | None = None) -> Mask | None:
        if mask is None or not self.return_sequences:
            return None
        return mask[:, ::-1] if self.go_backwards else mask

    def add_to_stream(self, stream: _core.Stream) -> None:
        if self.go_backwards:
            raise ValueError(
                f"{self.name}.stream: layer has go_backwards=True, expected one that runs forward; "
                "its first step needs the last input, so run it on whole sequences"
            )
        self.add_forward_to_stream(stream)

    def add_forward_to_stream(self, stream: _core.Stream) -> None:
        """Put a layer that runs forward at the end of a stream.

        Raises
        ------
        ValueError
            If it cannot run step by step.
        """
        super().add_to_stream(stream)

    def why_whole(self) -> str | None:
        if self.go_backwards:
            return "has go_backwards=True"
        return None if self.return_sequences else "has return_sequences=False"

    # States.

    def take_states(self, initial_state: object, batch: int) -> States:
        """Return a call's initial states as arrays (B, size), or as None each.

        Raises
        ------
        TypeError, ValueError
            If they are not states of this layer.
        """
        r = self.recurrence
        return take_states(
            self.name, r.state_names, r.state_sizes, initial_state, batch, self.dtype
        )

    @property
    def states(self) -> list[Array] | None:
        """Copies of the states carried from the last batch, ``[h, c]`` of an LSTM.

        None before there are any, and of a layer that is not ``stateful``.
        """
        return None if self._carried is None else [state.copy() for state in self._carried]

    def first_states(self, batch: int) -> States:
        """Return the states before a batch: those after the last one if ``stateful``, else None.

        Raises
        ------
        ValueError
            If the last one had another number of rows.
        """
        if self._carried is None:
            return [None] * len(self.recurrence.state_names)
        rows = len(self._carried[0])
        if rows != batch:
            raise ValueError(
                f"{self.name}: batch has {batch} rows, expected {rows} as the states carried from "
                "the last one; call reset_states() first, or keep to one batch size"
            )
        return list(self._carried)

    def carry(self, last: Sequence[Array]) -> None:
        """Keep the states after a batch for the next one, if ``stateful``."""
        if self.stateful:
            self._carried = [state.copy() for state in last]

    def begin_chunks(self) -> None:
        """From now on training forwards see parts of sequences, one after the other.

        A ``stateful`` layer carries its states anyway.
        """
        self._between = None if self.stateful else []

    def end_chunks(self) -> None:
        """From now on training forwards see whole sequences again."""
        self._between = None

    def reset_states(self) -> None:
        """Forget the states carried from the last batch; the next one may have another size."""
        self._carried = None

    # Running.

    def manner(self, draw: bool, save: bool) -> Manner:
        """Return how this layer runs a sequence."""
        return Manner(
            self.return_sequences, self.go_backwards, self.zero_output_for_mask, draw, save
        )

    def __call__(  # type: ignore[override]  # Keras's order
        self,
        x: object,
        initial_state: object = None,
        mask: object = None,
        training: bool | None = None,
        **keras: object,
    ) -> Any:
        """Run the layer on an array, or record a call on a symbolic tensor.

        It is built first if it is not.

        Parameters
        ----------
        x : array-like, (B, T, I), or Tensor
            Input; no unit.
        initial_state : list of array-likes or tensors (B, H), one for each state, optional
            ``[h, c]`` of an LSTM; a single state may come without a list. Zeros by default.
        mask : array-like of bool, (B, T), optional
            True where a step counts; any pattern. A step that does not count leaves the states as
            they are.
        training : bool, optional
            Whether dropout and zoneout draw as the layer's rates say; by default not.

        Returns
        -------
        ndarray or Tensor, (B, T, H) or (B, H), or tuple ``(output, *states)`` with ``return_state``
            Outputs of all steps or of the last, the last states.

        Raises
        ------
        TypeError, ValueError
            If an argument does not suit the layer.
        """
        reject_unsupported(self.name, keras, keras_arguments.SEQUENCE_CALL)
        return self.run(x, initial_state, mask, training)

    def take_inputs(
        self, x: object, initial_state: object, mask: object
    ) -> tuple[list[Any], list[Mask | None]]:
        array = self.take(x)
        states: States = []
        if initial_state is not None:
            states = self.take_states(initial_state, array.shape[0])
        steps = self.take_mask(mask, array)
        self.build_for(array)
        return [array, *states], [steps]

    def forward(self, x: Array, training: bool, mask: Mask | None = None) -> Array:
        return self.forward_many([x], training, [mask])[0]

    def forward_many(
        self, inputs: Sequence[Array], training: bool, masks: Sequence[Mask | None]
    ) -> list[Array]:
        x, *given = inputs
        states, manner = self.before(len(x), given, training)
        y, last, saved = self.recurrence.run_over(x, states, manner, masks[0])
        if training:
            self._saved = saved
        return [y, *self.after(last, training)]

    def before(self, batch: int, given: Sequence[Array], training: bool) -> tuple[States, Manner]:
        """Return how a forward begins and runs, of the states that are given, if any."""
        between = self._between if training else None
        states: States = [*(given or between or self.first_states(batch))]
        return states, self.manner(training and self._drawing, training)

    def after(self, last: Sequence[Array], training: bool) -> Sequence[Array]:
        """Keep the last states of a forward where the next one needs them; return the outputs."""
        self.carry(last)
        if training and self._between is not None:
            self._between = [state.copy() for state in last]
        return last if self.return_state else ()

    def backward(self, d_y: Array, need_d_x: bool) -> Array | None:
        return self._run_back(d_y, [None] * len(self.recurrence.state_names), need_d_x)[0]

    def backward_many(
        self, d_outputs: Sequence[Array | None], needed: Sequence[bool]
    ) -> list[Array | None]:
        d_y, *d_last = d_outputs
        # The kernels take rows of states in one piece; what arrives may be cut from a wider array.
        arriving = [None if d is None else np.ascontiguousarray(d) for d in d_last]
        if not self.return_sequences and d_y is not None:
            d_y = np.ascontiguousarray(d_y)
        none: States = [None] * len(self.recurrence.state_names)
        d_x, d_first = self._run_back(d_y, arriving or none, needed[0])
        return [d_x, *d_first][: len(needed)]

    def _run_back(
        self, d_y: Array | None, d_states: States, need_d_x: bool
    ) -> tuple[Array | None, list[Array]]:
        saved, self._saved = self._saved, None
        return self.recurrence.run_back(saved, d_y, d_states, self.manner(True, True), need_d_x)

    def output_shapes(self, input_shapes: Sequence[Shape]) -> list[Shape]:
        x, *given = input_shapes
        y = self.compute_output_shape(x)
        batch, sizes = x[0], self.recurrence.state_sizes
        if given:
            check_state_shapes(self.name, given, batch, self.recurrence.state_names, sizes)
        return [y, *((batch, size) for size in sizes)] if self.return_state else [y]

    def output_masks(
        self, inputs: Sequence[Array], masks: Sequence[Mask | None]
    ) -> list[Mask | None]:
        states = len(self.recurrence.state_names) if self.return_state else 0
        return [self.compute_mask(inputs[0], masks[0]), *[None] * states]

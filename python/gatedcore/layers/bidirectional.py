"""A recurrent layer forward in time beside one backward."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeVar, cast

import numpy as np
import numpy.typing as npt

from gatedcore.arrays import Array, Shape
from gatedcore.checks import is_one_of
from gatedcore.keras_arguments import reject_unsupported
from gatedcore.layers.base import Layer, Mask
from gatedcore.layers.recurrence import States, added
from gatedcore.layers.sequence import SequenceLayer
from gatedcore.layers.stacked import (
    Stack,
    all_stackable,
    run_backward,
    run_forward,
    side_by_side,
)
from gatedcore.layers.weighted import Weighted
from gatedcore.layers.wrappers import Wrapper

L = TypeVar("L", bound=Layer)
T = TypeVar("T", bound=npt.NDArray[Any])

MERGE_MODES = ("concat", "sum", "ave", "mul", None)


class Bidirectional(Wrapper):
    """A recurrent layer forward in time beside one backward, their outputs merged.

    Parameters
    ----------
    layer : LSTM or GRU
        The layer that runs forward.
    merge_mode : {"concat", "sum", "ave", "mul", None}
        How outputs become one; None returns both, and does not fit into a ``Sequential``.
    weights : list of array-likes, optional
        First values, those of the forward layer first; it needs ``input_shape``.
    backward_layer : LSTM or GRU, optional
        By default a copy of ``layer`` in the other direction, with weights of its own.
    **base
        ``input_shape``, ``name`` and ``dtype``; see ``Layer``.

    Raises
    ------
    TypeError, ValueError
        If a layer does not suit, or an argument is out of its range.

    References
    ----------
    Schuster and Paliwal (1997); Keras 3's order of states and outputs.
    """

    attribute_of: ClassVar[Mapping[str, str | None]] = {**Layer.attribute_of, "weights": None}

    def __init__(
        self,
        layer: SequenceLayer,
        merge_mode: str | None = "concat",
        weights: Sequence[object] | None = None,
        backward_layer: SequenceLayer | None = None,
        **base: Any,
    ) -> None:
        where = type(self).__name__
        for name, given in (("layer", layer), ("backward_layer", backward_layer)):
            if not isinstance(given, SequenceLayer) and (given is not None or name == "layer"):
                raise TypeError(
                    f"{where}: {name} has type {type(given).__name__}, expected a recurrent layer; "
                    "pass an object such as gatedcore.LSTM(32)"
                )
        if not is_one_of(merge_mode, MERGE_MODES):
            raise ValueError(
                f"{where}: merge_mode is {merge_mode!r}, expected one of "
                f"{', '.join(repr(mode) for mode in MERGE_MODES)}; choose one"
            )
        super().__init__(layer, **base)
        self.merge_mode = merge_mode
        self.forward_layer = layer
        self.backward_layer = _other_way(layer) if backward_layer is None else backward_layer
        self._check_pair(where)
        self.hold()
        for one in (self.forward_layer, self.backward_layer):
            # What a step that does not count repeats would come from the other end of time.
            one.zero_output_for_mask = one.zero_output_for_mask or one.return_sequences
        if weights is not None:
            if self.sample_shape is None:
                raise ValueError(
                    f"{where}: weights came without input_shape, expected both; pass the shape of "
                    "one sample, or call set_weights after building"
                )
            self.build((None, *self.sample_shape))
            self.set_weights(weights)

    def _check_pair(self, where: str) -> None:
        """Raise unless the two layers differ in direction and in nothing that shapes outputs."""
        one, other = self.forward_layer, self.backward_layer
        if one is other or one.go_backwards == other.go_backwards:
            raise ValueError(
                f"{where}: both layers have go_backwards={one.go_backwards}, expected one of each; "
                "give backward_layer go_backwards=True"
            )
        for name, given, wanted in (
            ("return_sequences", other.return_sequences, one.return_sequences),
            ("return_state", other.return_state, one.return_state),
            ("units", other.recurrence.output_size, one.recurrence.output_size),
        ):
            if given != wanted:
                raise ValueError(
                    f"{where}: backward_layer has {name}={given}, expected {wanted} as layer; give "
                    "both the same"
                )

    @property
    def return_sequences(self) -> bool:
        """Whether the hidden states of every step are returned."""
        return self.forward_layer.return_sequences

    @property
    def return_state(self) -> bool:
        """Whether a call returns the last states too."""
        return self.forward_layer.return_state

    @property
    def has_one_output(self) -> bool:
        return self.merge_mode is not None and not self.return_state

    def within(self) -> dict[str, Layer]:
        return {"forward_": self.forward_layer, "backward_": self.backward_layer}

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        shape = self.forward_layer.compute_output_shape(input_shape)
        size = self.forward_layer.recurrence.output_size
        return (*shape[:-1], 2 * size) if self.merge_mode == "concat" else shape

    def why_whole(self) -> str | None:
        return "runs backwards too"

    def compute_mask(self, x: Array, mask: Mask | None = None) -> Mask | None:
        return mask if self.return_sequences else None

    def __call__(  # type: ignore[override]  # Keras's order
        self,
        x: object,
        initial_state: Sequence[object] | None = None,
        mask: object = None,
        training: bool | None = None,
        **keras: object,
    ) -> Any:
        """Run both layers on an array, or record a call on a symbolic tensor.

        They are built first if they are not.

        Parameters
        ----------
        x : array-like, (B, T, I), or Tensor
            Input; no unit.
        initial_state : list of array-likes or tensors (B, H), optional
            States of the forward layer, then those of the backward layer; zeros by default.
        mask, training
            As of ``LSTM``.

        Returns
        -------
        ndarray or Tensor, or tuple of these
            The merged output, (B, T, 2H) or (B, 2H) with ``"concat"``; with ``merge_mode=None``
            both; with ``return_state`` followed by the states, as in ``initial_state``.

        Raises
        ------
        TypeError, ValueError
            If an argument does not suit the layers.
        """
        reject_unsupported(self.name, keras, {})
        return self.run(x, initial_state, mask, training)

    def take_inputs(
        self, x: object, initial_state: object, mask: object
    ) -> tuple[list[Any], list[Mask | None]]:
        count = len(self.forward_layer.recurrence.state_names)
        array = self.take(x)
        states: States = []
        if initial_state is not None:
            if not isinstance(initial_state, list | tuple) or len(initial_state) != 2 * count:
                raise ValueError(
                    f"{self.name}: initial_state is a {type(initial_state).__name__}, expected a "
                    f"list of {2 * count} arrays; pass the forward layer's states, then the "
                    "backward layer's"
                )
            states = self.forward_layer.take_states(initial_state[:count], array.shape[0])
            states += self.backward_layer.take_states(initial_state[count:], array.shape[0])
        steps = self.take_mask(mask, array)
        self.build_for(array)
        return [array, *states], [steps]

    def _in_time(self, backward: Array) -> Array:
        """Return the backward layer's output, or its gradient, in the other order of steps."""
        return backward[:, ::-1] if self.return_sequences else backward

    def _merged(self, forward: Array, other: Array) -> list[Array]:
        """Return the outputs, of those of both layers in the order of time."""
        if self.merge_mode == "concat":
            return [np.concatenate([forward, other], axis=-1)]
        if self.merge_mode is None:
            return [forward, other]
        if self.merge_mode == "mul":
            return [forward * other]
        total = forward + other
        return [total * total.dtype.type(0.5) if self.merge_mode == "ave" else total]

    def forward(self, x: Array, training: bool, mask: Mask | None = None) -> Array:
        return self.forward_many([x], training, [mask])[0]

    def forward_many(
        self, inputs: Sequence[Array], training: bool, masks: Sequence[Mask | None]
    ) -> list[Array]:
        first, other = self._for_each(inputs)
        stack = self._stack()
        if stack is not None:
            return self._forward_at_once(stack, [first, other], training, masks[0])
        forward, *states = self.forward_layer.forward_many(first, training, masks[:1])
        backward, *other_states = self.backward_layer.forward_many(other, training, masks[:1])
        parts = forward, self._in_time(backward)
        if training and self.merge_mode == "mul":
            self._saved = None, parts
        return [*self._merged(*parts), *states, *other_states]

    def backward(self, d_y: Array, need_d_x: bool) -> Array | None:
        return self.backward_many([d_y], [need_d_x])[0]

    def backward_many(
        self, d_outputs: Sequence[Array | None], needed: Sequence[bool]
    ) -> list[Array | None]:
        (saved, parts), self._saved = self._saved or (None, None), None
        merged = 2 if self.merge_mode is None else 1
        states = d_outputs[merged:]
        half = len(states) // 2
        d_states = states[:half], states[half:]
        stack = self._stack()
        if stack is not None:
            return self._backward_at_once(stack, saved, d_outputs[:merged], parts, d_states, needed)
        d_forward, d_other = self._apart(d_outputs[:merged], parts)
        d_backward = None if d_other is None else self._in_time(d_other)
        given = (len(needed) - 1) // 2
        d_x: Array | None = None
        d_first: list[Array | None] = []
        for layer, arriving in (
            (self.forward_layer, [d_forward, *d_states[0]]),
            (self.backward_layer, [d_backward, *d_states[1]]),
        ):
            asked = [needed[0], *[True] * given]
            if all(d is None for d in arriving):
                layer.take_saved()
                d_first += [None] * given
                continue
            d_own, *d_own_first = layer.backward_many(arriving, asked)
            d_x = added(d_x, d_own)
            d_first += d_own_first
        return [d_x, *d_first]

    # Both directions in one call of the core.

    def _stack(self) -> Stack | None:
        """Return both layers as the only one of a stack; None where one is of another kind."""
        pair = self.forward_layer, self.backward_layer
        return [pair] if all_stackable(pair) else None

    def _along(self, steps: T) -> T:
        """Return what has steps on its second axis in the order in which the first layer runs."""
        return cast(T, steps[:, ::-1]) if self.forward_layer.go_backwards else steps

    def _forward_at_once(
        self, stack: Stack, inputs: list[list[Any]], training: bool, mask: Mask | None
    ) -> list[Array]:
        x = self._along(inputs[0][0])
        given = [[states for _, *states in inputs]]
        along = None if mask is None else self._along(mask)
        run = run_forward(stack, x, given, training, along)
        parts = None
        if self.merge_mode == "concat" and run.h is not None:
            outputs = [run.h]
        else:
            (h, *_), (h_other, *_) = run.last[0]
            parts = (h, h_other) if run.h is None else self._halves(run.h)
            outputs = self._merged(*parts)
        if training:
            self._saved = run.saved, parts if self.merge_mode == "mul" else None
        return [*outputs, *run.states]

    def _backward_at_once(
        self,
        stack: Stack,
        saved: Any,
        d_ys: Sequence[Array | None],
        parts: tuple[Array, Array] | None,
        d_last: Sequence[Sequence[Array | None]],
        needed: Sequence[bool],
    ) -> list[Array | None]:
        d_h: Array | None = None
        d_states: list[States] = [list(d) for d in d_last]
        if self.merge_mode == "concat" and self.return_sequences:
            (d_h,) = d_ys
        else:
            d = self._apart(d_ys, parts)
            if self.return_sequences:
                d_h = side_by_side(*d)
            else:
                for arriving, of_layer, layer in zip(d, d_states, stack[0], strict=True):
                    names = layer.recurrence.state_names
                    of_layer[:] = of_layer or [None] * len(names)
                    of_layer[0] = added(arriving, of_layer[0])
        d_x, d_first = run_backward(stack, saved, d_h, [d_states], needed[0])
        return [None if d_x is None else self._along(d_x), *d_first][: len(needed)]

    def _for_each(self, inputs: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        """Return what belongs to each layer of something about the input and initial states."""
        x, *states = inputs
        half = len(states) // 2
        return [x, *states[:half]], [x, *states[half:]]

    def output_shapes(self, input_shapes: Sequence[Shape]) -> list[Shape]:
        if len(input_shapes) % 2 == 0:
            raise ValueError(
                f"{self.name}: initial_state has {len(input_shapes) - 1} states, expected as many "
                "for each direction; pass the forward layer's states, then the backward layer's"
            )
        first, other = self._for_each(input_shapes)
        _, *states = self.forward_layer.output_shapes(first)
        _, *other_states = self.backward_layer.output_shapes(other)
        y = self.compute_output_shape(input_shapes[0])
        return [*[y] * (2 if self.merge_mode is None else 1), *states, *other_states]

    def output_masks(
        self, inputs: Sequence[Array], masks: Sequence[Mask | None]
    ) -> list[Mask | None]:
        mask = self.compute_mask(inputs[0], masks[0])
        outputs = 2 if self.merge_mode is None else 1
        states = 2 * len(self.forward_layer.recurrence.state_names) if self.return_state else 0
        return [*[mask] * outputs, *[None] * states]

    def _halves(self, both: Array) -> tuple[Array, Array]:
        """Return what belongs to each layer of what stands side by side."""
        size = self.forward_layer.recurrence.output_size
        return both[..., :size], both[..., size:]

    def _apart(
        self, d_ys: Sequence[Array | None], parts: tuple[Array, Array] | None
    ) -> tuple[Array | None, Array | None]:
        """Return the gradients of the two outputs, in the order of time."""
        if self.merge_mode is None:
            return d_ys[0], d_ys[1]
        (d_y,) = d_ys
        if d_y is None:
            return None, None
        if self.merge_mode == "concat":
            return self._halves(d_y)
        if parts is not None:
            forward, other = parts
            return d_y * other, d_y * forward
        d = d_y * d_y.dtype.type(0.5) if self.merge_mode == "ave" else d_y
        return d, d


def _other_way(layer: SequenceLayer) -> SequenceLayer:
    """Return a copy of a recurrent layer, not built, that runs in the other direction."""
    twin: SequenceLayer = _without_weights(layer, {})
    twin.name = f"backward_{layer.name}"
    twin.go_backwards = not layer.go_backwards
    return twin


def _without_weights(layer: L, made: dict[int, Layer]) -> L:
    """Return a copy of a layer, and of the cells within, that is not built; seeds differ."""
    if id(layer) in made:
        return cast(L, made[id(layer)])
    twin: L = type(layer).__new__(type(layer))
    made[id(layer)] = twin
    twin.__dict__.update(layer.__dict__)
    Weighted.__init__(twin)
    twin.rules = layer.rules
    twin._owner, twin._saved, twin._draws = None, None, 0
    if isinstance(layer.seed, int):  # the same seed would give both the same weights
        child = np.random.SeedSequence([layer.seed, 1])
        twin.seed = int(child.generate_state(1, np.uint32)[0])
    for name, value in vars(layer).items():
        if isinstance(value, Layer):
            setattr(twin, name, _without_weights(value, made))
        elif isinstance(value, list) and any(isinstance(item, Layer) for item in value):
            setattr(twin, name, [_without_weights(item, made) for item in value])
    if isinstance(twin, Wrapper):
        twin.hold()
    return twin

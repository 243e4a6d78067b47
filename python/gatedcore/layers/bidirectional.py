"""A recurrent layer forward in time beside one backward."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from gatedcore.arrays import Array, Shape
from gatedcore.layers.base import Layer, Mask
from gatedcore.layers.sequence import SequenceLayer
from gatedcore.layers.weighted import Weighted
from gatedcore.layers.wrappers import Wrapper

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
        if merge_mode not in MERGE_MODES:
            raise ValueError(
                f"{where}: merge_mode is {merge_mode!r}, expected one of "
                f"{', '.join(repr(mode) for mode in MERGE_MODES)}; choose one"
            )
        super().__init__(layer, **base)
        self.merge_mode = merge_mode
        self.forward_layer = layer
        self.backward_layer = _other_way(layer) if backward_layer is None else backward_layer
        self._check_pair(where)
        for one in (self.forward_layer, self.backward_layer):
            # What a step that does not count repeats would come from the other end of time.
            one.zero_output_for_mask = one.zero_output_for_mask or one.return_sequences
        self.hold()
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
        for name in ("return_sequences", "return_state", "units"):
            if getattr(one, name) != getattr(other, name):
                raise ValueError(
                    f"{where}: backward_layer has {name}={getattr(other, name)}, expected "
                    f"{getattr(one, name)} as layer; give both the same"
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

    def compute_mask(self, x: Array, mask: Mask | None) -> Mask | None:
        return mask if self.return_sequences else None

    def __call__(  # type: ignore[override]  # Keras's order
        self,
        x: object,
        initial_state: Sequence[object] | None = None,
        mask: object = None,
        training: bool | None = None,
        **keras: object,
    ) -> Any:
        """Run both layers on an array; build them first if they are not.

        Parameters
        ----------
        x : array-like, (B, T, I)
            Input; no unit.
        initial_state : list of (B, H), optional
            States of the forward layer, then those of the backward layer; zeros by default.
        mask, training
            As of ``LSTM``.

        Returns
        -------
        ndarray, tuple
            The merged output, (B, T, 2H) or (B, 2H) with ``"concat"``; with ``merge_mode=None``
            both; with ``return_state`` followed by the states, as in ``initial_state``.

        Raises
        ------
        TypeError, ValueError
            If an argument does not suit the layers.
        """
        count = len(self.forward_layer.recurrence.state_names)
        states: list[Sequence[object] | None] = [None, None]
        if initial_state is not None:
            if not isinstance(initial_state, list | tuple) or len(initial_state) != 2 * count:
                raise ValueError(
                    f"{self.name}: initial_state is a {type(initial_state).__name__}, expected a "
                    f"list of {2 * count} arrays; pass the forward layer's states, then the "
                    "backward layer's"
                )
            states = [initial_state[:count], initial_state[count:]]
        array = self.take(x)
        self.take_mask(mask, array)
        self.build_for(array)
        runs: list[Any] = [
            layer(array, initial_state=state, mask=mask, training=training, **keras)
            for layer, state in zip((self.forward_layer, self.backward_layer), states, strict=True)
        ]
        if not self.return_state:
            return self._merged(*runs)
        merged = self._merged(runs[0][0], runs[1][0])
        outputs = merged if isinstance(merged, tuple) else (merged,)
        return (*outputs, *runs[0][1:], *runs[1][1:])

    def _in_time(self, backward: Array) -> Array:
        """Return the backward layer's output, or its gradient, in the other order of steps."""
        return backward[:, ::-1] if self.return_sequences else backward

    def _merged(self, forward: Array, backward: Array) -> Any:
        other = self._in_time(backward)
        if self.merge_mode == "concat":
            return np.concatenate([forward, other], axis=-1)
        if self.merge_mode is None:
            return forward, other
        if self.merge_mode == "mul":
            return forward * other
        total = forward + other
        return total * total.dtype.type(0.5) if self.merge_mode == "ave" else total

    def forward(self, x: Array, training: bool, mask: Mask | None = None) -> Array:
        forward = self.forward_layer.forward(x, training, mask)
        backward = self.backward_layer.forward(x, training, mask)
        if training and self.merge_mode == "mul":
            self._saved = forward, self._in_time(backward)
        merged: Array = self._merged(forward, backward)
        return merged

    def backward(self, d_y: Array, need_d_x: bool) -> Array | None:
        d_forward, d_other = self._apart(d_y)
        d_backward = self._in_time(d_other)
        if not self.return_sequences:
            d_forward = np.ascontiguousarray(d_forward)
            d_backward = np.ascontiguousarray(d_backward)
        d_x = self.forward_layer.backward(d_forward, need_d_x)
        d_x_other = self.backward_layer.backward(d_backward, need_d_x)
        return None if d_x is None or d_x_other is None else d_x + d_x_other

    def _apart(self, d_y: Array) -> tuple[Array, Array]:
        """Return the gradients of the two outputs, in the order of time."""
        if self.merge_mode == "concat":
            units = self.forward_layer.recurrence.output_size
            return d_y[..., :units], d_y[..., units:]
        if self.merge_mode == "mul":
            (forward, other), self._saved = self._saved, None
            return d_y * other, d_y * forward
        d = d_y * d_y.dtype.type(0.5) if self.merge_mode == "ave" else d_y
        return d, d


def _other_way(layer: SequenceLayer) -> SequenceLayer:
    """Return a copy of a recurrent layer, not built, that runs in the other direction."""
    twin: SequenceLayer = type(layer).__new__(type(layer))
    twin.__dict__.update(layer.__dict__)
    Weighted.__init__(twin)  # without weights of its own
    twin.rules = layer.rules
    twin.name, twin._owner, twin._saved, twin._draws = f"backward_{layer.name}", None, None, 0
    twin.go_backwards = not layer.go_backwards
    if isinstance(layer.seed, int):  # the same seed would give both the same weights
        child = np.random.SeedSequence([layer.seed, 1])
        twin.seed = int(child.generate_state(1, np.uint32)[0])
    return twin

"""Layers that make one array of several: sums, products, extremes, and side by side."""

from abc import abstractmethod
from collections.abc import Sequence
from functools import reduce
from typing import Any, ClassVar, cast

import numpy as np

from gatedcore.arrays import Array, Shape
from gatedcore.checks import fits
from gatedcore.layers.base import Layer, Mask
from gatedcore.parameters import ParameterVector


class Merge(Layer):
    """What they share: a list in, no parameters.

    Parameters
    ----------
    **base
        ``name`` and ``dtype``; see ``Layer``.
    """

    takes_list = True
    needs_features = False

    @abstractmethod
    def merged_shape(self, shapes: Sequence[Shape]) -> Shape:
        """Return the output's shape; raise if inputs of these shapes do not go together."""

    @abstractmethod
    def merge(self, inputs: Sequence[Array]) -> Array:
        """Return one array."""

    @abstractmethod
    def gradients_of(self, inputs: Sequence[Array], y: Array, d_y: Array) -> list[Array]:
        """Return the gradients of the inputs for that of the output."""

    @abstractmethod
    def output_masks(
        self, inputs: Sequence[Array], masks: Sequence[Mask | None]
    ) -> list[Mask | None]:
        """Return the mask of the output, in a list."""

    def compute_output_shape(self, input_shape: Any) -> Shape:
        return self.output_shapes(input_shape)[0]

    def output_shapes(self, input_shapes: Sequence[Shape]) -> list[Shape]:
        if not isinstance(input_shapes, list | tuple) or not all(
            isinstance(shape, list | tuple) for shape in input_shapes
        ):
            raise TypeError(
                f"{self.name}: input is not a list, expected one with two inputs or more; call the "
                "layer as layer([x, y])"
            )
        return [self.merged_shape([tuple(shape) for shape in input_shapes])]

    def build(self, input_shape: Any) -> None:
        self.compute_output_shape(input_shape)
        if not self.built:
            self.adopt(ParameterVector([{}], self.dtype), {}, {}, None)

    def take_inputs(
        self, x: object, initial_state: object, mask: object
    ) -> tuple[list[Any], list[Mask | None]]:
        if not isinstance(x, list | tuple):
            raise TypeError(
                f"{self.name}: x has type {type(x).__name__}, expected a list of arrays; call the "
                "layer as layer([x, y])"
            )
        listed = x
        given = [None] * len(listed) if mask is None else mask
        if not isinstance(given, list | tuple) or len(given) != len(listed):
            raise ValueError(
                f"{self.name}: mask is a {type(given).__name__}, expected a list of {len(listed)}; "
                "pass one for each input, None for those without"
            )
        arrays = [self.as_input(self.name, one) for one in listed]
        self.build([cast(Shape, array.shape) for array in arrays])
        return arrays, [self.take_mask(m, a) for m, a in zip(given, arrays, strict=True)]

    def forward(self, x: Array, training: bool, mask: Mask | None = None) -> Array:
        return self.forward_many([x], training, [mask])[0]

    def forward_many(
        self, inputs: Sequence[Array], training: bool, masks: Sequence[Mask | None]
    ) -> list[Array]:
        y = self.merge(inputs)
        if training:
            self._saved = inputs, y
        return [y]

    def backward(self, d_y: Array, need_d_x: bool) -> Array | None:
        return self.backward_many([d_y], [need_d_x])[0]

    def backward_many(
        self, d_outputs: Sequence[Array | None], needed: Sequence[bool]
    ) -> list[Array | None]:
        (inputs, y), self._saved = self._saved, None
        (d_y,) = d_outputs
        assert d_y is not None
        found = self.gradients_of(inputs, y, d_y)
        return [d if need else None for d, need in zip(found, needed, strict=True)]

    def compute_mask(self, x: Any, mask: Any = None) -> Mask | None:
        if not isinstance(x, list | tuple):
            return None if mask is None else cast(Mask, mask)
        return self.output_masks(x, [None] * len(x) if mask is None else mask)[0]

    def _misfit(self, shapes: Sequence[Shape], expected: str) -> ValueError:
        return ValueError(
            f"{self.name}: inputs have shapes {', '.join(map(str, shapes))}, expected {expected}; "
            "reshape one of them"
        )


class ElementWise(Merge):
    """What the layers share that merge element by element.

    Sizes of 1 are repeated. A step counts if it counts in any of the inputs, as in Keras; where one
    has no mask all steps do.
    """

    by_steps: ClassVar[bool] = True
    most: ClassVar[int | None] = None  # inputs

    def merged_shape(self, shapes: Sequence[Shape]) -> Shape:
        if not shapes or (self.most is not None and len(shapes) != self.most):
            raise ValueError(
                f"{self.name}: got {len(shapes)} inputs, expected {self.most or 'some'}; pass them "
                "in one list"
            )
        merged = shapes[0]
        for shape in shapes[1:]:
            if len(shape) != len(merged):
                raise self._misfit(shapes, "as many axes of each")
            merged = tuple(self._size(shapes, *sizes) for sizes in zip(merged, shape, strict=True))
        return merged

    def _size(self, shapes: Sequence[Shape], a: int | None, b: int | None) -> int | None:
        if a == 1 or b == 1:
            return b if a == 1 else a
        if None not in (a, b) and a != b:
            raise self._misfit(shapes, "equal sizes, or 1")
        return b if a is None else a

    def output_masks(
        self, inputs: Sequence[Array], masks: Sequence[Mask | None]
    ) -> list[Mask | None]:
        given = [mask for mask in masks if mask is not None]
        return [reduce(np.logical_or, given) if len(given) == len(masks) else None]

    def gradients_of(self, inputs: Sequence[Array], y: Array, d_y: Array) -> list[Array]:
        full = [self.gradient_of(k, inputs, y, d_y) for k in range(len(inputs))]
        return [summed_to(x.shape, d) for x, d in zip(inputs, full, strict=True)]

    @abstractmethod
    def gradient_of(self, k: int, inputs: Sequence[Array], y: Array, d_y: Array) -> Array:
        """Return the gradient of input ``k`` in the shape of the output."""


class Add(ElementWise):
    """The sum of the inputs.

    Parameters
    ----------
    **base
        ``name`` and ``dtype``; see ``Layer``.
    """

    def merge(self, inputs: Sequence[Array]) -> Array:
        return reduce(np.add, inputs)

    def gradient_of(self, k: int, inputs: Sequence[Array], y: Array, d_y: Array) -> Array:
        return d_y


class Subtract(ElementWise):
    """The first input less the second.

    Parameters
    ----------
    **base
        ``name`` and ``dtype``; see ``Layer``.
    """

    most = 2

    def merge(self, inputs: Sequence[Array]) -> Array:
        first, second = inputs
        return first - second

    def gradient_of(self, k: int, inputs: Sequence[Array], y: Array, d_y: Array) -> Array:
        return -d_y if k else d_y


class Multiply(ElementWise):
    """The product of the inputs.

    Parameters
    ----------
    **base
        ``name`` and ``dtype``; see ``Layer``.
    """

    def merge(self, inputs: Sequence[Array]) -> Array:
        return reduce(np.multiply, inputs)

    def gradient_of(self, k: int, inputs: Sequence[Array], y: Array, d_y: Array) -> Array:
        return reduce(np.multiply, [*inputs[:k], *inputs[k + 1 :]], d_y)


class Average(Add):
    """The mean of the inputs.

    Parameters
    ----------
    **base
        ``name`` and ``dtype``; see ``Layer``.
    """

    def merge(self, inputs: Sequence[Array]) -> Array:
        total = super().merge(inputs)
        return total * total.dtype.type(1.0 / len(inputs))

    def gradient_of(self, k: int, inputs: Sequence[Array], y: Array, d_y: Array) -> Array:
        share: Array = d_y * d_y.dtype.type(1.0 / len(inputs))
        return share


class Maximum(ElementWise):
    """The largest of the inputs; where several are, the gradient is shared among them.

    Parameters
    ----------
    **base
        ``name`` and ``dtype``; see ``Layer``.
    """

    def merge(self, inputs: Sequence[Array]) -> Array:
        return reduce(np.maximum, inputs)

    def gradient_of(self, k: int, inputs: Sequence[Array], y: Array, d_y: Array) -> Array:
        ties = reduce(np.add, [(x == y).astype(y.dtype) for x in inputs])
        share: Array = d_y * (inputs[k] == y) / np.maximum(ties, y.dtype.type(1.0))  # 0 of NaN
        return share


class Minimum(Maximum):
    """The smallest of the inputs; where several are, the gradient is shared among them.

    Parameters
    ----------
    **base
        ``name`` and ``dtype``; see ``Layer``.
    """

    def merge(self, inputs: Sequence[Array]) -> Array:
        return reduce(np.minimum, inputs)


class Concatenate(Merge):
    """The inputs side by side along an axis.

    A step counts if it counts in any of the inputs, as in Keras; an input without a mask counts in
    all steps. Along time, masks are joined as the inputs are.

    Parameters
    ----------
    axis : int
        The axis, not that of the batch; the last by default.
    **base
        ``name`` and ``dtype``; see ``Layer``.

    Raises
    ------
    TypeError, ValueError
        If it is no axis but the batch's.
    """

    def __init__(self, axis: int = -1, **base: Any) -> None:
        if isinstance(axis, bool) or not isinstance(axis, int | np.integer):
            raise TypeError(
                f"{type(self).__name__}: axis is {axis!r}, expected an integer; pass -1, say"
            )
        if axis == 0:
            raise ValueError(
                f"{type(self).__name__}: axis is 0, that of the batch, expected another; pass -1, "
                "say"
            )
        self.axis = int(axis)
        super().__init__(**base)

    def why_whole(self) -> str | None:
        return None if self.axis in (-1, 2) else "may join sequences in time"

    def merged_shape(self, shapes: Sequence[Shape]) -> Shape:
        axes = len(shapes[0]) if shapes else 0
        if not self.axis % max(axes, 1) >= 1 or not -axes <= self.axis < axes:
            raise self._misfit(shapes, f"an axis {self.axis} beside the batch's")
        axis = self.axis % axes
        rests = [(*shape[:axis], *shape[axis + 1 :]) for shape in shapes]
        if not all(fits(rest, rests[0]) for rest in rests):
            raise self._misfit(shapes, f"equal sizes on all axes but {self.axis}")
        sizes = [shape[axis] for shape in shapes]
        joined = None if None in sizes else sum(cast(list[int], sizes))
        known = [
            next((n for n in of_one if n is not None), None) for of_one in zip(*shapes, strict=True)
        ]
        return (*known[:axis], joined, *known[axis + 1 :])

    def merge(self, inputs: Sequence[Array]) -> Array:
        return np.concatenate(inputs, axis=self.axis)

    def gradients_of(self, inputs: Sequence[Array], y: Array, d_y: Array) -> list[Array]:
        ends = np.cumsum([x.shape[self.axis] for x in inputs])[:-1]
        # In one piece each, as the kernels take rows of features.
        return [np.ascontiguousarray(d) for d in np.split(d_y, ends, axis=self.axis)]

    def output_masks(
        self, inputs: Sequence[Array], masks: Sequence[Mask | None]
    ) -> list[Mask | None]:
        if all(mask is None for mask in masks):
            return [None]
        full = [
            np.ones(x.shape[:2], bool) if mask is None else mask
            for x, mask in zip(inputs, masks, strict=True)
        ]
        in_time = self.axis % inputs[0].ndim == 1
        return [np.concatenate(full, axis=1) if in_time else reduce(np.logical_or, full)]


def summed_to(shape: tuple[int, ...], d: Array) -> Array:
    """Return the gradient of what was repeated to the shape of ``d``."""
    axes = tuple(k for k, size in enumerate(shape) if size == 1 and d.shape[k] != 1)
    total: Array = d.sum(axis=axes, keepdims=True) if axes else d
    return total


def add(inputs: Sequence[Any], **options: Any) -> Any:
    """Return ``Add(**options)(inputs)``."""
    return Add(**options)(inputs)


def subtract(inputs: Sequence[Any], **options: Any) -> Any:
    """Return ``Subtract(**options)(inputs)``."""
    return Subtract(**options)(inputs)


def multiply(inputs: Sequence[Any], **options: Any) -> Any:
    """Return ``Multiply(**options)(inputs)``."""
    return Multiply(**options)(inputs)


def average(inputs: Sequence[Any], **options: Any) -> Any:
    """Return ``Average(**options)(inputs)``."""
    return Average(**options)(inputs)


def maximum(inputs: Sequence[Any], **options: Any) -> Any:
    """Return ``Maximum(**options)(inputs)``."""
    return Maximum(**options)(inputs)


def minimum(inputs: Sequence[Any], **options: Any) -> Any:
    """Return ``Minimum(**options)(inputs)``."""
    return Minimum(**options)(inputs)


def concatenate(inputs: Sequence[Any], axis: int = -1, **options: Any) -> Any:
    """Return ``Concatenate(axis, **options)(inputs)``."""
    return Concatenate(axis, **options)(inputs)

"""Layers that give their input another shape; none has parameters."""

import math
from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from gatedcore.arrays import Array, Shape
from gatedcore.checks import check_count
from gatedcore.layers.base import Layer, Mask


class ShapingLayer(Layer):
    """What they share: backward gives the gradient the shape of the input again."""

    needs_features = False

    def compute_mask(self, x: Array, mask: Mask | None = None) -> Mask | None:
        return None  # the axis of time is another one now, or none


class Flatten(ShapingLayer):
    """All axes but the batch in one.

    Parameters
    ----------
    **base
        ``input_shape`` and ``name``; see ``Layer``.
    """

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        if not input_shape:
            raise ValueError(
                f"{self.name}: input has no axes, expected (batch, ...); add the batch"
            )
        sizes = input_shape[1:]
        known = None not in sizes
        return (input_shape[0], math.prod(cast(tuple[int, ...], sizes)) if known else None)

    def forward(self, x: Array, training: bool, mask: Mask | None = None) -> Array:
        if training:
            self._saved = x.shape
        return x.reshape(len(x), math.prod(x.shape[1:]))

    def backward(self, d_y: Array, need_d_x: bool) -> Array | None:
        shape, self._saved = self._saved, None
        return d_y.reshape(shape)


class Reshape(ShapingLayer):
    """The elements of each sample in another shape.

    Parameters
    ----------
    target_shape : tuple of int
        Shape of one sample; one size may be -1, for whatever is left.
    **base
        ``input_shape`` and ``name``; see ``Layer``.

    Raises
    ------
    TypeError, ValueError
        If it is no shape.
    """

    def __init__(self, target_shape: Sequence[int], **base: Any) -> None:
        where = type(self).__name__
        if not isinstance(target_shape, list | tuple) or list(target_shape).count(-1) > 1:
            raise TypeError(
                f"{where}: target_shape is {target_shape!r}, expected a tuple of sizes with at "
                "most one -1; pass the shape of one sample without the batch"
            )
        self.target_shape = tuple(
            size if size == -1 else check_count(where, "target_shape", size)
            for size in target_shape
        )
        super().__init__(**base)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        sizes = input_shape[1:]
        if not input_shape or None in sizes:
            return (*input_shape[:1], *(None if s == -1 else s for s in self.target_shape))
        elements = math.prod(cast(tuple[int, ...], sizes))
        known = math.prod(size for size in self.target_shape if size != -1)
        if elements % known if -1 in self.target_shape else elements != known:
            raise ValueError(
                f"{self.name}: input has shape {input_shape}, expected {known} elements"
                f"{' or a multiple' if -1 in self.target_shape else ''} in a sample for "
                f"target_shape={self.target_shape}; correct one of the two"
            )
        rest = elements // known
        return (input_shape[0], *(rest if size == -1 else size for size in self.target_shape))

    def forward(self, x: Array, training: bool, mask: Mask | None = None) -> Array:
        if training:
            self._saved = x.shape
        return x.reshape(cast(tuple[int, ...], self.compute_output_shape(cast(Shape, x.shape))))

    def backward(self, d_y: Array, need_d_x: bool) -> Array | None:
        shape, self._saved = self._saved, None
        return d_y.reshape(shape)


class Permute(ShapingLayer):
    """The axes of each sample in another order.

    Parameters
    ----------
    dims : tuple of int
        The axes in their new order, counted from 1, as the batch is axis 0: ``(2, 1)`` makes
        (B, T, F) into (B, F, T).
    **base
        ``input_shape`` and ``name``; see ``Layer``.

    Raises
    ------
    TypeError, ValueError
        If it does not hold each axis from 1 on once.
    """

    def __init__(self, dims: Sequence[int], **base: Any) -> None:
        where = type(self).__name__
        if not isinstance(dims, list | tuple):
            raise TypeError(
                f"{where}: dims is {dims!r}, expected a tuple of axes; pass (2, 1), say"
            )
        self.dims = tuple(check_count(where, "dims", axis) for axis in dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(
                f"{where}: dims is {self.dims}, expected each axis from 1 to {len(self.dims)} "
                "once; leave out the batch, axis 0"
            )
        super().__init__(**base)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) != len(self.dims) + 1:
            raise ValueError(
                f"{self.name}: input has shape {input_shape}, expected the batch and "
                f"{len(self.dims)} axes for dims={self.dims}; name every axis there"
            )
        return (input_shape[0], *(input_shape[axis] for axis in self.dims))

    def forward(self, x: Array, training: bool, mask: Mask | None = None) -> Array:
        # In one piece, as the kernels take rows of features.
        return np.ascontiguousarray(x.transpose(0, *self.dims))

    def backward(self, d_y: Array, need_d_x: bool) -> Array | None:
        back = np.argsort((0, *self.dims))
        return np.ascontiguousarray(d_y.transpose(back)) if need_d_x else None


class RepeatVector(ShapingLayer):
    """Each sample (F,) as a sequence (n, F) of n equal steps.

    Parameters
    ----------
    n : int
        Steps.
    **base
        ``input_shape`` and ``name``; see ``Layer``.

    Raises
    ------
    TypeError, ValueError
        If it is no positive integer.
    """

    def __init__(self, n: int, **base: Any) -> None:
        self.n = check_count(type(self).__name__, "n", n)
        super().__init__(**base)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) != 2:
            raise ValueError(
                f"{self.name}: input has shape {input_shape}, expected (batch, features); give the "
                "recurrent layer before this one return_sequences=False"
            )
        return (input_shape[0], self.n, input_shape[1])

    def forward(self, x: Array, training: bool, mask: Mask | None = None) -> Array:
        return np.repeat(x[:, None], self.n, axis=1)

    def backward(self, d_y: Array, need_d_x: bool) -> Array | None:
        return d_y.sum(axis=1) if need_d_x else None

"""The dot product of two arrays along an axis of each, sample by sample."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gatedcore.arrays import Array, Shape
from gatedcore.checks import check_bool
from gatedcore.layers.base import Mask
from gatedcore.layers.merging import Merge

# The square of Keras's epsilon, 1e-7, the least length that vectors are divided by.
_LEAST_SQUARE = 1e-14


class Dot(Merge):
    """The products of two inputs along an axis of each, summed over it, for every sample.

    ``axes=(2, 2)`` of (B, T, F) and (B, S, F) gives (B, T, S): the scores of attention; of (B, F)
    and (B, F), ``axes=1`` gives (B, 1).

    Parameters
    ----------
    axes : int or tuple of two int
        The axis of each input, not that of the batch; one number for both.
    normalize : bool
        Whether vectors along the axes have length 1 first: the product is then a cosine.
    **base
        ``name`` and ``dtype``; see ``Layer``.

    Raises
    ------
    TypeError, ValueError
        If they are no axes but the batch's.
    """

    def __init__(self, axes: int | Sequence[int], normalize: bool = False, **base: Any) -> None:
        where = type(self).__name__
        pair: list[Any] = list(axes) if isinstance(axes, list | tuple) else [axes, axes]
        if len(pair) != 2 or not all(
            isinstance(axis, int | np.integer) and not isinstance(axis, bool) for axis in pair
        ):
            raise TypeError(
                f"{where}: axes is {axes!r}, expected an integer or two; pass (2, 2), say"
            )
        if 0 in pair:
            raise ValueError(
                f"{where}: axes is {axes!r}, expected none to be 0, that of the batch; pass 1 or 2"
            )
        self._pair = int(pair[0]), int(pair[1])
        self.axes = self._pair if isinstance(axes, list | tuple) else self._pair[0]
        self.normalize = check_bool(where, "normalize", normalize)
        super().__init__(**base)

    def merged_shape(self, shapes: Sequence[Shape]) -> Shape:
        if len(shapes) != 2:
            raise ValueError(
                f"{self.name}: got {len(shapes)} inputs, expected 2; pass them in one list"
            )
        if not all(len(shape) in (2, 3) for shape in shapes):
            raise self._misfit(shapes, "2 or 3 axes of each")
        for axis, shape in zip(self._pair, shapes, strict=True):
            if not -len(shape) < axis < len(shape):
                raise self._misfit(shapes, f"axes {self._pair} beside the batch's")
        a, b = (axis % len(shape) for axis, shape in zip(self._pair, shapes, strict=True))
        x, y = shapes
        summed = x[a], y[b]
        batches = x[0], y[0]
        for sizes, what in ((summed, f"equal sizes on axes {self._pair}"), (batches, "one batch")):
            if None not in sizes and sizes[0] != sizes[1]:
                raise self._misfit(shapes, what)
        rest = [size for axis, size in enumerate(x) if axis not in (0, a)]
        rest += [size for axis, size in enumerate(y) if axis not in (0, b)]
        return (x[0] if x[0] is not None else y[0], *(rest or [1]))

    def merge(self, inputs: Sequence[Array]) -> Array:
        rows = [self._rows(k, x) for k, x in enumerate(inputs)]
        if self.normalize:
            rows = [x / _length(x) for x in rows]
        x, y = rows
        product = x @ y.transpose(0, 2, 1)
        return product.reshape(self._shape_of(inputs))

    def gradients_of(self, inputs: Sequence[Array], y: Array, d_y: Array) -> list[Array]:
        rows = [self._rows(k, x) for k, x in enumerate(inputs)]
        units = [x / _length(x) for x in rows] if self.normalize else rows
        d = d_y.reshape(len(d_y), rows[0].shape[1], rows[1].shape[1])
        found: list[Array] = [d @ units[1], d.transpose(0, 2, 1) @ units[0]]
        if self.normalize:
            found = [
                _past_length(x, unit, one) for x, unit, one in zip(rows, units, found, strict=True)
            ]
        return [
            self._unrows(k, x, one) for k, (x, one) in enumerate(zip(inputs, found, strict=True))
        ]

    def output_masks(
        self, inputs: Sequence[Array], masks: Sequence[Mask | None]
    ) -> list[Mask | None]:
        return [None]  # the axis of time is another one now, or none

    def _shape_of(self, inputs: Sequence[Array]) -> tuple[int, ...]:
        shape: Any = self.merged_shape([x.shape for x in inputs])
        return tuple(shape)

    def _rows(self, k: int, x: Array) -> Array:
        """Return input ``k`` as (B, rows, summed axis)."""
        if x.ndim == 2:
            return x[:, None, :]
        return x.transpose(0, 2, 1) if self._pair[k] % 3 == 1 else x

    def _unrows(self, k: int, x: Array, d_rows: Array) -> Array:
        """Return the gradient of rows in the shape of input ``k``."""
        if x.ndim == 2:
            return d_rows[:, 0]
        turned = d_rows.transpose(0, 2, 1) if self._pair[k] % 3 == 1 else d_rows
        return np.ascontiguousarray(turned)


def dot(inputs: Sequence[Any], axes: int | Sequence[int] = -1, **options: Any) -> Any:
    """Return ``Dot(axes, **options)(inputs)``."""
    return Dot(axes, **options)(inputs)


def _length(x: Array) -> Array:
    """Return the length of each row, at least 1e-7."""
    squares = np.add.reduce(np.square(x), axis=-1, keepdims=True)
    length: Array = np.sqrt(np.maximum(squares, x.dtype.type(_LEAST_SQUARE)))
    return length


def _past_length(x: Array, unit: Array, d_unit: Array) -> Array:
    """Return the gradient of rows for that of the same with length 1."""
    squares = np.add.reduce(np.square(x), axis=-1, keepdims=True)
    along = np.add.reduce(d_unit * unit, axis=-1, keepdims=True)
    along *= squares > _LEAST_SQUARE  # shorter ones are divided by a constant
    result: Array = (d_unit - along * unit) / _length(x)
    return result

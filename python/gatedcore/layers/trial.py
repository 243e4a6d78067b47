"""The shape of a written layer's output, found by running it on zeros."""

import copy
from typing import Any, cast

import numpy as np

from gatedcore.arrays import Array, Shape
from gatedcore.layers.building import Draws
from gatedcore.parameters import ParameterVector

# Two sizes for an axis of unknown size: an axis of the output that differs follows from it. Large
# enough for layers that look at several steps.
SIZES = (16, 32)
BATCH = 2


class Zeros(Draws):
    """First values for a trial: zeros, so that no generator moves."""

    def __init__(self, where: str, dtype: np.dtype[Any]) -> None:
        self.where = where
        self.dtype = dtype

    def draw(self, argument: str, initializer: Any, shape: tuple[int, ...]) -> Array:
        return np.zeros(shape, self.dtype)


def tried_shape(layer: Any, input_shape: Shape) -> Shape:
    """Return the shape of the output for an input's, None where it follows from a None there.

    Parameters
    ----------
    layer : Layer
        A written one, built or not; it stays as it is.
    input_shape : tuple
        The batch first.

    Raises
    ------
    ValueError
        If the layer fails on zeros, or must know the size of the last axis.
    """
    if not input_shape[1:] or input_shape[-1] is None:
        raise ValueError(
            f"{layer.name}: input has shape {input_shape}, expected a size on the last axis; give "
            "it, or write compute_output_shape(self, input_shape)"
        )
    found = []
    for size in SIZES if None in input_shape[1:] else SIZES[:1]:
        shape = (BATCH, *(size if s is None else s for s in input_shape[1:]))
        try:
            twin = copy.deepcopy(layer)
            if not twin.built:
                zeros = twin.declared(input_shape, Zeros(twin.name, twin.dtype))
                vector = ParameterVector([zeros], twin.dtype)
                views = vector.value_views[0], vector.gradient_views[0]
                twin.adopt(vector, *views, input_shape[-1])
            found.append(_output(twin, np.zeros(shape, twin.dtype)).shape)
        except (TypeError, ValueError, IndexError, AttributeError) as error:
            raise ValueError(
                f"{layer.name}: call failed on zeros of shape {shape}, {error}; correct it, or "
                "write compute_output_shape(self, input_shape)"
            ) from error
    if len({len(shape) for shape in found}) > 1:
        raise ValueError(
            f"{layer.name}: call returned arrays of {' and '.join(map(str, found))} for inputs of "
            "one rank, expected one rank; write compute_output_shape(self, input_shape)"
        )
    sizes = zip(*found, strict=True)
    return (None, *(of[0] if len(set(of)) == 1 else None for of in list(sizes)[1:]))


def _output(layer: Any, zeros: Array) -> Array:
    """Return what a layer makes of zeros; with a mask if it cannot do without."""
    try:
        return cast(Array, layer.forward(zeros, False))
    except (TypeError, AttributeError):  # of None, where the mask should be
        if layer._wants is None or not layer._wants.mask or zeros.ndim < 2:
            raise
        return cast(Array, layer.forward(zeros, False, np.ones(zeros.shape[:2], bool)))

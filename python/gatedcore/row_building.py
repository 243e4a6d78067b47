"""How layers become a row: which may follow, shapes between them, their values in one vector."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gatedcore.arrays import Shape
from gatedcore.checks import fits, warn
from gatedcore.layers.base import Layer
from gatedcore.parameters import ParameterVector


def check_follows(where: str, layer: object, others: Sequence[Layer]) -> None:
    """Raise unless this may be the next layer of a row, whatever its shapes are.

    Raises
    ------
    TypeError
        If it is no layer, or a cell.
    ValueError
        If it has the name of another one, or several outputs.
    """
    if hasattr(layer, "layers"):
        raise TypeError(
            f"{where}: layer is a {type(layer).__name__}, a whole model, expected a layer; add its "
            "layers one by one, or join models as Model(x, second(first(x)))"
        )
    if not isinstance(layer, Layer) or layer.is_cell:
        raise TypeError(
            f"{where}: layer has type {type(layer).__name__}, expected a layer for whole "
            "inputs; pass an object such as gatedcore.LSTM(32)"
        )
    if any(other.name == layer.name for other in others):
        raise ValueError(
            f"{where}: another layer has the name {layer.name!r}, expected different names; "
            "pass name=..."
        )
    if not layer.has_one_output:
        raise ValueError(
            f"{where}: {layer.name} has several outputs, expected one; leave out "
            "return_state=True or merge_mode=None, and call the layer itself for them"
        )


def drop_vain_shape(layer: Layer, before: Shape | None) -> None:
    """Take the shape of its input from a layer that follows others, if theirs is another.

    Scripts repeat ``batch_input_shape`` in every layer of a stack, where Keras does not look at it.

    Warns
    -----
    UserWarning
        If so.
    """
    declared = layer.sample_shape
    if before is None or declared is None or fits((None, *declared), before):
        return
    warn(
        f"{layer.name}: input_shape={declared} has no effect behind other layers, whose output has "
        f"the shape {before}; leave it out"
    )
    layer.sample_shape = None


def shapes_along(layers: Sequence[Layer], input_shape: Shape) -> list[Shape]:
    """Return the shape of the first layer's input and those of all outputs.

    Raises
    ------
    ValueError
        If one does not suit the layer that it reaches.
    """
    shapes = [input_shape]
    for layer in layers:
        shapes.append(layer.compute_output_shape(shapes[-1]))
    return shapes


def general_shape(layers: Sequence[Layer], shape: Shape) -> Shape:
    """Return an input shape with None on the axes whose size the layers need not know."""
    for known in ((), (len(shape) - 1,), range(1, len(shape))):
        pattern = tuple(size if axis in known else None for axis, size in enumerate(shape))
        inputs = pattern
        for layer in layers:
            if layer.needs_features and inputs[-1] is None:
                break
            inputs = layer.compute_output_shape(inputs)
        else:
            return pattern
    return (None, *shape[1:])


def in_one_vector(
    layers: Sequence[Layer], input_shape: Shape, dtype: np.dtype[Any], model: Any
) -> ParameterVector:
    """Make the layers those of a model, their values in one vector, or change nothing.

    Parameters
    ----------
    layers : sequence of Layer
        Built, or not; then their first values are drawn here.
    input_shape : tuple
        That of the first layer's input.
    dtype : dtype
        That of the vector, which the layers take over.
    model : object
        Whose layers they become.

    Returns
    -------
    ParameterVector
        With the layers' values, which are views into it from now on.

    Raises
    ------
    ValueError
        If a shape does not suit the layer that it reaches.
    """
    shapes = shapes_along(layers, input_shape)[:-1]
    groups = [layer.first_values(shape, dtype) for layer, shape in zip(layers, shapes, strict=True)]
    vector = ParameterVector(groups, dtype)
    views = zip(layers, vector.value_views, vector.gradient_views, shapes, strict=True)
    for layer, values, gradients, shape in views:
        layer.join(model, dtype)
        layer.adopt(vector, values, gradients, shape[-1])
    return vector

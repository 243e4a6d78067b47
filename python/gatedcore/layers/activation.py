"""An activation as a layer of its own."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from gatedcore import activations, keras_arguments
from gatedcore.arrays import Array, Shape
from gatedcore.layers.base import Layer, Mask


class Activation(Layer):
    """A function of every element, or of every row of the last axis.

    Parameters
    ----------
    activation : str or function
        One of ``gatedcore.activations``.
    **base
        ``input_shape``, ``name`` and ``dtype``; see ``Layer``.

    Raises
    ------
    ValueError
        If there is no such activation.
    """

    by_steps = True
    needs_features = False

    def __init__(self, activation: object, **base: Any) -> None:
        where = type(self).__name__
        self.activation = activations.name_of(where, "activation", activation, fused=False)
        super().__init__(**base)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def forward(self, x: Array, training: bool, mask: Mask | None = None) -> Array:
        x = np.ascontiguousarray(x)
        y = activations.apply(self.activation, x)
        if training:
            self._saved = x, y
        return y

    def backward(self, d_y: Array, need_d_x: bool) -> Array | None:
        (x, y), self._saved = self._saved, None
        if not need_d_x:
            return None
        return activations.gradient(self.activation, x, y, np.ascontiguousarray(d_y))


class Softmax(Activation):
    """``softmax`` along the last axis.

    Parameters
    ----------
    **base
        ``input_shape``, ``name`` and ``dtype``; see ``Layer``. Other arguments of Keras are refused
        unless they ask for nothing.
    """

    known_arguments = keras_arguments.SOFTMAX
    attribute_of: ClassVar[Mapping[str, str | None]] = {**Layer.attribute_of, "activation": None}

    def __init__(self, **base: Any) -> None:
        super().__init__("softmax", **base)

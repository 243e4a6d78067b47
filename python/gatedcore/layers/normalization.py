"""Layer normalization: features with mean 0 and variance 1, then scaled and moved."""

from typing import Any, ClassVar

import numpy as np

from gatedcore import initializers, keras_arguments
from gatedcore.arrays import Array, Shape
from gatedcore.checks import check_bool, check_number
from gatedcore.layers.base import Layer, Mask
from gatedcore.layers.building import Draws


class LayerNormalization(Layer):
    """``gamma (x - mean) / sqrt(variance + epsilon) + beta`` over the last axis.

    Parameters
    ----------
    epsilon : float
        Added to the variance.
    center, scale : bool
        Whether there is a ``beta``, and a ``gamma``.
    beta_initializer, gamma_initializer : str, Initializer or callable
        First values of the weights.
    **base
        ``input_shape``, ``name``, ``dtype`` and ``seed``; see ``Layer``. Other arguments of Keras
        are refused unless they ask for nothing.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range or not supported.

    References
    ----------
    Ba, Kiros and Hinton (2016).
    """

    by_steps = True
    known_arguments = keras_arguments.LAYER_NORMALIZATION
    weight_arguments: ClassVar = {"gamma": "gamma", "beta": "beta"}

    def __init__(
        self,
        *,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        beta_initializer: object = "zeros",
        gamma_initializer: object = "ones",
        **base: Any,
    ) -> None:
        where = type(self).__name__
        self.epsilon = check_number(where, "epsilon", epsilon, 0.0)
        self.center = check_bool(where, "center", center)
        self.scale = check_bool(where, "scale", scale)
        self.beta_initializer = initializers.get(beta_initializer, "beta_initializer")
        self.gamma_initializer = initializers.get(gamma_initializer, "gamma_initializer")
        super().__init__(**base)

    def parameter_shapes(self, features: int) -> dict[str, tuple[int, ...]]:
        wanted = (("gamma", self.scale), ("beta", self.center))
        return {name: (features,) for name, is_wanted in wanted if is_wanted}

    def draw(self, name: str, shape: tuple[int, ...], draws: Draws) -> Array:
        initializer = self.gamma_initializer if name == "gamma" else self.beta_initializer
        return draws.draw(f"{name}_initializer", initializer, shape)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) < 2:
            raise ValueError(
                f"{self.name}: input has shape {input_shape}, expected (batch, ..., features); "
                "add the batch axis, for example x[None]"
            )
        self.check_features(input_shape)
        return input_shape

    def forward(self, x: Array, training: bool, mask: Mask | None = None) -> Array:
        centered = x - x.mean(axis=-1, keepdims=True)
        variance = np.square(centered).mean(axis=-1, keepdims=True)
        factor = 1 / np.sqrt(variance + x.dtype.type(self.epsilon))
        normal = centered * factor
        if training:
            self._saved = normal, factor
        y: Array = normal * self.parameters["gamma"] if self.scale else normal
        return y + self.parameters["beta"] if self.center else y

    def backward(self, d_y: Array, need_d_x: bool) -> Array | None:
        (normal, factor), self._saved = self._saved, None
        rows = tuple(range(d_y.ndim - 1))
        if self.center:
            self.gradients["beta"] += d_y.sum(axis=rows)
        if self.scale:
            self.gradients["gamma"] += (d_y * normal).sum(axis=rows)
        if not need_d_x:
            return None
        d = d_y * self.parameters["gamma"] if self.scale else d_y
        along = (d * normal).mean(axis=-1, keepdims=True)
        d_x: Array = (d - d.mean(axis=-1, keepdims=True) - normal * along) * factor
        return d_x

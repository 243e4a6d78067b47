"""Rectifiers as layers with options: ReLU, leaky ReLU, ELU."""

from typing import Any

import numpy as np

from gatedcore.arrays import Array, Shape
from gatedcore.checks import check_number
from gatedcore.layers.base import Layer, Mask


class Rectifier(Layer):
    """What they share: a function of every element, whose slope follows from its argument."""

    by_steps = True
    needs_features = False

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def slopes(self, x: Array) -> Array:
        """Return the slope at every element."""
        raise NotImplementedError

    def backward(self, d_y: Array, need_d_x: bool) -> Array | None:
        x, self._saved = self._saved, None
        if not need_d_x:
            return None
        d_x: Array = (d_y * self.slopes(x)).astype(x.dtype, copy=False)
        return d_x


class ReLU(Rectifier):
    """``x`` from the threshold on, at most ``max_value``; below it a line of small slope.

    Parameters
    ----------
    max_value : float, optional
        Not below 0; the largest output.
    negative_slope : float
        Not below 0; below the threshold outputs are ``negative_slope * (x - threshold)``.
    threshold : float
        Not below 0.
    **base
        ``input_shape``, ``name`` and ``dtype``; see ``Layer``.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range.
    """

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **base: Any,
    ) -> None:
        where = type(self).__name__
        self.max_value = None
        if max_value is not None:
            self.max_value = check_number(where, "max_value", max_value, 0.0)
        self.negative_slope = check_number(where, "negative_slope", negative_slope, 0.0)
        self.threshold = check_number(where, "threshold", threshold, 0.0)
        super().__init__(**base)

    def forward(self, x: Array, training: bool, mask: Mask | None = None) -> Array:
        if training:
            self._saved = x
        y: Array = np.where(x >= self.threshold, x, (x - self.threshold) * self.negative_slope)
        if self.max_value is not None:
            np.minimum(y, self.max_value, out=y)
        return y.astype(x.dtype, copy=False)

    def slopes(self, x: Array) -> Array:
        # At 0 the slope is that of the left, as in Keras.
        above = (x > 0.0) & (x >= self.threshold)
        slopes: Array = np.where(above, 1.0, self.negative_slope)
        if self.max_value is not None:
            slopes[x >= self.max_value] = 0.0
        return slopes


class LeakyReLU(Rectifier):
    """``x`` where it is above 0, a share of it elsewhere.

    Parameters
    ----------
    negative_slope : float
        Not below 0; the share.
    **base
        ``input_shape``, ``name`` and ``dtype``; see ``Layer``.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range.
    """

    def __init__(self, negative_slope: float = 0.3, **base: Any) -> None:
        self.negative_slope = check_number(
            type(self).__name__, "negative_slope", negative_slope, 0.0
        )
        super().__init__(**base)

    def forward(self, x: Array, training: bool, mask: Mask | None = None) -> Array:
        if training:
            self._saved = x
        y: Array = np.where(x > 0.0, x, x * x.dtype.type(self.negative_slope))
        return y

    def slopes(self, x: Array) -> Array:
        return np.where(x > 0.0, 1.0, self.negative_slope)


class ELU(Rectifier):
    """``x`` where it is above 0, ``alpha (exp(x) - 1)`` elsewhere.

    Parameters
    ----------
    alpha : float
        Minus the limit on the left.
    **base
        ``input_shape``, ``name`` and ``dtype``; see ``Layer``.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range.
    """

    def __init__(self, alpha: float = 1.0, **base: Any) -> None:
        self.alpha = check_number(type(self).__name__, "alpha", alpha, -np.inf)
        super().__init__(**base)

    def forward(self, x: Array, training: bool, mask: Mask | None = None) -> Array:
        if training:
            self._saved = x
        y: Array = np.where(x > 0.0, x, self.alpha * np.expm1(np.minimum(x, 0.0)))
        return y.astype(x.dtype, copy=False)

    def slopes(self, x: Array) -> Array:
        return np.where(x > 0.0, 1.0, self.alpha * np.exp(np.minimum(x, 0.0)))

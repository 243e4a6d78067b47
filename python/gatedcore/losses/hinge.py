"""Hinge losses: nothing once the answer is right by a margin of 1."""

import numpy as np

from gatedcore.arrays import Array
from gatedcore.losses.base import Loss, Scale
from gatedcore.losses.crossentropy import need_classes


class Hinge(Loss):
    """The mean of ``max(1 - y_true y_pred, 0)``, targets being -1 and 1.

    Targets that are 0 and 1 alone become -1 and 1, as in Keras.
    """

    default_name = "hinge"

    def terms(
        self, y_true: Array, y_pred: Array, scale: Scale, slope: bool
    ) -> tuple[Array, Array | None]:
        signs = as_signs(y_true)
        terms = _missing(signs, y_pred)
        if not slope:
            return terms, None
        gradient = np.where(terms > 0.0, -signs, 0.0).astype(y_pred.dtype, copy=False)
        gradient *= scale
        return terms, gradient


class SquaredHinge(Loss):
    """The mean of ``max(1 - y_true y_pred, 0)**2``, targets being -1 and 1.

    Targets that are 0 and 1 alone become -1 and 1, as in Keras.
    """

    default_name = "squared_hinge"

    def terms(
        self, y_true: Array, y_pred: Array, scale: Scale, slope: bool
    ) -> tuple[Array, Array | None]:
        signs = as_signs(y_true)
        missing = _missing(signs, y_pred)
        terms = np.square(missing)
        if not slope:
            return terms, None
        missing *= signs
        missing *= -2.0 * scale
        return terms, missing


class CategoricalHinge(Loss):
    """``max(1 + largest wrong - right, 0)``, targets being one-hot.

    Right is the prediction of the true class, the largest wrong one that of another; of several the
    slope is shared among them.
    """

    elementwise = False
    default_name = "categorical_hinge"

    def terms(
        self, y_true: Array, y_pred: Array, scale: Scale, slope: bool
    ) -> tuple[Array, Array | None]:
        need_classes(self.name, y_pred)
        others = 1.0 - y_true
        wrong = others * y_pred
        largest = np.maximum.reduce(wrong, axis=-1, keepdims=True)
        terms = largest - np.add.reduce(y_true * y_pred, axis=-1, keepdims=True)
        terms += 1.0
        np.maximum(terms, 0.0, out=terms)
        if not slope:
            return terms, None
        first = (wrong == largest).astype(y_pred.dtype)
        first /= np.maximum(np.add.reduce(first, axis=-1, keepdims=True), 1.0)  # 0 of NaN
        first *= others
        first -= y_true
        first *= (terms > 0.0) * scale
        return terms, first.astype(y_pred.dtype, copy=False)


def as_signs(y_true: Array) -> Array:
    """Return targets of 0 and 1 as -1 and 1, others as they are."""
    if ((y_true == 0.0) | (y_true == 1.0)).all():
        return 2.0 * y_true - 1.0
    return y_true


def _missing(signs: Array, y_pred: Array) -> Array:
    """Return how much the margin falls short of 1."""
    missing = signs * y_pred
    np.subtract(1.0, missing, out=missing)
    np.maximum(missing, 0.0, out=missing)
    return missing

"""Losses of counts and distributions: Kullback-Leibler divergence and Poisson."""

import numpy as np

from gatedcore.arrays import Array
from gatedcore.losses.base import EPSILON, Loss, Scale


def held_inside(probabilities: Array) -> Array:
    """Return probabilities to divide by: at least the smallest normal number, below 1.

    Values of the losses stay 1e-7 away from 0 and 1, as Keras's. Slopes do not: behind a sigmoid or
    a softmax a wrong and certain prediction would get none, and never be mended.
    """
    limits = np.finfo(probabilities.dtype)
    return np.clip(probabilities, limits.tiny, 1.0 - limits.epsneg)


class KLDivergence(Loss):
    """The sum over the last axis of ``y_true log(y_true / y_pred)``.

    Both are kept in [1e-7, 1].
    """

    elementwise = False

    default_name = "kl_divergence"

    def terms(
        self, y_true: Array, y_pred: Array, scale: Scale, slope: bool
    ) -> tuple[Array, Array | None]:
        target = np.clip(y_true, EPSILON, 1.0)
        ratio = target / np.clip(y_pred, EPSILON, 1.0)
        np.log(ratio, out=ratio)
        ratio *= target
        terms = np.add.reduce(ratio, axis=-1, keepdims=True)
        if not slope:
            return terms, None
        np.divide(target, held_inside(y_pred), out=ratio)
        ratio *= -scale
        ratio[(y_pred <= 0.0) | (y_pred > 1.0)] = 0.0
        return terms, ratio


class Poisson(Loss):
    """The mean of ``y_pred - y_true log(y_pred + 1e-7)``, for rates ``y_pred`` of counts."""

    default_name = "poisson"

    def terms(
        self, y_true: Array, y_pred: Array, scale: Scale, slope: bool
    ) -> tuple[Array, Array | None]:
        rate = y_pred + EPSILON
        terms = np.log(rate)
        terms *= y_true
        np.subtract(y_pred, terms, out=terms)
        if slope:
            np.divide(y_true, rate, out=rate)
            np.subtract(1.0, rate, out=rate)
            rate *= scale
        return terms, rate

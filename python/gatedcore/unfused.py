"""Activations beside those of the kernels, in NumPy: for dense layers and ``Activation``.

Each is its value and the gradient by its argument, given what it returned and what arrives.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from gatedcore.arrays import Array

SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772  # Klambauer et al. (2017)


class Unfused(NamedTuple):
    """An activation of rows: ``value(x)`` and ``gradient(x, y, d_y)``."""

    value: Callable[[Array], Array]
    gradient: Callable[[Array, Array, Array], Array]


def _softmax(x: Array) -> Array:
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    y: Array = e / e.sum(axis=-1, keepdims=True)
    return y


def _softmax_gradient(x: Array, y: Array, d_y: Array) -> Array:
    d_x: Array = y * (d_y - (d_y * y).sum(axis=-1, keepdims=True))
    return d_x


def _log_softmax(x: Array) -> Array:
    shifted = x - x.max(axis=-1, keepdims=True)
    y: Array = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return y


def _log_softmax_gradient(x: Array, y: Array, d_y: Array) -> Array:
    d_x: Array = d_y - np.exp(y) * d_y.sum(axis=-1, keepdims=True)
    return d_x


def _logistic(x: Array) -> Array:
    e = np.exp(-np.abs(x))  # at most 1: nothing overflows
    y: Array = np.where(x >= 0, 1, e) / (1 + e)
    return y


def _softplus(x: Array) -> Array:
    return np.logaddexp(x, x.dtype.type(0))


def _softplus_gradient(x: Array, y: Array, d_y: Array) -> Array:
    return d_y * _logistic(x)


def _silu(x: Array) -> Array:
    return x * _logistic(x)


def _silu_gradient(x: Array, y: Array, d_y: Array) -> Array:
    s = _logistic(x)
    return d_y * (s + y * (1 - s))


def _selu(x: Array) -> Array:
    y: Array = SELU_SCALE * np.where(x > 0, x, SELU_ALPHA * np.expm1(np.minimum(x, 0)))
    return y.astype(x.dtype, copy=False)


def _selu_gradient(x: Array, y: Array, d_y: Array) -> Array:
    slope = np.where(x > 0, SELU_SCALE, y + SELU_SCALE * SELU_ALPHA)
    return (d_y * slope).astype(x.dtype, copy=False)


def _exponential_gradient(x: Array, y: Array, d_y: Array) -> Array:
    return d_y * y


def _leaky_relu(x: Array) -> Array:
    y: Array = np.where(x > 0, x, x * x.dtype.type(0.2))
    return y


def _leaky_relu_gradient(x: Array, y: Array, d_y: Array) -> Array:
    d_x: Array = np.where(x > 0, d_y, d_y * d_y.dtype.type(0.2))
    return d_x


def _relu6(x: Array) -> Array:
    return np.clip(x, 0, 6)


def _relu6_gradient(x: Array, y: Array, d_y: Array) -> Array:
    return d_y * ((x > 0) & (x < 6))


UNFUSED = {
    "softmax": Unfused(_softmax, _softmax_gradient),
    "log_softmax": Unfused(_log_softmax, _log_softmax_gradient),
    "softplus": Unfused(_softplus, _softplus_gradient),
    "silu": Unfused(_silu, _silu_gradient),
    "swish": Unfused(_silu, _silu_gradient),
    "selu": Unfused(_selu, _selu_gradient),
    "exponential": Unfused(np.exp, _exponential_gradient),
    "leaky_relu": Unfused(_leaky_relu, _leaky_relu_gradient),
    "relu6": Unfused(_relu6, _relu6_gradient),
}

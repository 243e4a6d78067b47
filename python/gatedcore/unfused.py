"""Activations beside those of the kernels, in NumPy: for dense layers and ``Activation``.

Each is its value and the gradient by its argument, given what it returned and what arrives.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from gatedcore.arrays import Array
from gatedcore.error_function import erfc

SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772  # Klambauer et al. (2017)
GELU_SCALE, GELU_CUBE = math.sqrt(2.0 / math.pi), 0.044715  # Hendrycks and Gimpel (2016)
ROOT_HALF, ROOT_TWO_PI = math.sqrt(0.5), math.sqrt(2.0 * math.pi)


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


def logistic(x: Array) -> Array:
    """Return 1 / (1 + exp(-x))."""
    e = np.exp(-np.abs(x))  # at most 1: nothing overflows
    y: Array = np.where(x >= 0, 1, e) / (1 + e)
    return y


def _softplus(x: Array) -> Array:
    return np.logaddexp(x, x.dtype.type(0))


def _softplus_gradient(x: Array, y: Array, d_y: Array) -> Array:
    return d_y * logistic(x)


def _silu(x: Array) -> Array:
    return x * logistic(x)


def _silu_gradient(x: Array, y: Array, d_y: Array) -> Array:
    s = logistic(x)
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


def _gelu(x: Array) -> Array:
    y: Array = x * _normal_share(x)
    return y.astype(x.dtype, copy=False)


def _gelu_gradient(x: Array, y: Array, d_y: Array) -> Array:
    density = np.exp(-0.5 * np.square(x)) / ROOT_TWO_PI
    return (d_y * (_normal_share(x) + x * density)).astype(x.dtype, copy=False)


def _normal_share(x: Array) -> Array:
    """Return how much of a standard normal distribution lies below x."""
    return 0.5 * erfc(x * -ROOT_HALF)


def _gelu_tanh(x: Array) -> Array:
    y: Array = 0.5 * x * (1.0 + np.tanh(GELU_SCALE * (x + GELU_CUBE * x * x * x)))
    return y.astype(x.dtype, copy=False)


def _gelu_tanh_gradient(x: Array, y: Array, d_y: Array) -> Array:
    t = np.tanh(GELU_SCALE * (x + GELU_CUBE * x * x * x))
    slope = GELU_SCALE * (1.0 + 3.0 * GELU_CUBE * x * x)
    d_x = d_y * 0.5 * (1.0 + t + x * (1.0 - t * t) * slope)
    return d_x.astype(x.dtype, copy=False)


def _log_sigmoid(x: Array) -> Array:
    return -_softplus(-x)


def _log_sigmoid_gradient(x: Array, y: Array, d_y: Array) -> Array:
    return d_y * logistic(-x)


def _mish(x: Array) -> Array:
    return x * np.tanh(_softplus(x))


def _mish_gradient(x: Array, y: Array, d_y: Array) -> Array:
    t = np.tanh(_softplus(x))
    d_x: Array = d_y * (t + x * (1 - t * t) * logistic(x))
    return d_x


def _hard_silu(x: Array) -> Array:
    return x * np.clip(x / 6 + x.dtype.type(0.5), 0, 1)


def _hard_silu_gradient(x: Array, y: Array, d_y: Array) -> Array:
    within = (x > -3) & (x < 3)
    d_x: Array = d_y * np.where(within, x / 3 + x.dtype.type(0.5), x >= 3)
    return d_x.astype(x.dtype, copy=False)


def _hard_tanh(x: Array) -> Array:
    return np.clip(x, -1, 1)


def _hard_tanh_gradient(x: Array, y: Array, d_y: Array) -> Array:
    return d_y * ((x > -1) & (x < 1))


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
    "gelu": Unfused(_gelu, _gelu_gradient),
    "gelu_tanh": Unfused(_gelu_tanh, _gelu_tanh_gradient),
    "log_sigmoid": Unfused(_log_sigmoid, _log_sigmoid_gradient),
    "mish": Unfused(_mish, _mish_gradient),
    "hard_silu": Unfused(_hard_silu, _hard_silu_gradient),
    "hard_swish": Unfused(_hard_silu, _hard_silu_gradient),
    "hard_tanh": Unfused(_hard_tanh, _hard_tanh_gradient),
}

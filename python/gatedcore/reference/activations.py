"""The seven activations and their derivatives in plain NumPy."""

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating[Any]]

ACTIVATIONS = ("linear", "tanh", "sigmoid", "hard_sigmoid", "relu", "softsign", "elu")


def activate(name: str, a: Array, clip: float = 0.0) -> Array:
    """Return the activation of every element of ``a``.

    Parameters
    ----------
    name : str
        One of ``ACTIVATIONS``.
    a : ndarray
        Values before the activation, any shape.
    clip : float
        Limit they are cut off at first, to [-clip, clip]; 0 cuts nothing off.

    Returns
    -------
    ndarray
        Values after it, the same shape.

    Raises
    ------
    ValueError
        If the name is unknown.

    References
    ----------
    Keras 3 for the definitions of hard_sigmoid, softsign and elu.
    """
    if clip:
        a = np.clip(a, -clip, clip)
    y: Array
    if name == "linear":
        y = a
    elif name == "tanh":
        y = np.tanh(a)
    elif name == "sigmoid":
        y = np.exp(-np.logaddexp(0.0, -a))  # 1 / (1 + exp(-a)) without overflow
    elif name == "hard_sigmoid":
        y = np.clip(a + 3.0, 0.0, 6.0) / 6.0
    elif name == "relu":
        y = np.maximum(a, 0.0)
    elif name == "softsign":
        y = a / (1.0 + np.abs(a))
    elif name == "elu":
        y = np.where(a > 0.0, a, np.expm1(np.minimum(a, 0.0)))
    else:
        raise ValueError(f"activate: name is {name!r}, expected one of {', '.join(ACTIVATIONS)}")
    return y


def derivative(name: str, y: Array, clip: float = 0.0) -> Array:
    """Return the derivative of an activation, written in terms of its own output ``y``.

    Parameters
    ----------
    name : str
        One of ``ACTIVATIONS``.
    y : ndarray
        What ``activate`` returned.
    clip : float
        As for ``activate``: where ``y`` is the activation of a limit, the derivative is 0.

    Returns
    -------
    ndarray
        The derivative at the point where the activation gave ``y``, the same shape.

    Raises
    ------
    ValueError
        If the name is unknown.

    References
    ----------
    Keras 3 and PyTorch for the value 0 at the corners of relu and hard_sigmoid.
    """
    d: Array
    if name == "linear":
        d = np.ones_like(y)
    elif name == "tanh":
        d = 1.0 - y * y
    elif name == "sigmoid":
        d = y * (1.0 - y)
    elif name == "hard_sigmoid":
        d = np.where((y > 0.0) & (y < 1.0), y.dtype.type(1.0 / 6.0), y.dtype.type(0.0))
    elif name == "relu":
        d = (y > 0.0).astype(y.dtype)
    elif name == "softsign":
        d = (1.0 - np.abs(y)) ** 2
    elif name == "elu":
        d = np.where(y > 0.0, y.dtype.type(1.0), y + y.dtype.type(1.0))
    else:
        raise ValueError(f"derivative: name is {name!r}, expected one of {', '.join(ACTIVATIONS)}")
    if clip:
        lowest, highest = activate(name, np.array([-clip, clip], y.dtype))
        d = np.where((lowest < y) & (y < highest), d, y.dtype.type(0.0))
    return d

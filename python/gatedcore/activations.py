"""The activations by name, as functions on arrays."""

from collections.abc import Callable

import numpy as np

from gatedcore import _core
from gatedcore.arrays import Array, as_contiguous

NAMES = ("linear", "tanh", "sigmoid", "hard_sigmoid", "relu", "softsign", "elu")


def _function(name: str, formula: str) -> Callable[[object], Array]:
    def activation(x: object) -> Array:
        return np.asarray(_core.activate(as_contiguous(name, "x", x), name))

    activation.__name__ = activation.__qualname__ = name
    activation.__doc__ = f"""Return {formula} of every element.

    Parameters
    ----------
    x : array-like
        Any shape; no unit.

    Returns
    -------
    ndarray of float32, or of float64 if x is
        The same shape.

    Raises
    ------
    TypeError
        If x does not hold real numbers.

    References
    ----------
    Keras 3, ``keras.activations.{name}``.
    """
    return activation


linear = _function("linear", "x itself")
tanh = _function("tanh", "the hyperbolic tangent")
sigmoid = _function("sigmoid", "1 / (1 + exp(-x))")
hard_sigmoid = _function("hard_sigmoid", "relu6(x + 3) / 6")
relu = _function("relu", "max(x, 0)")
softsign = _function("softsign", "x / (1 + |x|)")
elu = _function("elu", "x where x > 0, exp(x) - 1 elsewhere")

_BY_NAME = {f.__name__: f for f in (linear, tanh, sigmoid, hard_sigmoid, relu, softsign, elu)}


def get(identifier: object) -> Callable[[object], Array]:
    """Return an activation by its name, or the function itself; None means ``linear``.

    Raises
    ------
    ValueError
        If there is no such activation.
    """
    return _BY_NAME[name_of("activations.get", "identifier", identifier)]


def name_of(where: str, argument: str, identifier: object) -> str:
    """Return the name under which the kernels know an activation.

    Raises
    ------
    ValueError
        If there is none.
    """
    if identifier is None:
        return "linear"
    if isinstance(identifier, str) and identifier in NAMES:
        return identifier
    for name, function in _BY_NAME.items():
        if identifier is function:
            return name
    raise ValueError(
        f"{where}: {argument} is {identifier!r}, expected one of {', '.join(NAMES)}; "
        "the fused kernels know these"
    )

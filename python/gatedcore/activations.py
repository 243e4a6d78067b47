"""The activations by name, as functions on arrays."""

from collections.abc import Callable

import numpy as np

from gatedcore import _core
from gatedcore.arrays import Array, as_contiguous
from gatedcore.checks import check_bool
from gatedcore.unfused import UNFUSED


def _function(name: str, formula: str) -> Callable[[object], Array]:
    def activation(x: object) -> Array:
        return apply(name, as_contiguous(name, "x", x))

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

softmax = _function("softmax", "exp(x) over its sum along the last axis")
log_softmax = _function("log_softmax", "the logarithm of softmax")
softplus = _function("softplus", "log(1 + exp(x))")
silu = _function("silu", "x sigmoid(x)")
swish = silu
selu = _function("selu", "scale * (x where x > 0, alpha (exp(x) - 1) elsewhere)")
exponential = _function("exponential", "exp(x)")
leaky_relu = _function("leaky_relu", "x where x > 0, 0.2 x elsewhere")
relu6 = _function("relu6", "min(max(x, 0), 6)")

gelu_tanh = _function("gelu_tanh", "x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x**3))) / 2")
log_sigmoid = _function("log_sigmoid", "the logarithm of sigmoid")
mish = _function("mish", "x tanh(softplus(x))")
hard_silu = _function("hard_silu", "x relu6(x + 3) / 6")
hard_swish = hard_silu
hard_tanh = _function("hard_tanh", "min(max(x, -1), 1)")


def gelu(x: object, approximate: bool = False) -> Array:
    """Return x times the share of a standard normal distribution below x, of every element.

    Parameters
    ----------
    x : array-like
        Any shape; no unit.
    approximate : bool
        Whether to compute ``gelu_tanh`` instead; in a layer choose that by its name.

    Returns
    -------
    ndarray of float32, or of float64 if x is
        The same shape.

    Raises
    ------
    TypeError
        If x does not hold real numbers, or ``approximate`` is neither True nor False.

    References
    ----------
    Keras 3, ``keras.activations.gelu``; Hendrycks and Gimpel (2016).
    """
    name = "gelu_tanh" if check_bool("gelu", "approximate", approximate) else "gelu"
    return apply(name, as_contiguous("gelu", "x", x))


_FUSED = {f.__name__: f for f in (linear, tanh, sigmoid, hard_sigmoid, relu, softsign, elu)}
NAMES = tuple(_FUSED)  # those of the kernels
_BY_NAME: dict[str, Callable[[object], Array]] = {
    **_FUSED,
    **{name: globals()[name] for name in UNFUSED},
}


def apply(name: str, x: Array) -> Array:
    """Return an activation by its name, of a C-contiguous array."""
    if name in UNFUSED:
        return UNFUSED[name].value(x)
    return np.asarray(_core.activate(x, name))


def gradient(name: str, x: Array | None, y: Array, d_y: Array) -> Array:
    """Return the gradient by ``x`` of an activation; of those in the kernels by ``y`` alone."""
    if name in UNFUSED:
        assert x is not None
        return UNFUSED[name].gradient(x, y, d_y)
    return np.asarray(_core.activation_gradient(y, d_y, name))


def get(identifier: object) -> Callable[[object], Array]:
    """Return an activation by its name, or the function itself; None means ``linear``.

    Raises
    ------
    ValueError
        If there is no such activation.
    """
    return _BY_NAME[name_of("activations.get", "identifier", identifier, fused=False)]


def serialize(activation: object) -> str:
    """Return the name of an activation, for a ``get_config`` say; ``get`` reads it."""
    return name_of("activations.serialize", "activation", activation, fused=False)


deserialize = get  # Keras's name for reading what serialize returned


def name_of(where: str, argument: str, identifier: object, *, fused: bool = True) -> str:
    """Return the name of an activation: one that the kernels know if ``fused``, else any.

    Raises
    ------
    ValueError
        If there is none.
    """
    if identifier is None:
        return "linear"
    known = _FUSED if fused else _BY_NAME
    if isinstance(identifier, str) and identifier in known:
        return identifier
    for name, function in known.items():
        if identifier is function:
            return name
    raise ValueError(
        f"{where}: {argument} is {identifier!r}, expected one of {', '.join(known)}; "
        f"{'the fused kernels know these' if fused else 'choose one'}"
    )

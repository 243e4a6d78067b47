"""Operators that take one element at a time: activations, arithmetic, comparisons, casts."""

import math
from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

from gatedcore import activations
from gatedcore.error_function import erfc
from gatedcore.interop.onnx.node import Node
from gatedcore.interop.onnx.operators import operator
from gatedcore.interop.onnx.tensors import Tensor, dtype_of

Function = Callable[[Tensor], Any]


def broadcast_shape(node: Node, *arrays: Tensor) -> tuple[int, ...]:
    """Return the shape that arrays repeat to; raise if they do not, or it is too large.

    Raises
    ------
    ValueError
        In both cases.
    """
    try:
        shape = np.broadcast_shapes(*(array.shape for array in arrays))
    except ValueError:
        shapes = ", ".join(str(array.shape) for array in arrays)
        raise node.error(
            f"inputs have shapes {shapes}, expected sizes that are equal, or 1"
        ) from None
    node.check_size(shape, max((array.dtype for array in arrays), key=lambda d: d.itemsize))
    return shape


def check_same_dtype(node: Node, *arrays: Tensor) -> None:
    """Raise unless arrays have one dtype.

    Raises
    ------
    ValueError
        If they have several.
    """
    if len({array.dtype for array in arrays}) > 1:
        dtypes = ", ".join(str(array.dtype) for array in arrays)
        raise node.error(f"inputs have dtypes {dtypes}, expected one; cast them in the model")


def floating(node: Node, x: Tensor) -> Tensor:
    """Return ``x``; raise unless its numbers are floating.

    Raises
    ------
    ValueError
        If they are not.
    """
    if x.dtype.kind != "f":
        raise node.error(f"input has dtype {x.dtype}, expected a floating one")
    return x


def fused(name: str, x: Tensor) -> Tensor:
    """Return an activation of the library, which knows float32 and float64."""
    wide = np.ascontiguousarray(x, np.float32 if x.dtype == np.float16 else x.dtype)
    return activations.apply(name, wide).astype(x.dtype, copy=False).reshape(x.shape)


# Activations.


@operator("Tanh", "Sigmoid", "Softplus", "Softsign", "Selu", "Mish", "HardSwish", "Relu")
def _activation(node: Node, x: Tensor) -> Any:
    if node.operator == "Selu":
        alpha, gamma = (x.dtype.type(node.attributes[name]) for name in ("alpha", "gamma"))
        return np.where(
            x > 0, gamma * x, gamma * alpha * np.expm1(np.minimum(floating(node, x), 0))
        )
    if node.operator == "Relu" and x.dtype.kind != "f":
        return np.maximum(x, 0)
    name = {"HardSwish": "hard_silu"}.get(node.operator, node.operator.lower())
    return fused(name, floating(node, x))


@operator("Elu", "Celu", "LeakyRelu", "ThresholdedRelu", "HardSigmoid", "Swish", "Shrink")
def _activation_with_options(node: Node, x: Tensor) -> Any:
    options = {name: x.dtype.type(value) for name, value in node.attributes.items()}
    alpha, zero = options.get("alpha", x.dtype.type(1)), x.dtype.type(0)
    if node.operator == "Elu":
        return np.where(x > 0, x, alpha * np.expm1(np.minimum(floating(node, x), zero)))
    if node.operator == "Celu":
        below = np.expm1(np.minimum(floating(node, x), zero) / alpha)
        return np.maximum(x, zero) + np.minimum(zero, alpha * below)
    if node.operator == "LeakyRelu":
        return np.where(x >= 0, x, alpha * x)
    if node.operator == "ThresholdedRelu":
        return np.where(x > alpha, x, zero)
    if node.operator == "HardSigmoid":
        return np.clip(alpha * floating(node, x) + options["beta"], zero, x.dtype.type(1))
    if node.operator == "Swish":
        return x * fused("sigmoid", floating(node, alpha * x))
    bias, lambd = options["bias"], options["lambd"]
    return np.where(x < -lambd, x + bias, np.where(x > lambd, x - bias, zero))


@operator("PRelu")
def _parametric_relu(node: Node, x: Tensor, slope: Tensor) -> Any:
    check_same_dtype(node, x, slope)
    broadcast_shape(node, x, slope)
    return np.where(x >= 0, x, slope * x)


@operator("Gelu")
def _gelu(node: Node, x: Tensor) -> Any:
    kinds = {"none": "gelu", "tanh": "gelu_tanh"}
    kind = node.attributes["approximate"]
    if kind not in kinds:
        raise node.error(f"attribute 'approximate' is {kind!r}, expected one of {list(kinds)}")
    return fused(kinds[kind], floating(node, x))


# Functions.

_UNARY: dict[str, Function] = {
    "Identity": lambda x: x,
    "Abs": np.abs,
    "Neg": np.negative,
    "Sign": np.sign,
    "Floor": np.floor,
    "Ceil": np.ceil,
    "Round": np.rint,
    "Sqrt": np.sqrt,
    "Exp": np.exp,
    "Log": np.log,
    "Sin": np.sin,
    "Cos": np.cos,
    "Tan": np.tan,
    "Atan": np.arctan,
    "Sinh": np.sinh,
    "Cosh": np.cosh,
    "Reciprocal": lambda x: x.dtype.type(1) / x,
    "Erf": lambda x: (1.0 - erfc(x.astype(np.float64))).astype(x.dtype),
    "Not": np.logical_not,
    "IsNaN": np.isnan,
}


@operator(*_UNARY)
def _unary(node: Node, x: Tensor) -> Any:
    if node.operator == "Not" and x.dtype != np.bool_:
        raise node.error(f"input has dtype {x.dtype}, expected bool")
    if node.operator not in ("Identity", "Abs", "Neg", "Sign", "Not"):
        floating(node, x)
    return _UNARY[node.operator](x)


# Arithmetic.


def _divided(a: Tensor, b: Tensor) -> Any:
    if a.dtype.kind == "f":
        return a / b
    if not np.all(b):
        raise ValueError("input 1 holds 0, expected integers other than 0")
    # ONNX rounds the quotient of integers to zero.
    return ((a - np.fmod(a, b)) // b).astype(a.dtype)


_BINARY: dict[str, Callable[[Tensor, Tensor], Any]] = {
    "Add": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "Div": _divided,
    "And": np.logical_and,
    "Or": np.logical_or,
    "Xor": np.logical_xor,
    "Equal": np.equal,
    "Greater": np.greater,
    "Less": np.less,
    "GreaterOrEqual": np.greater_equal,
    "LessOrEqual": np.less_equal,
}


@operator(*_BINARY)
def _binary(node: Node, a: Tensor, b: Tensor) -> Any:
    check_same_dtype(node, a, b)
    broadcast_shape(node, a, b)
    if node.operator in ("And", "Or", "Xor") and a.dtype != np.bool_:
        raise node.error(f"inputs have dtype {a.dtype}, expected bool")
    if node.operator in ("Add", "Sub", "Mul", "Div") and a.dtype.kind not in "fiu":
        raise node.error(f"inputs have dtype {a.dtype}, expected numbers")
    try:
        return _BINARY[node.operator](a, b)
    except ValueError as error:
        raise node.error(str(error)) from None


@operator("Mod")
def _modulo(node: Node, a: Tensor, b: Tensor) -> Any:
    check_same_dtype(node, a, b)
    broadcast_shape(node, a, b)
    if a.dtype.kind != "f" and not np.all(b):
        raise node.error("input 1 holds 0, expected integers other than 0")
    return np.fmod(a, b) if node.attributes["fmod"] else np.mod(a, b)


@operator("Pow")
def _power(node: Node, base: Tensor, exponent: Tensor) -> Any:
    broadcast_shape(node, base, exponent)
    if base.dtype.kind in "iu" and exponent.dtype.kind in "iu":
        if np.any(exponent < 0):
            raise node.error("integers came with a negative exponent, expected one of at least 0")
        return np.power(base, exponent.astype(base.dtype))
    return np.power(base, exponent).astype(base.dtype)


@operator("Sum", "Mean", "Max", "Min")
def _of_several(node: Node, *arrays: Tensor) -> Any:
    check_same_dtype(node, *arrays)
    broadcast_shape(node, *arrays)
    if node.operator in ("Max", "Min"):
        return reduce(np.maximum if node.operator == "Max" else np.minimum, arrays)
    total = reduce(np.add, [floating(node, array) for array in arrays])
    return total / total.dtype.type(len(arrays)) if node.operator == "Mean" else total


@operator("Where")
def _where(node: Node, condition: Tensor, a: Tensor, b: Tensor) -> Any:
    check_same_dtype(node, a, b)
    if condition.dtype != np.bool_:
        raise node.error(f"input 0 has dtype {condition.dtype}, expected bool")
    broadcast_shape(node, condition, a, b)
    return np.where(condition, a, b)


@operator("Clip")
def _clip(node: Node, x: Tensor, least: Any = None, most: Any = None) -> Any:
    if "min" in node.attributes or "max" in node.attributes:  # before opset 11
        least, most = (node.attributes.get(name) for name in ("min", "max"))
    for bound, pick in ((least, np.maximum), (most, np.minimum)):
        if bound is not None:
            if np.size(bound) != 1:
                raise node.error(f"a bound has shape {np.shape(bound)}, expected one number")
            x = pick(x, x.dtype.type(np.reshape(bound, ())))
    return x


# Kinds of numbers.


def _cast_to(node: Node, x: Tensor, dtype: np.dtype[Any]) -> Tensor:
    node.check_size(x.shape, dtype)
    return x.astype(dtype)


@operator("Cast")
def _cast(node: Node, x: Tensor) -> Any:
    return _cast_to(node, x, dtype_of(f"{node.where}: attribute 'to'", node.attributes["to"]))


@operator("CastLike")
def _cast_like(node: Node, x: Tensor, like: Tensor) -> Any:
    return _cast_to(node, x, like.dtype)


@operator("Dropout")
def _dropout(node: Node, x: Tensor, ratio: Any = None, training: Any = None) -> Any:
    if training is not None and np.any(training):
        raise node.error("training_mode is true, expected a model for inference; export it so")
    return x, np.ones(x.shape, np.bool_)


@operator("IsInf")
def _is_infinite(node: Node, x: Tensor) -> Any:
    above, below = (bool(node.attributes[f"detect_{sign}"]) for sign in ("positive", "negative"))
    return ((x == math.inf) & above) | ((x == -math.inf) & below)

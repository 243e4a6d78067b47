"""The library's activations as nodes of a graph."""

from collections.abc import Callable
from math import sqrt

from gatedcore.interop.onnx.graph_writer import GraphWriter
from gatedcore.unfused import GELU_CUBE, GELU_SCALE, SELU_ALPHA, SELU_SCALE

# Those that are one operator.
_OPERATORS: dict[str, tuple[str, dict[str, float | int]]] = {
    "tanh": ("Tanh", {}),
    "sigmoid": ("Sigmoid", {}),
    "hard_sigmoid": ("HardSigmoid", {"alpha": 1 / 6, "beta": 0.5}),
    "relu": ("Relu", {}),
    "softsign": ("Softsign", {}),
    "elu": ("Elu", {"alpha": 1.0}),
    "softmax": ("Softmax", {"axis": -1}),
    "log_softmax": ("LogSoftmax", {"axis": -1}),
    "softplus": ("Softplus", {}),
    "selu": ("Selu", {"alpha": SELU_ALPHA, "gamma": SELU_SCALE}),
    "exponential": ("Exp", {}),
    "leaky_relu": ("LeakyRelu", {"alpha": 0.2}),
    "hard_silu": ("HardSwish", {}),
    "hard_swish": ("HardSwish", {}),
}


def _silu(writer: GraphWriter, x: str) -> str:
    return writer.node("Mul", x, writer.node("Sigmoid", x))


def _gelu(writer: GraphWriter, x: str) -> str:
    erf = writer.node("Erf", writer.node("Mul", x, writer.number(sqrt(0.5))))
    share = writer.node("Add", erf, writer.number(1.0))
    return writer.node("Mul", writer.node("Mul", x, writer.number(0.5)), share)


def _gelu_tanh(writer: GraphWriter, x: str) -> str:
    cube = writer.node("Mul", writer.node("Mul", x, x), x)
    inner = writer.node("Add", x, writer.node("Mul", cube, writer.number(GELU_CUBE)))
    t = writer.node("Tanh", writer.node("Mul", inner, writer.number(GELU_SCALE)))
    share = writer.node("Add", t, writer.number(1.0))
    return writer.node("Mul", writer.node("Mul", x, writer.number(0.5)), share)


def _log_sigmoid(writer: GraphWriter, x: str) -> str:
    return writer.node("Neg", writer.node("Softplus", writer.node("Neg", x)))


def _mish(writer: GraphWriter, x: str) -> str:
    return writer.node("Mul", x, writer.node("Tanh", writer.node("Softplus", x)))


def _relu6(writer: GraphWriter, x: str) -> str:
    return writer.node("Clip", x, writer.number(0.0), writer.number(6.0))


def _hard_tanh(writer: GraphWriter, x: str) -> str:
    return writer.node("Clip", x, writer.number(-1.0), writer.number(1.0))


_COMPOSED: dict[str, Callable[[GraphWriter, str], str]] = {
    "linear": lambda writer, x: x,
    "silu": _silu,
    "swish": _silu,
    "gelu": _gelu,
    "gelu_tanh": _gelu_tanh,
    "log_sigmoid": _log_sigmoid,
    "mish": _mish,
    "relu6": _relu6,
    "hard_tanh": _hard_tanh,
}

# Those that the recurrent operators have, with alpha and beta where they take them.
IN_CELLS: dict[str, tuple[str, float | None, float | None]] = {
    "tanh": ("Tanh", None, None),
    "sigmoid": ("Sigmoid", None, None),
    "hard_sigmoid": ("HardSigmoid", 1 / 6, 0.5),
    "relu": ("Relu", None, None),
    "softsign": ("Softsign", None, None),
    "elu": ("Elu", 1.0, None),
    "linear": ("Affine", 1.0, 0.0),
    "softplus": ("Softplus", None, None),
    "leaky_relu": ("LeakyRelu", 0.2, None),
}


def write_activation(writer: GraphWriter, activation: str, x: str) -> str:
    """Write an activation of a value and return the name of what it makes."""
    if activation in _COMPOSED:
        return _COMPOSED[activation](writer, x)
    operator, options = _OPERATORS[activation]
    return writer.node(operator, x, **options)


def cell_activations(where: str, names: list[str]) -> dict[str, list[str] | list[float]]:
    """Return the attributes of a recurrent operator that name its activations.

    Raises
    ------
    ValueError
        If the operator does not have one of them.
    """
    missing = [name for name in names if name not in IN_CELLS]
    if missing:
        raise ValueError(
            f"{where}: activation {missing[0]!r}, expected one that ONNX's recurrent operators "
            f"have: {', '.join(IN_CELLS)}; train the layer with one of these"
        )
    chosen = [IN_CELLS[name] for name in names]
    attributes: dict[str, list[str] | list[float]] = {
        "activations": [name for name, _, _ in chosen]
    }
    alphas = [alpha for _, alpha, _ in chosen if alpha is not None]
    betas = [beta for _, _, beta in chosen if beta is not None]
    if alphas:
        attributes["activation_alpha"] = alphas
    if betas:
        attributes["activation_beta"] = betas
    return attributes

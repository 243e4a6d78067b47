"""The activations that LSTM, GRU and RNN of ONNX name, with alpha and beta."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from gatedcore import activations
from gatedcore.interop.onnx.node import Node
from gatedcore.interop.onnx.tensors import Tensor

Pair = tuple[float, float]


@dataclass(frozen=True)
class CellFunction:
    """An activation of a cell.

    Attributes
    ----------
    name : str
        As ONNX has it.
    alpha, beta : float
        Its options; 0 where it has none.
    fused : str or None
        How the kernels call the same function; None where they have none.
    """

    name: str
    alpha: float
    beta: float
    fused: str | None

    def __call__(self, x: Tensor) -> Tensor:
        """Return the activation of every element."""
        if self.fused is not None:
            return activations.apply(self.fused, np.ascontiguousarray(x))
        y: Tensor = _FUNCTIONS[self.name](x, x.dtype.type(self.alpha), x.dtype.type(self.beta))
        return y


_FUNCTIONS: dict[str, Callable[..., Tensor]] = {
    "Affine": lambda x, alpha, beta: alpha * x + beta,
    "LeakyRelu": lambda x, alpha, beta: np.where(x >= 0, x, alpha * x),
    "ThresholdedRelu": lambda x, alpha, beta: np.where(x >= alpha, x, x.dtype.type(0)),
    "ScaledTanh": lambda x, alpha, beta: alpha * np.tanh(beta * x),
    "HardSigmoid": lambda x, alpha, beta: np.clip(alpha * x + beta, 0, 1).astype(x.dtype),
    "Elu": lambda x, alpha, beta: np.where(x >= 0, x, alpha * np.expm1(np.minimum(x, 0))),
    "Softplus": lambda x, alpha, beta: np.logaddexp(x, x.dtype.type(0)),
}
# Those that the kernels have, and with which options; a file holds 1 / 6 as a float32.
_FUSED: dict[str, tuple[str, Pair | None]] = {
    "Tanh": ("tanh", None),
    "Sigmoid": ("sigmoid", None),
    "Relu": ("relu", None),
    "Softsign": ("softsign", None),
    "Affine": ("linear", (1.0, 0.0)),
    "Elu": ("elu", (1.0, 0.0)),
    "HardSigmoid": ("hard_sigmoid", (float(np.float32(1 / 6)), 0.5)),
}
# Which options an activation takes, with their defaults: those of the operators of these names.
# Affine and ScaledTanh are no operators any more, so that a file must say.
_ALPHA: dict[str, float | None] = {
    "Affine": None,
    "LeakyRelu": 0.01,
    "ThresholdedRelu": 1.0,
    "ScaledTanh": None,
    "HardSigmoid": 0.2,
    "Elu": 1.0,
}
_BETA: dict[str, float | None] = {"Affine": None, "ScaledTanh": None, "HardSigmoid": 0.5}
_BY_LOWER = {name.lower(): name for name in {**_FUNCTIONS, **_FUSED}}


def cell_functions(node: Node, default: Sequence[str], directions: int) -> list[list[CellFunction]]:
    """Return the activations of each direction, from the attributes of a node.

    Parameters
    ----------
    node : Node
        Of an LSTM, GRU or RNN.
    default : sequence of str
        The activations of one direction if the node names none.
    directions : int
        1 or 2.

    Raises
    ------
    ValueError
        If one is not known, or their number or that of the options is not what the node needs.

    Notes
    -----
    Of ``activation_alpha`` and ``activation_beta``, each activation that has such an option takes
    the next; the others take none. So does ONNX Runtime.
    """
    names = node.attributes.get("activations") or list(default) * directions
    if node.operator == "RNN" and directions == 1 and len(names) == 2:
        names = names[:1]  # the default in ONNX is for two directions
    if len(names) != len(default) * directions:
        raise node.error(
            f"activations are {names}, expected {len(default)} for each of {directions} directions"
        )
    left = {name: list(node.attributes.get(f"activation_{name}", [])) for name in ("alpha", "beta")}
    found = [_function(node, name, left) for name in names]
    for option, values in left.items():
        if values:
            raise node.error(
                f"activation_{option} has {len(values)} values more than {names} take, expected "
                "one for each that has such an option"
            )
    return [found[k : k + len(default)] for k in range(0, len(found), len(default))]


def _function(node: Node, given: str, left: dict[str, list[float]]) -> CellFunction:
    name = _BY_LOWER.get(given.lower())
    if name is None:
        raise node.error(
            f"activation {given!r}, expected one of {', '.join(sorted(_BY_LOWER.values()))}"
        )
    options = []
    for option, defaults in (("alpha", _ALPHA), ("beta", _BETA)):
        value: float | None = 0.0
        if name in defaults:
            value = left[option].pop(0) if left[option] else defaults[name]
        if value is None:
            raise node.error(f"activation {name} came without activation_{option}, expected it")
        options.append(value)
    alpha, beta = options
    fused, needed = _FUSED.get(name, (None, None))
    if needed is not None and needed != (alpha, beta):
        fused = None
    return CellFunction(name, alpha, beta, fused)

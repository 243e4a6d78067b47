"""Parameters of ``torch.nn``'s recurrent modules as the core takes them, and their gradients back.

Which gate stands where is ``gate_order``'s to say; the core turns the matrices.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from gatedcore import _core
from gatedcore.arrays import Array
from gatedcore.interop.gate_order import TORCH_ORDER, inverse_order
from gatedcore.interop.torch.sharing import rows_of, rows_of_given

# Where each gate of the core stands among PyTorch's blocks of rows.
BLOCKS = {cell: inverse_order(TORCH_ORDER[cell]) for cell in ("lstm", "gru")}
_NO_GATES = (0,)  # of a matrix that is turned as it is


class TorchParameters(NamedTuple):
    """The parameters of one direction by name, from or to torch's order."""

    w_x: torch.Tensor  # weight_ih (G*H, I)
    w_h: torch.Tensor  # weight_hh (G*H, H), or (4*H, P) with a projection
    b_x: torch.Tensor | None = None  # bias_ih, bias_hh (G*H,)
    b_h: torch.Tensor | None = None
    w_r: torch.Tensor | None = None  # weight_hr (P, H)

    @classmethod
    def of(cls, weights: Sequence[torch.Tensor]) -> "TorchParameters":
        """Return what a direction's parameters are: two matrices, then biases, then projection."""
        b_x, b_h = weights[2:4] if len(weights) >= 4 else (None, None)
        return cls(weights[0], weights[1], b_x, b_h, weights[-1] if len(weights) % 2 else None)


class CoreWeights(NamedTuple):
    """Weights of one direction, or their gradients, in the layout of the core."""

    kernel: Array  # (I, G*H)
    recurrent_kernel: Array  # (H, G*H), or (P, 4*H) with a projection
    bias: Array | None  # (4*H,), of a GRU (2, 3*H)
    projection: Array | None = None  # (H, P)

    @property
    def plain(self) -> tuple[Array, Array, Array | None]:
        """All but the projection."""
        return self[:3]


def to_core(cell: str, weights: Sequence[torch.Tensor]) -> CoreWeights:
    """Return a direction's parameters for the core."""
    p = TorchParameters.of(weights)
    b_x, b_h = rows_of_given(p.b_x), rows_of_given(p.b_h)
    bias = None
    if b_x is not None and b_h is not None:
        bias = b_x + b_h if cell == "lstm" else _reordered(np.array([b_x, b_h]), BLOCKS[cell])
    return CoreWeights(
        _core.columns_from_rows(BLOCKS[cell], rows_of(p.w_x)),
        _core.columns_from_rows(BLOCKS[cell], rows_of(p.w_h)),
        bias,
        None if p.w_r is None else _core.columns_from_rows(_NO_GATES, rows_of(p.w_r)),
    )


def gradient_memory(weights: CoreWeights) -> CoreWeights:
    """Return zeros of the shapes of weights, to which the core adds gradients."""
    return CoreWeights(*(None if w is None else _zeros(w) for w in weights))  # type: ignore[arg-type]  # as they came


def from_core(cell: str, gradients: CoreWeights) -> list[torch.Tensor]:
    """Return gradients by a direction's parameters, in torch's order."""
    kernel, recurrent_kernel, bias, projection = gradients
    found = [_core.rows_from_columns(BLOCKS[cell], w) for w in (kernel, recurrent_kernel)]
    if bias is not None:  # an LSTM's act through their sum
        both = [bias, bias.copy()] if cell == "lstm" else _reordered(bias, TORCH_ORDER[cell])
        found.extend(both)
    if projection is not None:
        found.append(_core.rows_from_columns(_NO_GATES, projection))
    return [torch.from_numpy(d) for d in found]


def _reordered(biases: Array, order: tuple[int, ...]) -> Array:
    """Return two rows of gates (2, G*H) with the gates in another order."""
    return biases.reshape(2, len(order), -1).take(order, axis=1).reshape(biases.shape)


def _zeros(like: Array) -> Array:
    if like.ndim == 1:
        return _core.zeros(1, like.size, like.itemsize == 8)[0]
    return _core.zeros(like.shape[0], like.shape[1], like.itemsize == 8)

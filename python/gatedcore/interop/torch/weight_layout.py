"""Parameters of ``torch.nn``'s recurrent modules as the core takes them, and their gradients back.

Which gate stands where is ``gate_order``'s to say; this module moves tensors, where that one moves
arrays, since torch turns a large matrix several times faster than NumPy does.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch

from gatedcore import _core
from gatedcore.arrays import Array
from gatedcore.interop.gate_order import TORCH_ORDER


class CoreWeights(NamedTuple):
    """Weights of one direction, or their gradients, in the layout of the core."""

    kernel: Array  # (I, G*H)
    recurrent_kernel: Array  # (H, G*H)
    bias: Array | None  # (4*H,), of a GRU (2, 3*H)


def to_core(cell: str, weights: Sequence[torch.Tensor]) -> CoreWeights:
    """Return weight_ih, weight_hh and, if there are any, bias_ih and bias_hh for the core."""
    kernel, recurrent_kernel = (_columns(cell, w) for w in weights[:2])
    if len(weights) == 2:
        return CoreWeights(kernel, recurrent_kernel, None)
    bias_ih, bias_hh = (b.detach() for b in weights[2:])
    if cell == "lstm":
        return CoreWeights(kernel, recurrent_kernel, (bias_ih + bias_hh).numpy())
    biases = torch.empty((2, bias_ih.shape[0]), dtype=bias_ih.dtype)
    for row, bias in zip(biases, (bias_ih, bias_hh), strict=True):
        _move(cell, bias[:, None], row[None], back=False)
    return CoreWeights(kernel, recurrent_kernel, biases.numpy())


def gradient_memory(weights: CoreWeights) -> CoreWeights:
    """Return zeros of the shapes of weights, to which the core adds gradients."""
    kernel, recurrent_kernel, bias = weights
    if bias is None:
        return CoreWeights(_zeros(kernel), _zeros(recurrent_kernel), None)
    return CoreWeights(_zeros(kernel), _zeros(recurrent_kernel), _zeros(bias))


def from_core(cell: str, gradients: CoreWeights) -> list[torch.Tensor]:
    """Return gradients by weight_ih, weight_hh and, if there are any, bias_ih and bias_hh."""
    found = [_rows(cell, gradients.kernel), _rows(cell, gradients.recurrent_kernel)]
    if gradients.bias is None:
        return found
    bias = torch.from_numpy(gradients.bias)
    if cell == "lstm":  # they act through their sum
        return [*found, bias, bias.clone()]
    return [*found, *(_rows(cell, row[None].numpy()).squeeze(1) for row in bias)]


def _columns(cell: str, rows: torch.Tensor) -> Array:
    """Return the gates' rows (G*H, I) as columns (I, G*H)."""
    out = torch.empty((rows.shape[1], rows.shape[0]), dtype=rows.dtype)
    _move(cell, rows.detach(), out, back=False)
    array: Array = out.numpy()
    return array


def _rows(cell: str, columns: Array) -> torch.Tensor:
    """Return the gates' columns (I, G*H) as rows (G*H, I)."""
    source = torch.from_numpy(columns)
    out = torch.empty((source.shape[1], source.shape[0]), dtype=source.dtype)
    _move(cell, out, source, back=True)
    return out


def _move(cell: str, rows: torch.Tensor, columns: torch.Tensor, *, back: bool) -> None:
    """Copy the gates' rows to columns, or back."""
    order = TORCH_ORDER[cell]
    turned = rows.t()
    if order == tuple(range(len(order))):
        pairs = [(turned, columns)]
    else:
        torchs, cores = (m.chunk(len(order), dim=1) for m in (turned, columns))
        pairs = [(torchs[place], cores[block]) for place, block in enumerate(order)]
    for torchs_part, cores_part in pairs:
        if back:
            torchs_part.copy_(cores_part)
        else:
            cores_part.copy_(torchs_part)


def _zeros(like: Array) -> Array:
    rows = 1 if like.ndim == 1 else like.shape[0]
    return _core.zeros(rows, like.shape[-1], like.itemsize == 8).reshape(like.shape)

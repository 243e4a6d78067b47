"""Tensors and arrays over the same memory."""

import numpy as np
import torch

from gatedcore.arrays import Array


def array_of(x: torch.Tensor) -> Array:
    """Return a tensor's memory as an array whose last axis is contiguous."""
    if x.stride(-1) != 1 and x.shape[-1] != 1:
        return rows_of(x)
    return _shared(x)


def rows_of(x: torch.Tensor) -> Array:
    """Return the same as a contiguous array."""
    return _shared(x.contiguous())


def _shared(x: torch.Tensor) -> Array:
    # A cell's step asks for four: questions are quicker than operations that change nothing.
    x = x.detach() if x.requires_grad else x
    x = x.resolve_neg() if x.is_neg() else x
    array: Array = x.numpy()
    return array


def rows_of_given(x: torch.Tensor | None) -> Array | None:
    """Return the same, None for None."""
    return None if x is None else rows_of(x)


def tensor_of(array: Array) -> torch.Tensor:
    """Return an array's memory as a tensor, or a copy where steps run backwards in it."""
    return torch.from_numpy(array if min(array.strides) >= 0 else np.ascontiguousarray(array))

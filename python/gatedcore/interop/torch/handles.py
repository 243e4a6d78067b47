"""Tensors that stand for what a forward call saved: autograd passes on nothing but tensors.

A handle lives in the graph of autograd like any saved tensor and the saved call lives as long as
its handle. Whoever keeps a copy instead, as hooks on saved tensors do, gets nothing for it and has
to compute the call anew; so has who comes a second time.
"""

from typing import Any
from weakref import WeakValueDictionary

import numpy as np
import torch


class _Holder(np.ndarray[Any, np.dtype[np.uint8]]):
    """The memory of a handle, with the saved call tied to it."""

    saved: Any


_live: WeakValueDictionary[int, _Holder] = WeakValueDictionary()


def handle_of(saved: object) -> torch.Tensor:
    """Return a handle, one byte of 0, through which ``saved`` is found as long as it lives."""
    holder = np.zeros(1, np.uint8).view(_Holder)
    holder.saved = saved
    handle = torch.from_numpy(holder)  # keeps the array alive, which keeps what is saved
    _live[handle.data_ptr()] = holder
    return handle


def take(handle: torch.Tensor) -> Any:
    """Return what a handle stands for, once; None where it was taken, or for a copy of a handle."""
    holder = _live.get(handle.data_ptr()) if handle.numel() else None
    return None if holder is None else holder.__dict__.pop("saved", None)

"""When a call is PyTorch's own to serve, and the one warning that says so."""

import warnings
from collections.abc import Sequence
from typing import Any

import torch

from gatedcore.checks import warn

_DTYPES = (torch.float32, torch.float64)
_PLAIN = (torch.Tensor, torch.nn.Parameter)
_warned: set[tuple[str, str]] = set()


def reason_to_fall_back(tensors: Sequence[Any]) -> str | None:
    """Return why gatedcore does not serve a call on these tensors; None if it does."""
    dtype = tensors[0].dtype if type(tensors[0]) in _PLAIN else None
    for t in tensors:  # nearly always all are plain, and this is all that a short call can afford
        if type(t) not in _PLAIN or t.dtype is not dtype or not t.is_cpu:
            break
        if t.layout is not torch.strided or dtype not in _DTYPES:
            break
    else:
        return _reason_of_surroundings()
    return _reason_of_tensors(tensors) or _reason_of_surroundings()


def _reason_of_tensors(tensors: Sequence[Any]) -> str | None:
    dtype = None
    for tensor in tensors:
        if not isinstance(tensor, torch.Tensor):
            return f"a {type(tensor).__name__} is among its tensors"
        if tensor.device.type != "cpu":
            return f"a tensor is on the device {tensor.device.type}"
        dtype = dtype or tensor.dtype
        if tensor.dtype is not dtype:
            return f"its tensors have the dtypes {dtype} and {tensor.dtype}"
        if dtype not in _DTYPES:
            return f"its tensors have the dtype {dtype}"
        if tensor.layout is not torch.strided:
            return f"a tensor has the layout {tensor.layout}"
    return None


def _reason_of_surroundings() -> str | None:
    if torch.is_autocast_enabled("cpu"):
        return "autocast is on"
    if torch.compiler.is_compiling():
        return None
    if torch._C._are_functorch_transforms_active():
        return "it is within a transform of torch.func"
    if torch.autograd.forward_ad._current_level >= 0:
        return "forward-mode differentiation is on"
    if torch.jit.is_tracing():
        return "it is traced by torch.jit"
    return None


def warn_once(module: str, reason: str) -> None:
    """Warn that PyTorch's own kernel serves a class of modules, once for each reason."""
    if (module, reason) in _warned:
        return
    _warned.add((module, reason))
    message = (
        f"gatedcore.torch.{module}: PyTorch's own kernel serves this call, as {reason}; "
        "results are the same, at its speed"
    )
    if torch.compiler.is_compiling():  # there are no frames to look through
        warnings.warn(message, stacklevel=4)
    else:
        warn(message, ("gatedcore", "torch"))

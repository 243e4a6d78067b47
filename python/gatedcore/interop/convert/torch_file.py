"""State dicts of PyTorch in files: ``.pt``, ``.pth``, and ``.safetensors``."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from gatedcore.archive import SavedFileError
from gatedcore.arrays import Array
from gatedcore.frameworks import require
from gatedcore.interop.convert.foreign import Budget, budget_of

PICKLED = (".pt", ".pth")
ENDINGS = (*PICKLED, ".safetensors")
# What training scripts call the state dict in what they save beside it.
_WITHIN_CHECKPOINTS = ("state_dict", "model_state_dict", "model")
# Halves become float32, which holds each of them exactly.
_FLOATS = ("F32", "F64", "F16", "BF16")


def read_state_dict(where: str, path: str) -> dict[str, Array]:
    """Return the weights in a file.

    Parameters
    ----------
    where : str
        Public function, for errors.
    path : str
        The file. A ``.safetensors`` file is read without PyTorch; others with
        ``torch.load(weights_only=True)``, which runs nothing of them.

    Returns
    -------
    dict of ndarray of float32 or float64
        By PyTorch's names, in the file's order; float16 and bfloat16 as float32.

    Raises
    ------
    OSError
        If it cannot be read.
    SavedFileError
        If it is damaged, or holds something else than a state dict of such numbers.
    ModuleNotFoundError
        If PyTorch is not installed, for a ``.pt`` or ``.pth`` file.
    """
    budget = budget_of(where, path)
    if path.endswith(PICKLED):
        return _from_torch(path, budget)
    return _from_safetensors(path, budget)


def _from_safetensors(path: str, budget: Budget) -> dict[str, Array]:
    from safetensors import SafetensorError, safe_open

    expected = "a .safetensors file of a state dict"
    try:
        with safe_open(path, framework="np") as file:
            metadata = file.metadata() or {}
            slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118  # no dict
            sizes = [(n, s.get_dtype(), tuple(s.get_shape())) for n, s in slices.items()]
            _check(budget, ((name, dtype in _FLOATS, dtype, shape) for name, dtype, shape in sizes))
            if "gatedcore" in metadata:
                raise budget.error(
                    "is a file of this library", "one of PyTorch", "read it with load_model"
                )
            if any(dtype in ("F16", "BF16") for _, dtype, _ in sizes):
                return _widened(path)
            return {name: file.get_tensor(name) for name in slices}
    except SavedFileError:
        raise
    except (SafetensorError, ValueError, TypeError, OverflowError) as cause:
        raise budget.damaged(cause, expected) from None


def _widened(path: str) -> dict[str, Array]:
    """Return the arrays of a file that holds halves; of bfloat16 NumPy knows nothing."""
    import safetensors

    deserialize: Any = safetensors.deserialize
    with open(path, "rb") as file:
        content = deserialize(file.read())
    arrays: dict[str, Array] = {}
    for name, tensor in content:
        dtype = tensor["dtype"]
        if dtype == "BF16":  # the upper half of a float32
            bits = np.frombuffer(tensor["data"], "<u2").astype(np.uint32)
            array = (bits << np.uint32(16)).view(np.float32)
        else:
            array = np.frombuffer(tensor["data"], f"<f{int(dtype[1:]) // 8}")
            array = array.astype(np.float32 if dtype == "F16" else array.dtype)
        arrays[name] = array.reshape(tensor["shape"])
    return arrays


def _from_torch(path: str, budget: Budget) -> dict[str, Array]:
    torch = require(budget.where, "torch", "torch")
    expected = "a state dict saved with torch.save"
    try:
        with zipfile.ZipFile(path) as archive:
            budget.take("members", sum(info.file_size for info in archive.infolist()))
    except SavedFileError:
        raise
    except Exception as cause:  # zipfile says so in many classes of errors
        # What torch wrote before version 1.6 names sizes that nothing can check.
        raise budget.damaged(cause, f"{expected} of version 1.6 or later") from None
    try:
        # On the device "meta" there are shapes without memory: these are looked at first.
        shapes = _tensors(torch, budget, torch.load(path, weights_only=True, map_location="meta"))
        known = (torch.float32, torch.float64, *(halves := (torch.float16, torch.bfloat16)))
        listed = ((n, t.dtype in known, str(t.dtype), tuple(t.shape)) for n, t in shapes.items())
        _check(budget, listed)
        tensors = _tensors(torch, budget, torch.load(path, weights_only=True, map_location="cpu"))
        whole = {n: t.float() if t.dtype in halves else t for n, t in tensors.items()}
        return {name: tensor.detach().contiguous().numpy() for name, tensor in whole.items()}
    except (SavedFileError, FileNotFoundError):
        raise
    except Exception as cause:  # of the unpickler and of torch, of any class
        if "eights_only" in str(cause) or "Weights only" in str(cause):
            raise budget.error(
                "holds more than tensors, which is code to be run",
                expected,
                "save model.state_dict(), where the file comes from",
            ) from None
        reason = str(cause).strip().splitlines()[:1]
        raise budget.damaged(" ".join(reason) or repr(cause), expected) from None


def _tensors(torch: Any, budget: Budget, content: Any) -> dict[str, Any]:
    """Return the tensors by name, if that is what the file holds."""
    if isinstance(content, Mapping):
        for name in _WITHIN_CHECKPOINTS:
            if isinstance(content.get(name), Mapping):
                content = content[name]
    if not isinstance(content, Mapping) or not all(
        isinstance(name, str) and isinstance(tensor, torch.Tensor)
        for name, tensor in content.items()
    ):
        raise budget.error(
            f"holds a {type(content).__name__}",
            "a state dict, tensors by name",
            "save model.state_dict()",
        )
    for name, tensor in content.items():
        if tensor.layout != torch.strided:
            raise budget.error(
                f"holds a {str(tensor.layout).removeprefix('torch.')} tensor as {name}",
                "dense ones",
                "save its to_dense()",
            )
    return dict(content)


def _check(budget: Budget, arrays: Iterable[tuple[str, bool, str, tuple[int, ...]]]) -> None:
    """Raise if there are arrays of other numbers, or larger than such a file can have."""
    for name, known, dtype, shape in arrays:
        if not known:
            raise budget.error(
                f"holds {dtype} as {name}", "float32 or float64", "save model.float().state_dict()"
            )
        budget.take(f"{name} {shape}", math.prod(shape) * 8)

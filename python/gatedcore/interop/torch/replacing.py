"""Recurrent modules of a model given gatedcore's kernels in place, and PyTorch's back."""

import warnings
from typing import NamedTuple

import torch

from gatedcore.interop.torch.cell_modules import GRUCell, LSTMCell
from gatedcore.interop.torch.sequence_modules import GRU, LSTM

# PyTorch's classes, and those that take their place. A module changes its class and nothing else:
# parameters, hooks, references to it and the names in a state_dict stay as they are.
_REPLACEMENTS: dict[type[torch.nn.Module], type[torch.nn.Module]] = {
    torch.nn.LSTM: LSTM,
    torch.nn.GRU: GRU,
    torch.nn.LSTMCell: LSTMCell,
    torch.nn.GRUCell: GRUCell,
}
_NAMES = {theirs.__name__ for theirs in _REPLACEMENTS}
_MARK = "_gatedcore_replaced"  # on modules that restore is to change back


class Report(NamedTuple):
    """What ``accelerate`` did, by the modules' names in the model; the model itself is ``""``.

    Attributes
    ----------
    replaced : tuple of str
        Modules that now run on gatedcore, in the order of ``named_modules``.
    left_alone : dict of str
        Recurrent modules that do not, each with the reason.
    """

    replaced: tuple[str, ...]
    left_alone: dict[str, str]

    def __str__(self) -> str:
        lines = [f"replaced {len(self.replaced)}: {', '.join(map(_shown, self.replaced))}"]
        lines += [f"left alone {_shown(name)}: {why}" for name, why in self.left_alone.items()]
        return "\n".join(lines)


def accelerate(model: torch.nn.Module) -> Report:
    """Make every LSTM, GRU and cell of a model run on gatedcore's kernels.

    The modules are changed in place and keep their Parameters: optimizers, ``state_dict`` and
    hooks do not notice. ``restore`` undoes it.

    Parameters
    ----------
    model : torch.nn.Module
        The model, or a recurrent module itself.

    Returns
    -------
    Report
        What was replaced, and what was left alone and why.

    Raises
    ------
    TypeError
        If ``model`` is no module of PyTorch.
    """
    _check_module("accelerate", model)
    replaced, left_alone = [], {}
    for name, module in model.named_modules():
        if isinstance(module, tuple(_REPLACEMENTS.values())):
            continue  # it is one of ours, or a parametrized one
        why = _reason_to_leave(module)
        if why is not None:
            left_alone[name] = why
        elif type(module) in _REPLACEMENTS:
            module.__class__ = _REPLACEMENTS[type(module)]
            setattr(module, _MARK, True)
            replaced.append(name)
    return Report(tuple(replaced), left_alone)


def restore(model: torch.nn.Module) -> tuple[str, ...]:
    """Give the modules that ``accelerate`` replaced PyTorch's kernels back, in place.

    Parameters
    ----------
    model : torch.nn.Module
        The model, or a recurrent module itself.

    Returns
    -------
    tuple of str
        Names of the modules that were changed back. A warning names those that were parametrized
        after ``accelerate``, whose class is not ours to change.

    Raises
    ------
    TypeError
        If ``model`` is no module of PyTorch.
    """
    _check_module("restore", model)
    originals = {ours: theirs for theirs, ours in _REPLACEMENTS.items()}
    restored = []
    for name, module in model.named_modules():
        if getattr(module, _MARK, False) and type(module) in originals:
            module.__class__ = originals[type(module)]
            delattr(module, _MARK)
            vars(module).pop("_gatedcore_arrays", None)  # a cell's
            restored.append(name)
        elif getattr(module, _MARK, False):
            warnings.warn(
                f"restore: {_shown(name)} stays on gatedcore's kernels, as its class became "
                f"{type(module).__name__} after accelerate; remove its parametrizations first",
                stacklevel=2,
            )
    return tuple(restored)


def _check_module(where: str, model: object) -> None:
    if not isinstance(model, torch.nn.Module):
        raise TypeError(
            f"{where}: model has type {type(model).__name__}, expected torch.nn.Module; "
            "pass the model itself"
        )


def _reason_to_leave(module: torch.nn.Module) -> str | None:
    """Return why a recurrent module keeps PyTorch's kernel; None for others and for all that do."""
    kinds = (torch.nn.RNNBase, torch.nn.modules.rnn.RNNCellBase)
    if isinstance(module, torch.jit.ScriptModule) and module.original_name in _NAMES:
        return "it is scripted or traced by torch.jit, which holds PyTorch's operators; do so later"
    if not isinstance(module, kinds):
        return None
    if type(module) not in _REPLACEMENTS:
        name = f"{type(module).__module__}.{type(module).__qualname__}"
        return f"its class is {name}, expected one of torch.nn's LSTM, GRU, LSTMCell and GRUCell"
    if "forward" in vars(module):
        return "its forward method was replaced"
    parameter = next(module.parameters(), None)
    if parameter is not None and parameter.device.type not in ("cpu", "meta"):
        return f"it is on the device {parameter.device.type}, expected the CPU"
    if parameter is not None and parameter.dtype not in (torch.float32, torch.float64):
        return f"its dtype is {parameter.dtype}, expected float32 or float64"
    return None


def _shown(name: str) -> str:
    return name or "the model itself"

"""Modules and state dicts of PyTorch as models of ours."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gatedcore import layers
from gatedcore.archive import SavedFileError
from gatedcore.arrays import Array
from gatedcore.checks import check_bool
from gatedcore.interop.convert.torch_file import ENDINGS, read_state_dict
from gatedcore.interop.convert.torch_modules import RECURRENT, as_array, kind_of, layers_of
from gatedcore.interop.convert.torch_weights import recurrent_layers
from gatedcore.layers.base import Layer
from gatedcore.layers.input import Input
from gatedcore.model import Sequential

_OVER_TIME = (layers.LSTM, layers.GRU, layers.SimpleRNN, layers.Bidirectional)


def from_torch(
    module_or_state_dict: Any,
    *,
    return_sequences: bool = True,
    input_shape: Sequence[int | None] | None = None,
    prefix: str = "",
) -> Sequential:
    """Return what PyTorch computes as a model of this library, with the same weights.

    Parameters
    ----------
    module_or_state_dict : torch.nn.Module, list of these, mapping, or path
        ``nn.LSTM``, ``nn.GRU``, ``nn.RNN``, ``nn.Linear``, ``nn.Embedding``, ``nn.LayerNorm``,
        ``nn.Dropout``, ``nn.Flatten``, an activation; an ``nn.Sequential`` or a list of them, each
        of which feeds the next one. A class of one's own says in code what its modules do: pass
        them as a list, in that order. Or the state dict, or its file (``.pt``, ``.pth``,
        ``.safetensors``), of an ``nn.LSTM``, ``nn.GRU`` or ``nn.RNN``.
    return_sequences : bool
        Whether the last recurrent layer returns all steps, as PyTorch's ``output``, or the last
        state, as its ``h_n``.
    input_shape : tuple, optional
        Shape of one sample, where the modules do not say it.
    prefix : str
        Of a state dict: what stands before the names of the weights that count; others are left.

    Returns
    -------
    Sequential
        It takes batches first, (B, T, F), whatever ``batch_first`` was. An LSTM's two biases become
        their sum.

    Raises
    ------
    TypeError
        If it is none of these.
    ValueError
        If something of it has no counterpart here; the error names it.
    SavedFileError, OSError
        If a file is damaged, or cannot be read.
    """
    where = "from_torch"
    every = check_bool(where, "return_sequences", return_sequences)
    given = module_or_state_dict
    try:
        if isinstance(given, str | os.PathLike):
            made = _of_file(where, os.fspath(given), prefix, every)
        elif isinstance(given, Mapping):
            made = _of_weights(given, prefix, every)
        else:
            if prefix:
                raise ValueError(f"prefix={prefix!r} came with modules, expected a state dict")
            made = _of_modules(where, given, every)
        return _row(made, input_shape)
    except SavedFileError:
        raise
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None


def _of_file(where: str, path: str, prefix: str, return_sequences: bool) -> list[Layer]:
    if not path.endswith(ENDINGS):
        raise ValueError(
            f"{path!r} is no name of a file of weights, expected one that ends in "
            f"{', '.join(ENDINGS)}; save model.state_dict() so"
        )
    weights = read_state_dict(where, path)
    try:
        return _of_weights(weights, prefix, return_sequences)
    except ValueError as error:
        raise SavedFileError(f"{where}: {path}: {error}") from None


def _of_weights(weights: Mapping[str, Any], prefix: str, return_sequences: bool) -> list[Layer]:
    chosen: dict[str, Array] = {
        name.removeprefix(prefix): as_array(name, value)
        for name, value in weights.items()
        if name.startswith(prefix)
    }
    name = prefix.rstrip(".").replace(".", "_") or None
    return recurrent_layers(chosen, return_sequences=return_sequences, name=name)


def _of_modules(where: str, given: Any, return_sequences: bool) -> list[Layer]:
    modules = list(_parts(where, given, ""))
    if not modules:
        raise ValueError("there is no module, expected at least one; pass them in their order")
    last = max((k for k, part in enumerate(modules) if kind_of(part[1]) in RECURRENT), default=None)
    made: list[Layer] = []
    for k, (path, module, last_only) in enumerate(modules):
        every = not last_only and (return_sequences or k != last)
        name = path.lstrip(".0123456789").replace(".", "_") or None
        try:
            made += layers_of(module, name, every)
        except (TypeError, ValueError) as error:
            raise ValueError(f"module {path!r} ({type(module).__name__}): {error}") from None
    return made


def _parts(where: str, given: Any, path: str) -> Iterator[tuple[str, Any, bool]]:
    """Yield the modules of a row with their paths, and whether only their last state counts."""
    if isinstance(given, list | tuple):
        for k, module in enumerate(given):
            yield from _parts(where, module, f"{path}.{k}" if path else str(k))
    elif not hasattr(given, "named_children") or not hasattr(given, "state_dict"):
        raise TypeError(
            f"{where}: module_or_state_dict has type {type(given).__name__}, expected a "
            "torch.nn.Module, a list of these, a state dict or the path of one; pass one"
        )
    elif kind_of(given) == "Sequential":
        last_only = getattr(given, "last_only", ())
        for name, module in given.named_children():
            for inner, one, last in _parts(where, module, f"{path}.{name}" if path else name):
                yield inner, one, last or name in last_only
    else:
        yield path, given, False


def _row(made: list[Layer], input_shape: Sequence[int | None] | None) -> Sequential:
    """Return layers in a row, built if the shape of the input is known."""
    shape = _first_shape(made) if input_shape is None else tuple(input_shape)
    tokens = bool(made) and isinstance(made[0], layers.Embedding)
    if shape is None:
        if any(layer.parameters for layer in made):
            raise ValueError(
                "the modules do not say the shape of their input; pass input_shape=..."
            )
        return Sequential(made)
    return Sequential([Input(shape, dtype="int32" if tokens else None), *made])


def _first_shape(made: list[Layer]) -> tuple[int | None, ...] | None:
    """Return the shape of a sample that the first layer with weights takes, if it tells."""
    for layer in made:
        if isinstance(layer, layers.Embedding):
            return (None,)
        if layer.parameters:
            sequence = isinstance(layer, _OVER_TIME)
            return (None, layer.input_features) if sequence else (layer.input_features,)
        if isinstance(layer, layers.Flatten):
            return None
    return None

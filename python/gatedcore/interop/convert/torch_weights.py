"""Recurrent layers out of PyTorch's weights, which are told by their names and shapes alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from gatedcore import layers
from gatedcore.arrays import Array
from gatedcore.interop.convert.filling import adopt, expected_shapes
from gatedcore.interop.gate_order import GATES, KerasWeights, torch_to_keras
from gatedcore.layers.base import Layer

KINDS: Mapping[str, Any] = {
    "lstm": layers.LSTM,
    "gru": layers.GRU,
    "simple_rnn": layers.SimpleRNN,
}
_NAME = re.compile(r"(weight|bias)_(ih|hh|hr)_l(\d{1,4})(_reverse)?")
_SIDES = ("", "_reverse")


class Stack(NamedTuple):
    """What the weights of an ``nn.LSTM``, ``nn.GRU`` or ``nn.RNN`` say of it.

    Attributes
    ----------
    cell : {"lstm", "gru", "simple_rnn"}
        Its kind.
    layers : int
        ``num_layers``.
    bidirectional : bool
        Whether there are two directions.
    bias : bool
        Whether there are biases.
    """

    cell: str
    layers: int
    bidirectional: bool
    bias: bool


def stack_of(weights: Mapping[str, Array]) -> Stack:
    """Return what weights say of the module that they come from.

    Parameters
    ----------
    weights : mapping
        Arrays by the names that PyTorch gives them, ``weight_ih_l0`` and so on.

    Raises
    ------
    ValueError
        If they are not all the weights of one such module, or it has what no layer here has.
    """
    strange = sorted(name for name in weights if not _NAME.fullmatch(name))
    if strange or not weights:
        raise ValueError(
            f"weights are called {', '.join(strange[:5]) or 'nothing'}, expected those of one "
            "nn.LSTM, nn.GRU or nn.RNN, weight_ih_l0 and so on; pass those alone, their prefix as "
            "prefix=..."
        )
    if any("_hr_" in name for name in weights):
        raise ValueError(
            "weight_hr_l0 projects the state (proj_size), expected none, as no layer here does; "
            "train without proj_size"
        )
    count = 1 + max(int(_NAME.fullmatch(name)[3]) for name in weights)  # type: ignore[index]  # all
    both = any(name.endswith("_reverse") for name in weights)
    bias = any(name.startswith("bias") for name in weights)
    if count <= len(weights):
        kinds = ("weight", "bias") if bias else ("weight",)
        wanted = {
            f"{kind}_{part}_l{k}{side}"
            for kind in kinds
            for part in ("ih", "hh")
            for k in range(count)
            for side in (_SIDES if both else _SIDES[:1])
        }
        missing = sorted(wanted - set(weights))
    else:
        missing = ["those of some layers"]
    if missing:
        raise ValueError(
            f"weights lack {', '.join(missing[:5])}, expected all of {count} layers; pass all"
        )
    return Stack(_cell_of(weights["weight_hh_l0"]), count, both, bias)


def _cell_of(weight_hh: Array) -> str:
    rows, columns = weight_hh.shape if weight_hh.ndim == 2 else (0, 0)
    for cell, gates in GATES.items():
        if columns and rows == gates * columns:
            return cell
    raise ValueError(
        f"weight_hh_l0 has shape {weight_hh.shape}, expected (4 H, H) of an LSTM, (3 H, H) of a "
        "GRU or (H, H) of an RNN"
    )


def recurrent_layers(
    weights: Mapping[str, Array],
    *,
    dropout: float = 0.0,
    activation: str = "tanh",
    return_sequences: bool = True,
    trainable: bool = True,
    name: str | None = None,
) -> list[Layer]:
    """Return the layers that an ``nn.LSTM``, ``nn.GRU`` or ``nn.RNN`` is here, with its weights.

    Parameters
    ----------
    weights : mapping
        Arrays of float32 or float64 by PyTorch's names.
    dropout : float
        Between the layers, as a layer of its own.
    activation : str
        Of an ``nn.RNN``.
    return_sequences : bool
        Of the last layer; those before it return them.
    trainable : bool
        Of all.
    name : str, optional
        Of the one layer, or with ``_l0`` and so on behind it of several.

    Raises
    ------
    ValueError
        If they are no such weights, or their shapes do not go together.
    """
    stack = stack_of(weights)
    made: list[Layer] = []
    for k in range(stack.layers):
        called = name if name is None or stack.layers == 1 else f"{name}_l{k}"
        sides = [_side(weights, stack, k, side) for side in _SIDES[: 1 + stack.bidirectional]]
        features, units = sides[0].kernel.shape[0], sides[0].recurrent_kernel.shape[0]
        options: dict[str, Any] = {"use_bias": stack.bias, "dtype": sides[0].kernel.dtype}
        if stack.cell == "simple_rnn":
            options["activation"] = activation
        if not stack.bidirectional:
            options |= {"name": called, "trainable": trainable}
        every = return_sequences or k < stack.layers - 1
        layer = KINDS[stack.cell](units, return_sequences=every, **options)
        if stack.bidirectional:
            layer = layers.Bidirectional(layer, name=called)
            layer.trainable = trainable
        arrays = [array for side in sides for array in side if array is not None]
        shape = (None, None, features)
        expected = expected_shapes(layer, shape)
        if [array.shape for array in arrays] != list(expected.values()):
            raise ValueError(
                f"weights of layer {k} have the shapes {[a.shape for a in arrays]} in Keras's "
                f"order, expected {list(expected.values())}"
            )
        adopt(layer, dict(zip(expected, arrays, strict=True)), shape)
        if k and dropout:
            made.append(layers.Dropout(dropout))
        made.append(layer)
    return made


def _side(weights: Mapping[str, Array], stack: Stack, k: int, side: str) -> KerasWeights:
    """Return the weights of one layer and direction in Keras's layout."""
    names = [f"weight_{part}_l{k}{side}" for part in ("ih", "hh")]
    if stack.bias:
        names += [f"bias_{part}_l{k}{side}" for part in ("ih", "hh")]
    return torch_to_keras(stack.cell, *(weights[name] for name in names))

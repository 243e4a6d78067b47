"""Layers of ours that stand in a row, in groups of which each is one module of PyTorch."""

from __future__ import annotations

from typing import Any, NamedTuple

from gatedcore import layers
from gatedcore.interop.convert.torch_weights import KINDS
from gatedcore.layers.base import Layer


class Recurrent(NamedTuple):
    """What of a recurrent layer an ``nn.LSTM``, ``nn.GRU`` or ``nn.RNN`` can hold.

    Attributes
    ----------
    cell : {"lstm", "gru", "simple_rnn"}
        Its kind.
    units : int
        Size of the state.
    bias : bool
        Whether there are biases.
    bidirectional : bool
        Whether there are two directions.
    activation : str
        ``tanh``, or for an ``nn.RNN`` ``relu``.
    trainable : bool
        Whether it is trained.
    """

    cell: str
    units: int
    bias: bool
    bidirectional: bool
    activation: str
    trainable: bool


def groups_of(row: list[Layer]) -> list[list[Layer]]:
    """Return layers in groups, of which each becomes one module.

    Recurrent layers that are alike and feed each other are a group, with the ``Dropout`` of one
    rate that may stand between all of them.
    """
    groups: list[list[Layer]] = []
    k = 0
    while k < len(row):
        group = [row[k]]
        k += 1
        rate: float | None = None
        while is_over_time(group[0]) and last_of(group).return_sequences and k < len(row):
            between: list[Any] = [row[k]] if _drops(row[k]) else []
            following = row[k + len(between) : k + len(between) + 1]
            own = between[0].rate if between else 0.0
            if not following or not _alike(group[0], following[0]) or rate not in (None, own):
                break
            rate = own
            group += [*between, *following]
            k += len(between) + 1
        groups.append(group)
    return groups


def _drops(layer: Layer) -> bool:
    """Return whether a layer drops as PyTorch does between layers."""
    return type(layer) is layers.Dropout and layer.noise_shape is None


def is_over_time(layer: Layer) -> bool:
    """Return whether a layer runs over time."""
    return isinstance(layer, layers.Bidirectional | layers.LSTM | layers.GRU | layers.SimpleRNN)


def last_of(group: list[Layer]) -> Any:
    """Return the layer whose output a group returns."""
    return group[-1]


def _alike(one: Layer, other: Layer) -> bool:
    """Return whether two recurrent layers can be layers of one module."""
    if not is_over_time(other):
        return False
    try:
        return recurrent_of(one) == recurrent_of(other)
    except ValueError:  # which is told when it is made a module
        return False


def recurrent_of(layer: Layer) -> Recurrent:
    """Return what a recurrent layer is in PyTorch.

    Raises
    ------
    ValueError
        If PyTorch has no such one.
    """
    both = isinstance(layer, layers.Bidirectional)
    sides: list[Any] = [layer]
    if isinstance(layer, layers.Bidirectional):
        sides = [layer.forward_layer, layer.backward_layer]
        if layer.merge_mode != "concat":
            raise ValueError(f"merge_mode={layer.merge_mode!r}, expected PyTorch's 'concat'")
    if sides[0].go_backwards:
        raise ValueError("go_backwards=True, expected False: PyTorch has it in two directions only")
    found = []
    for side in sides:
        cell = next((cell for cell, kind in KINDS.items() if type(side) is kind), None)
        if cell is None:
            raise ValueError(f"a {type(side).__name__} has no counterpart in PyTorch")
        _check(side, cell)
        found.append(
            Recurrent(cell, side.units, side.use_bias, both, side.activation, layer.trainable)
        )
    if found[0] != found[-1]:
        raise ValueError(
            "both directions differ, expected layers of one kind; PyTorch has no other"
        )
    return found[0]


def _check(side: Any, cell: str) -> None:
    """Raise if a recurrent layer computes what PyTorch's does not."""
    wanted: dict[str, tuple[Any, ...]] = {
        "activation": ("tanh", "relu") if cell == "simple_rnn" else ("tanh",),
        "recurrent_activation": ("sigmoid",),
        "reset_after": (True,),
        "stateful": (False,),
        "dropout": (0.0,),
        "recurrent_dropout": (0.0,),
        "zoneout_h": (0.0,),
        "zoneout_c": (0.0,),
    }
    for name, values in wanted.items():
        value = getattr(side, name, values[0])
        if value not in values:
            raise ValueError(
                f"{name}={value!r} has no counterpart in PyTorch, expected "
                f"{' or '.join(map(repr, values))}"
            )

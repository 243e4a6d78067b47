"""LSTMs and GRUs that run as one call of the core: both directions of one, or layers in a row."""

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeGuard

import numpy as np

from gatedcore import _core
from gatedcore.arrays import Array
from gatedcore.layers.calling import Mask
from gatedcore.layers.gru import GRU
from gatedcore.layers.lstm import LSTM
from gatedcore.layers.recurrence import States

Stackable = LSTM | GRU
KINDS = frozenset((LSTM, GRU))
# Of each layer its directions; the second one runs from the last step to the first.
Stack = Sequence[Sequence[Stackable]]


class StackRun(NamedTuple):
    """What a stack's forward pass returns."""

    h: (
        Array | None
    )  # of the last layer, both directions side by side; None: no ``return_sequences``
    last: list[list[tuple[Array, ...]]]  # states of each layer and direction
    states: list[Array]  # those of them that layers return
    saved: _core.StackCache | None


def is_stackable(layer: object) -> TypeGuard[Stackable]:
    """Return whether a layer may stand in a stack.

    One of a derived class may run otherwise, and so may one whose ``forward`` was replaced.
    """
    return type(layer) in KINDS and "forward" not in vars(layer)


def all_stackable(layers: Sequence[object]) -> TypeGuard[Sequence[Stackable]]:
    """Return whether all of them may."""
    return all(map(is_stackable, layers))


def run_forward(
    stack: Stack,
    x: Array,
    given: Sequence[Sequence[Sequence[Array]]],
    training: bool,
    mask: Mask | None = None,
) -> StackRun:
    """Run all layers, from the states given, as ``forward_many`` of each would."""
    batch, steps, features = x.shape
    directions = []
    for layers, of_layers in zip(stack, given, strict=True):
        shape, features, calls = (batch, steps, features), 0, []
        for layer, own in zip(layers, of_layers, strict=True):
            calls.append(layer.direction(shape, *layer.before(batch, own, training)))
            features += layer.units
        directions.append(calls)
    h, last, saved = _core.stack_forward(
        x, directions, False, training, mask, stack[-1][0].return_sequences
    )
    returned: list[Array] = []
    for layers, of_runs in zip(stack, last, strict=True):
        for layer, states in zip(layers, of_runs, strict=True):
            returned += layer.after(states, training)
    return StackRun(h, last, returned, saved)


def run_backward(
    stack: Stack,
    saved: Any,
    d_h: Array | None,
    d_last: Sequence[Sequence[States]],
    need_d_x: bool,
) -> tuple[Array | None, list[Array]]:
    """Run the layers back; return the gradients of ``x``, if needed, and of the first states."""
    gradients = [[layer.weight_gradients for layer in layers] for layers in stack]
    d_states = [
        [
            # The core takes rows in one piece; what arrives may be cut from a wider array.
            [None if d is None else np.ascontiguousarray(d) for d in own]
            or [None] * len(layer.state_names)
            for layer, own in zip(layers, of_layers, strict=True)
        ]
        for layers, of_layers in zip(stack, d_last, strict=True)
    ]
    d_x, d_first = _core.stack_backward(saved, d_h, d_states, need_d_x, gradients)
    return d_x, [d for of_layers in d_first for own in of_layers for d in own]


def side_by_side(one: Array | None, other: Array | None) -> Array | None:
    """Return the gradients of two directions in one array; None stands for zeros."""
    if one is None or other is None:
        if one is None and other is None:
            return None
        one = np.zeros_like(other) if one is None else one
        other = np.zeros_like(one) if other is None else other
    return np.concatenate([one, other], axis=-1)

"""Calls of the core with tensors: layers over a sequence, forward and backward.

Tensors and the core's arrays share memory both ways; only weights change their layout.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch

from gatedcore import _core
from gatedcore.arrays import Array
from gatedcore.interop.torch import layer_by_layer
from gatedcore.interop.torch.layer_by_layer import Direction
from gatedcore.interop.torch.packing import PackedSteps
from gatedcore.interop.torch.sharing import array_of, rows_of, tensor_of
from gatedcore.interop.torch.weight_layout import (
    CoreWeights,
    from_core,
    gradient_memory,
    to_core,
)


class Layers(NamedTuple):
    """What a call's layers are."""

    cell: str  # "lstm" or "gru"
    num_layers: int
    bidirectional: bool
    time_major: bool  # (T, B, F), else (B, T, F); packed steps are neither

    @property
    def directions(self) -> int:
        """Directions of each layer."""
        return 2 if self.bidirectional else 1


class Operands(NamedTuple):
    """The tensors of a call."""

    x: torch.Tensor  # (T, B, I), (B, T, I), or packed (N, I)
    weights: list[torch.Tensor]  # in torch's order: layers, directions, their parameters
    h0: torch.Tensor | None  # (layers * directions, B, H); zeros unless given
    c0: torch.Tensor | None
    m_h: torch.Tensor | None = None  # factors of states (layers * directions, B, H)
    reset: torch.Tensor | None = None  # (T, B), (B, T) or (N,), as x: where a state begins anew
    batch_sizes: torch.Tensor | None = None  # of packed steps

    def of_direction(self, index: int, layers: Layers) -> list[torch.Tensor]:
        """Return the parameters of one direction of one layer."""
        each = len(self.weights) // (layers.num_layers * layers.directions)
        return self.weights[index * each : (index + 1) * each]

    def of_layer(self, index: int, layers: Layers) -> "Operands":
        """Return the operands of one layer, but for its input."""
        D = layers.directions
        each = len(self.weights) // layers.num_layers
        h0, c0, m_h = (
            None if states is None else states[index * D : (index + 1) * D]
            for states in (self.h0, self.c0, self.m_h)
        )
        weights = self.weights[index * each : (index + 1) * each]
        return self._replace(weights=weights, h0=h0, c0=c0, m_h=m_h)


class Results(NamedTuple):
    """What a call returns."""

    output: torch.Tensor
    h_n: torch.Tensor
    c_n: torch.Tensor | None


class Gradients(NamedTuple):
    """Gradients by the operands of a call."""

    x: torch.Tensor | None
    weights: list[torch.Tensor]
    h0: torch.Tensor
    c0: torch.Tensor | None


@dataclass(frozen=True)
class Saved:
    """What backward needs of a forward call; the core overwrites its part of it."""

    caches: list[Any]  # of the stack, or of each direction where layers ran one by one
    weights: list[list[CoreWeights]]
    packed: PackedSteps | None
    output: torch.Tensor  # shares its memory, and the count of changes to it
    version: int

    @property
    def is_stack(self) -> bool:
        """Whether all layers ran as one call."""
        return isinstance(self.caches[0], _core.StackCache)

    @property
    def is_intact(self) -> bool:
        """Whether what was saved is still what the forward call left."""
        return not any(c.consumed for c in self.caches) and self.output._version == self.version


def forward(
    layers: Layers, a: Operands, *, save: bool, gates: list[list[torch.Tensor]] | None = None
) -> tuple[Results, Saved | None]:
    """Run layers over a sequence, and keep what backward needs if ``save``.

    With resets, a projection, or a list for the gates, to which those of every direction are
    appended, directions run one after the other; the gates need ``save``.
    """
    packed = None
    x, mask, time_major = array_of(a.x), None, layers.time_major
    reset = None if a.reset is None else a.reset.numpy()
    if a.batch_sizes is not None:
        packed = PackedSteps(a.batch_sizes, len(x))
        x, mask, time_major = packed.spread(x), packed.mask, True
        reset = None if reset is None else packed.spread_flags(reset)
    directions = _directions(layers, a)
    projects = directions[0][0].weights.projection is not None
    with thread_limit():
        if reset is None and gates is None and not projects:
            stacked = [[_stacked(layers, d, packed) for d in layer] for layer in directions]
            h, nested, cache = _core.stack_forward(x, stacked, time_major, save, mask)
            assert h is not None
            states = [direction for layer in nested for direction in layer]
            caches = [] if cache is None else [cache]
        else:
            h, states, caches = layer_by_layer.forward(
                layers.cell, directions, x, mask=mask, reset=reset, time_major=time_major, save=save
            )
            if gates is not None:
                found = layer_by_layer.gates_of(layers.cell, caches, layers.directions, time_major)
                gates += [
                    [tensor_of(g if packed is None else packed.gather(g)) for g in of_direction]
                    for of_direction in found
                ]
    output = tensor_of(h if packed is None else packed.gather(h))
    h_n = _joined([s[0] for s in states])
    c_n = _joined([s[1] for s in states]) if layers.cell == "lstm" else None
    saved = None
    if save:
        weights = [[d.weights for d in layer] for layer in directions]
        version = 0 if output.is_inference() else output._version  # nothing goes back from those
        saved = Saved(caches, weights, packed, output.detach(), version)
    return Results(output, h_n, c_n), saved


def backward(
    layers: Layers, saved: Saved, d: tuple[torch.Tensor | None, ...], *, need_d_x: bool
) -> Gradients:
    """Return the gradients by all operands from those by output, h_n and, of an LSTM, c_n."""
    d_output, *d_last = d
    d_h = None if d_output is None else array_of(d_output)
    if saved.packed is not None and d_h is not None:
        d_h = saved.packed.spread(d_h)
    memory = [[gradient_memory(own) for own in layer] for layer in saved.weights]
    D = layers.directions
    d_states = [[_row(s, index) for s in d_last] for index in range(layers.num_layers * D)]
    with thread_limit():
        if saved.is_stack:
            nested = [d_states[i * D : (i + 1) * D] for i in range(layers.num_layers)]
            plain = [[own.plain for own in layer] for layer in memory]
            d_x, by_layer = _core.stack_backward(saved.caches[0], d_h, nested, need_d_x, plain)
            d_initial = [direction for layer in by_layer for direction in layer]
        else:
            d_x, d_initial = layer_by_layer.backward(
                layers.cell,
                saved.weights,
                saved.caches,
                d_h,
                d_states,
                memory,
                time_major=layers.time_major or saved.packed is not None,
                need_d_x=need_d_x,
            )
    if saved.packed is not None and d_x is not None:
        d_x = saved.packed.gather(d_x)
    return Gradients(
        None if d_x is None else torch.from_numpy(d_x),
        [g for layer in memory for own in layer for g in from_core(layers.cell, own)],
        _joined([s[0] for s in d_initial]),
        _joined([s[1] for s in d_initial]) if layers.cell == "lstm" else None,
    )


@contextmanager
def thread_limit() -> Iterator[None]:
    """Use no more threads than PyTorch was told to use."""
    try:
        _core.limit_this_thread(torch.get_num_threads())
        yield
    finally:
        _core.limit_this_thread(0)


def _directions(layers: Layers, a: Operands) -> list[list[Direction]]:
    def direction(index: int) -> Direction:
        h0, c0, m_h = (_row(t, index) for t in (a.h0, a.c0, a.m_h))
        return Direction(to_core(layers.cell, a.of_direction(index, layers)), h0, c0, m_h)

    D = layers.directions
    return [[direction(i * D + k) for k in range(D)] for i in range(layers.num_layers)]


def _stacked(
    layers: Layers, direction: Direction, packed: PackedSteps | None
) -> _core.LSTMDirection | _core.GRUDirection:
    weights, h0, c0, m_h = direction
    zero_output = packed is not None
    if layers.cell == "lstm":
        return _core.LSTMDirection(*weights.plain, h0, c0, "tanh", "sigmoid", zero_output, m_h=m_h)
    return _core.GRUDirection(*weights.plain, h0, "tanh", "sigmoid", True, zero_output, m_h=m_h)


def _row(states: torch.Tensor | None, index: int) -> Array | None:
    return None if states is None else rows_of(states[index])


def _joined(states: list[Array]) -> torch.Tensor:
    if len(states) == 1:
        return torch.from_numpy(states[0][None])  # no view to PyTorch, which refuses writes to one
    return torch.stack([torch.from_numpy(state) for state in states])

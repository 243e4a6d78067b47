"""Calls of the core with tensors: layers over a sequence, forward and backward.

Tensors and the core's arrays share memory both ways; only weights change their layout.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from gatedcore import _core
from gatedcore.arrays import Array
from gatedcore.interop.torch.packing import PackedSteps
from gatedcore.interop.torch.weight_layout import (
    CoreWeights,
    from_core,
    gradient_memory,
    to_core,
)

Mask = npt.NDArray[np.bool_]


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
    reset: torch.Tensor | None = None  # (T, B) or (B, T), as x: where a state begins anew
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
    def is_intact(self) -> bool:
        """Whether what was saved is still what the forward call left."""
        return not any(c.consumed for c in self.caches) and self.output._version == self.version


def array_of(x: torch.Tensor) -> Array:
    """Return a tensor's memory as an array whose last axis is contiguous."""
    x = x.detach()
    if x.stride(-1) != 1 and x.shape[-1] != 1:
        x = x.contiguous()
    array: Array = x.resolve_neg().numpy()
    return array


def forward(layers: Layers, a: Operands, *, save: bool) -> tuple[Results, Saved | None]:
    """Run layers over a sequence, and keep what backward needs if ``save``."""
    packed = None
    x, mask, time_major = array_of(a.x), None, layers.time_major
    if a.batch_sizes is not None:
        packed = PackedSteps(a.batch_sizes, len(x))
        x, mask, time_major = packed.spread(x), packed.mask, True
    weights = _weights(layers, a)
    h, states, cache = _core.stack_forward(
        x, _directions(layers, a, weights), time_major, save, mask
    )
    assert h is not None
    output = torch.from_numpy(h if packed is None else packed.gather(h))
    flat = [direction for layer in states for direction in layer]
    h_n = _joined([direction[0] for direction in flat])
    c_n = _joined([direction[1] for direction in flat]) if layers.cell == "lstm" else None
    saved = None
    if cache is not None:
        saved = Saved([cache], weights, packed, output.detach(), output._version)
    return Results(output, h_n, c_n), saved


def backward(
    layers: Layers, saved: Saved, d: tuple[torch.Tensor | None, ...], *, need_d_x: bool
) -> Gradients:
    """Return the gradients by all operands from those by output, h_n and, of an LSTM, c_n."""
    d_output, *d_states = d
    d_h = None if d_output is None else array_of(d_output)
    if saved.packed is not None and d_h is not None:
        d_h = saved.packed.spread(d_h)
    memory = [[gradient_memory(own) for own in layer] for layer in saved.weights]
    d_x, d_initial = _core.stack_backward(
        saved.caches[0], d_h, _state_gradients(layers, d_states), need_d_x, memory
    )
    if saved.packed is not None and d_x is not None:
        d_x = saved.packed.gather(d_x)
    flat = [direction for layer in d_initial for direction in layer]
    return Gradients(
        None if d_x is None else torch.from_numpy(d_x),
        [g for layer in memory for own in layer for g in from_core(layers.cell, own)],
        _joined([direction[0] for direction in flat]),
        _joined([direction[1] for direction in flat]) if layers.cell == "lstm" else None,
    )


def _weights(layers: Layers, a: Operands) -> list[list[CoreWeights]]:
    return [
        [
            to_core(layers.cell, a.of_direction(i * layers.directions + k, layers))
            for k in range(layers.directions)
        ]
        for i in range(layers.num_layers)
    ]


def _directions(
    layers: Layers, a: Operands, weights: list[list[CoreWeights]]
) -> list[list[_core.LSTMDirection | _core.GRUDirection]]:
    def direction(index: int, own: CoreWeights) -> _core.LSTMDirection | _core.GRUDirection:
        h0, c0, m_h = (_row(t, index) for t in (a.h0, a.c0, a.m_h))
        zero_output = a.batch_sizes is not None
        if layers.cell == "lstm":
            return _core.LSTMDirection(*own, h0, c0, "tanh", "sigmoid", zero_output, m_h=m_h)
        return _core.GRUDirection(*own, h0, "tanh", "sigmoid", True, zero_output, m_h=m_h)

    return [
        [direction(i * layers.directions + k, own) for k, own in enumerate(layer)]
        for i, layer in enumerate(weights)
    ]


def _row(states: torch.Tensor | None, index: int) -> Array | None:
    return None if states is None else array_of(states[index].detach().contiguous())


def _state_gradients(
    layers: Layers, d_states: list[torch.Tensor | None]
) -> list[list[list[Array | None]]]:
    return [
        [[_row(d, i * layers.directions + k) for d in d_states] for k in range(layers.directions)]
        for i in range(layers.num_layers)
    ]


def _joined(states: list[Array]) -> torch.Tensor:
    tensors = [torch.from_numpy(state) for state in states]
    return tensors[0].unsqueeze(0) if len(tensors) == 1 else torch.stack(tensors)

"""Layers run one direction after the other, where a stack cannot: with resets, a projection, gates.

Everything here is an array of the core. Results of a direction that runs backwards are turned, so
that all stand at the steps that they belong to.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from gatedcore import _core
from gatedcore.arrays import Array
from gatedcore.interop.torch.weight_layout import CoreWeights

Mask = npt.NDArray[np.bool_]


class Direction(NamedTuple):
    """One direction of one layer."""

    weights: CoreWeights
    h0: Array | None
    c0: Array | None
    m_h: Array | None


def forward(
    cell: str,
    layers: list[list[Direction]],
    x: Array,
    *,
    mask: Mask | None,
    reset: Mask | None,
    time_major: bool,
    save: bool,
) -> tuple[Array, list[tuple[Array, ...]], list[Any]]:
    """Return h of the last layer, and the last states and the cache of each direction.

    The output of steps that the mask leaves out is zero.
    """
    states: list[tuple[Array, ...]] = []
    caches: list[Any] = []
    for layer in layers:
        outputs = []
        for k, direction in enumerate(layer):
            backwards = k == 1
            resets = _before_steps_backwards(reset, time_major) if backwards else reset
            layout = (time_major, backwards, True, save)
            options = {"mask": mask, "zero_output_for_mask": mask is not None, "reset": resets}
            h, last, cache = _run(cell, direction, x, layout, options)
            outputs.append(_turned(h, time_major) if backwards else h)
            states.append(last)
            caches.append(cache)
        x = outputs[0] if len(outputs) == 1 else np.concatenate(outputs, axis=-1)
    return x, states, caches


def backward(
    cell: str,
    layers: list[list[CoreWeights]],
    caches: list[Any],
    d_h: Array | None,
    d_states: list[list[Array | None]],
    memory: list[list[CoreWeights]],
    *,
    time_major: bool,
    need_d_x: bool,
) -> tuple[Array | None, list[tuple[Array, ...]]]:
    """Add to gradients of weights; return d_x or None, and those by each direction's states."""
    d_initial: list[tuple[Array, ...]] = [()] * len(caches)
    d_x: Array | None = None
    index = len(caches)
    for i in reversed(range(len(layers))):
        index -= len(layers[i])
        units = layers[i][0].recurrent_kernel.shape[0]
        d_x = None
        for k, own in enumerate(memory[i]):
            arriving = None if d_h is None else d_h[..., k * units : (k + 1) * units]
            if arriving is not None and k == 1:
                arriving = _turned(arriving, time_major)
            direction = index + k
            d, *d_states_0 = _run_backward(
                cell, caches[direction], arriving, d_states[direction], need_d_x or i > 0, own
            )
            d_initial[direction] = tuple(d_states_0)
            d_x = d if d_x is None or d is None else d_x + d
        d_h = d_x
    return d_x, d_initial


def gates_of(cell: str, caches: list[Any], directions: int, time_major: bool) -> list[list[Array]]:
    """Return the gates of each direction, i f g o c or z r n."""
    read = _core.lstm_gates if cell == "lstm" else _core.gru_gates
    found = []
    for index, cache in enumerate(caches):
        gates: list[Array] = list(read(cache))
        backwards = directions == 2 and index % 2 == 1
        found.append([_turned(g, time_major) if backwards else g for g in gates])
    return found


def _run(
    cell: str,
    direction: Direction,
    x: Array,
    layout: tuple[bool, bool, bool, bool],
    options: dict[str, Any],
) -> tuple[Array, tuple[Array, ...], Any]:
    weights, h0, c0, m_h = direction
    options["m_h"] = m_h
    if cell == "lstm":
        h, h_last, c_last, cache = _core.lstm_forward(
            x,
            *weights.plain,
            h0,
            c0,
            "tanh",
            "sigmoid",
            *layout,
            projection=weights.projection,
            **options,
        )
        assert h is not None
        return h, (h_last, c_last), cache
    h, h_last, gru_cache = _core.gru_forward(
        x, *weights.plain, h0, "tanh", "sigmoid", True, *layout, **options
    )
    assert h is not None
    return h, (h_last,), gru_cache


def _run_backward(
    cell: str,
    cache: Any,
    d_h: Array | None,
    d_last: list[Array | None],
    need_d_x: bool,
    memory: CoreWeights,
) -> tuple[Any, ...]:
    if cell == "lstm":
        d_h_last, d_c_last = d_last
        return _core.lstm_backward(
            cache,
            d_h,
            d_h_last,
            d_c_last,
            need_d_x,
            *memory.plain,
            d_projection=memory.projection,
        )
    return _core.gru_backward(cache, d_h, d_last[0], need_d_x, *memory.plain)


def _turned(sequence: Array, time_major: bool) -> Array:
    return sequence[::-1] if time_major else sequence[:, ::-1]


def _before_steps_backwards(reset: Mask | None, time_major: bool) -> Mask | None:
    """Return where a backward direction begins anew: on the other side of the same cuts."""
    if reset is None:
        return None
    behind = np.zeros_like(reset)
    if time_major:
        behind[:-1] = reset[1:]
    else:
        behind[:, :-1] = reset[:, 1:]
    return behind

"""Several recurrent layers, of one direction or two, in one call."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, overload

import numpy as np

from gatedcore import _core
from gatedcore.arrays import Array, as_array, as_contiguous
from gatedcore.checks import check_bool, check_shape
from gatedcore.ops.gru_calls import GRUGradients
from gatedcore.ops.lstm_results import LSTMGradients
from gatedcore.ops.operands import (
    SavedCall,
    Weights,
    check_cache,
    mask_operand,
    sequence_operand,
)
from gatedcore.ops.stack_layers import Direction, call_of, directions_of, operands_of, weights_of

States = tuple[Array, ...]
# Of each layer and each of its directions.
Nested = list[list[States]]


class StackGradients(NamedTuple):
    """Gradients by everything that ``stack`` was given; ``x`` None where not wanted.

    ``layers[i][k]`` are those by the weights and initial states of direction k of layer i, without
    one by its input.
    """

    x: Array | None
    layers: list[list[LSTMGradients | GRUGradients]]


class StackCache(SavedCall[_core.StackCache]):
    """What ``stack(..., return_cache=True)`` saved for one call of ``stack_backward``."""

    __slots__ = ("_h_shape", "_states", "_weights")

    def __init__(
        self,
        core_cache: _core.StackCache,
        h_shape: tuple[int, ...],
        states: Nested,
        weights: list[list[Weights]],
    ) -> None:
        super().__init__(core_cache)
        self._h_shape = h_shape
        self._states = [[[s.shape for s in own] for own in layer] for layer in states]
        self._weights = weights


@overload
def stack(
    x: object, layers: Sequence[Direction | Sequence[Direction]], *, time_major: bool = False,
    mask: object = None, training: bool = True, return_cache: Literal[False] = False,
) -> tuple[Array, Nested]: ...  # fmt: skip
@overload
def stack(
    x: object, layers: Sequence[Direction | Sequence[Direction]], *, time_major: bool = False,
    mask: object = None, training: bool = True, return_cache: Literal[True],
) -> tuple[Array, Nested, StackCache]: ...  # fmt: skip
def stack(
    x: object,
    layers: Sequence[Direction | Sequence[Direction]],
    *,
    time_major: bool = False,
    mask: object = None,
    training: bool = True,
    return_cache: bool = False,
) -> tuple[Array, Nested] | tuple[Array, Nested, StackCache]:
    """Run LSTMs and GRUs over a sequence, each over the hidden states of the one before it.

    The results are those of ``lstm`` and ``gru`` one after the other, to the last bit. With several
    threads and few rows it is faster: layers and directions then run at the same time.

    Parameters
    ----------
    x : array-like, (B, T, I), or (T, B, I) if ``time_major``
        Input; no unit. Its dtype, float32 or float64, is that of the call; other numbers are
        converted to that of the first kernel.
    layers : sequence of StackedLSTM and StackedGRU, or of pairs of them
        One for each layer. Of a pair, for a layer of two directions, the second runs from the last
        step to the first; its hidden states stand behind those of the first, at the steps that
        they belong to. The next layer's kernel has a row for each feature of both.
    time_major : bool
        Whether time is the first axis of ``x`` and of the results.
    mask : array-like of bool, (B, T), or (T, B) if ``time_major``, optional
        True where a step counts, for every layer.
    training : bool
        Whether the dropout and zoneout of layers draw, as in training.
    return_cache : bool
        Whether to append what ``stack_backward`` needs.

    Returns
    -------
    h : ndarray, (B, T, H), or (T, B, H)
        Hidden state of the last layer after every step; H counts both directions.
    states : list of lists of tuples of ndarray, (B, H)
        ``states[i][k]`` is (h, c), for a GRU (h,), of direction k of layer i after its last step.
    cache : StackCache
        Only with ``return_cache``. It refers to the arrays of this call: leave them unchanged until
        ``stack_backward`` has run. ``h`` is read-only for that reason; copy it to write to it.

    Raises
    ------
    TypeError
        If a layer is neither, or an argument does not hold real numbers.
    ValueError
        If a shape disagrees with this table or an activation is unknown.

    References
    ----------
    docs/math.md, LSTM forward and GRU forward; Schuster and Paliwal (1997).
    """
    return_cache = check_bool("stack", "return_cache", return_cache)
    training = check_bool("stack", "training", training)
    directions = directions_of(layers)
    first = directions[0][0]
    sequence = sequence_operand("stack", x, first.kernel, first.recurrent_kernel, time_major)
    batch, steps = (sequence.shape[1 if time_major else 0], sequence.shape[0 if time_major else 1])
    inputs = sequence.shape[2]
    steps_mask = mask_operand("stack", "mask", mask, batch, steps, time_major=time_major)
    weights: list[list[Weights]] = []
    calls: list[list[_core.LSTMDirection | _core.GRUDirection]] = []
    for i, layer in enumerate(directions):
        weights.append([])
        calls.append([])
        for k, direction in enumerate(layer):
            where = f"stack: layers[{i}]" + (f"[{k}]" if len(layer) > 1 else "")
            own = weights_of(where, direction, inputs, sequence.dtype)
            weights[-1].append(own)
            dims = (steps, batch, inputs, own.recurrent_kernel.shape[0])
            operands = operands_of(where, direction, dims, sequence.dtype, training, time_major)
            calls[-1].append(call_of(where, direction, own, batch, operands, return_cache))
        inputs = sum(own.recurrent_kernel.shape[0] for own in weights[-1])
    h, states, core_cache = _core.stack_forward(
        sequence, calls, time_major, return_cache, steps_mask
    )
    assert h is not None
    if core_cache is None:
        return h, states
    h.flags.writeable = False  # backward reads it again
    return h, states, StackCache(core_cache, h.shape, states, weights)


def stack_backward(
    cache: StackCache,
    d_h: object = None,
    d_states: Sequence[Sequence[Sequence[object] | None] | None] | None = None,
    *,
    need_d_x: bool = True,
) -> StackGradients:
    """Run backpropagation through time over one call of ``stack``.

    Parameters
    ----------
    cache : StackCache
        From ``stack(..., return_cache=True)``; used up by this call.
    d_h : array-like, of the shape of h, optional
        Gradient of the loss by every hidden state of the last layer; zeros by default.
    d_states : nested sequences of array-likes, (B, H), as the states of ``stack``, optional
        Gradients by the last states of layers and directions; zeros for None at any level.
    need_d_x : bool
        Whether to compute the gradient of the input.

    Returns
    -------
    StackGradients
        New arrays; ``x`` in the layout of the input.

    Raises
    ------
    TypeError
        If ``cache`` comes from elsewhere or a gradient does not hold real numbers.
    ValueError
        If the cache was used before or a shape disagrees.

    References
    ----------
    docs/math.md, LSTM backward and GRU backward.
    """
    where = "stack_backward"
    check_cache(where, cache, StackCache)
    need_d_x = check_bool(where, "need_d_x", need_d_x)
    dtype = cache._weights[0][0].kernel.dtype
    advice = "pass the gradient of what forward returned"
    every = None
    if d_h is not None:
        every = as_array(where, "d_h", d_h, dtype)
        check_shape(where, "d_h", every, cache._h_shape, "the shape of h", advice)
    last = _state_gradients(where, d_states, cache._states, dtype)
    gradients = [[own.zeros_like() for own in layer] for layer in cache._weights]
    core_cache = cache.release_to(where)
    d_x, d_initial = _core.stack_backward(core_cache, every, last, need_d_x, gradients)
    by_layer = [
        [_gradients(*direction) for direction in zip(*layer, strict=True)]
        for layer in zip(gradients, d_initial, strict=True)
    ]
    return StackGradients(d_x, by_layer)


def _state_gradients(
    where: str, d_states: object, shapes: list[list[list[tuple[int, ...]]]], dtype: np.dtype[Any]
) -> list[list[list[Array | None]]]:
    """Return gradients by last states in the structure of the states, None where there are none."""

    def items(name: str, value: object, count: int) -> list[object]:
        if value is None:
            return [None] * count
        if not isinstance(value, list | tuple) or len(value) != count:
            size = f" of {len(value)}" if isinstance(value, list | tuple) else ""
            raise ValueError(
                f"{where}: {name} is a {type(value).__name__}{size}, expected {count} items or "
                "None; pass what is like the states that stack returned"
            )
        return list(value)

    def gradient(name: str, value: object, shape: tuple[int, ...]) -> Array | None:
        if value is None:
            return None
        array = as_contiguous(where, name, value, dtype)
        advice = "pass the gradient of what forward returned"
        check_shape(where, name, array, shape, "(B, H)", advice)
        return array

    return [
        [
            [
                gradient(f"d_states[{i}][{k}][{j}]", value, shape)
                for j, (value, shape) in enumerate(
                    zip(items(f"d_states[{i}][{k}]", own, len(of_own)), of_own, strict=True)
                )
            ]
            for k, (own, of_own) in enumerate(
                zip(items(f"d_states[{i}]", layer, len(of_layer)), of_layer, strict=True)
            )
        ]
        for i, (layer, of_layer) in enumerate(
            zip(items("d_states", d_states, len(shapes)), shapes, strict=True)
        )
    ]


def _gradients(
    weights: tuple[Array, Array, Array | None], initial: States
) -> LSTMGradients | GRUGradients:
    """Return a direction's gradients; an LSTM has two initial states."""
    if len(initial) == 2:
        return LSTMGradients(None, *weights, h0=initial[0], c0=initial[1])
    return GRUGradients(None, *weights, h0=initial[0])

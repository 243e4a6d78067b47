"""The LSTM on arrays: a whole sequence forward and backward, and one step."""

from typing import Literal, overload

import numpy as np

from gatedcore import _core
from gatedcore.activations import name_of
from gatedcore.arrays import Array, as_array, float_dtype
from gatedcore.checks import check_bool, check_rank
from gatedcore.ops.gate_variants import clip_operand, peephole_operand, projection_operand
from gatedcore.ops.lstm_results import LSTMCache, LSTMGates, LSTMGradients
from gatedcore.ops.operands import (
    check_cache,
    check_rates,
    check_recompute,
    mask_operand,
    random_operands,
    sequence_operand,
    state_operand,
    state_pair,
    weight_operands,
)
from gatedcore.random import draw_stream


@overload
def lstm(
    x: object, kernel: object, recurrent_kernel: object, bias: object = None,
    initial_state: object = None, *, activation: object = "tanh",
    recurrent_activation: object = "sigmoid", time_major: bool = False, go_backwards: bool = False,
    mask: object = None, zero_output_for_mask: bool = False, reset: object = None,
    dropout: float = 0.0, recurrent_dropout: float = 0.0, zoneout_h: float = 0.0,
    zoneout_c: float = 0.0, training: bool = True, seed: object = None,
    return_gates: Literal[False] = False, return_cache: Literal[False] = False,
    recompute: bool = False, peephole: object = None, clip: float | None = None,
    input_forget: bool = False, projection: object = None,
) -> tuple[Array, Array]: ...  # fmt: skip
@overload
def lstm(
    x: object, kernel: object, recurrent_kernel: object, bias: object = None,
    initial_state: object = None, *, activation: object = "tanh",
    recurrent_activation: object = "sigmoid", time_major: bool = False, go_backwards: bool = False,
    mask: object = None, zero_output_for_mask: bool = False, reset: object = None,
    dropout: float = 0.0, recurrent_dropout: float = 0.0, zoneout_h: float = 0.0,
    zoneout_c: float = 0.0, training: bool = True, seed: object = None,
    return_gates: Literal[True], return_cache: Literal[False] = False,
    recompute: bool = False, peephole: object = None, clip: float | None = None,
    input_forget: bool = False, projection: object = None,
) -> tuple[Array, Array, LSTMGates]: ...  # fmt: skip
@overload
def lstm(
    x: object, kernel: object, recurrent_kernel: object, bias: object = None,
    initial_state: object = None, *, activation: object = "tanh",
    recurrent_activation: object = "sigmoid", time_major: bool = False, go_backwards: bool = False,
    mask: object = None, zero_output_for_mask: bool = False, reset: object = None,
    dropout: float = 0.0, recurrent_dropout: float = 0.0, zoneout_h: float = 0.0,
    zoneout_c: float = 0.0, training: bool = True, seed: object = None,
    return_gates: Literal[False] = False, return_cache: Literal[True],
    recompute: bool = False, peephole: object = None, clip: float | None = None,
    input_forget: bool = False, projection: object = None,
) -> tuple[Array, Array, LSTMCache]: ...  # fmt: skip
@overload
def lstm(
    x: object, kernel: object, recurrent_kernel: object, bias: object = None,
    initial_state: object = None, *, activation: object = "tanh",
    recurrent_activation: object = "sigmoid", time_major: bool = False, go_backwards: bool = False,
    mask: object = None, zero_output_for_mask: bool = False, reset: object = None,
    dropout: float = 0.0, recurrent_dropout: float = 0.0, zoneout_h: float = 0.0,
    zoneout_c: float = 0.0, training: bool = True, seed: object = None,
    return_gates: Literal[True], return_cache: Literal[True],
    recompute: bool = False, peephole: object = None, clip: float | None = None,
    input_forget: bool = False, projection: object = None,
) -> tuple[Array, Array, LSTMGates, LSTMCache]: ...  # fmt: skip
def lstm(
    x: object,
    kernel: object,
    recurrent_kernel: object,
    bias: object = None,
    initial_state: object = None,
    *,
    activation: object = "tanh",
    recurrent_activation: object = "sigmoid",
    time_major: bool = False,
    go_backwards: bool = False,
    mask: object = None,
    zero_output_for_mask: bool = False,
    reset: object = None,
    dropout: float = 0.0,
    recurrent_dropout: float = 0.0,
    zoneout_h: float = 0.0,
    zoneout_c: float = 0.0,
    training: bool = True,
    seed: object = None,
    return_gates: bool = False,
    return_cache: bool = False,
    recompute: bool = False,
    peephole: object = None,
    clip: float | None = None,
    input_forget: bool = False,
    projection: object = None,
) -> (
    tuple[Array, Array]
    | tuple[Array, Array, LSTMGates]
    | tuple[Array, Array, LSTMCache]
    | tuple[Array, Array, LSTMGates, LSTMCache]
):
    """Run an LSTM over a sequence.

    Parameters
    ----------
    x : array-like, (B, T, I), or (T, B, I) if ``time_major``
        Input; no unit. Its dtype, float32 or float64, is that of the call; other numbers are
        converted to that of ``kernel``.
    kernel, recurrent_kernel : array-like, (I, 4H), (H, 4H)
        Weights, the gates i f g o side by side.
    bias : array-like, (4H,), optional
        Zeros by default.
    initial_state : pair of array-likes, (B, H) each, optional
        ``[h0, c0]``; zeros by default.
    activation, recurrent_activation : str
        Of candidate and cell state, and of the gates i f o.
    time_major : bool
        Whether time is the first axis of ``x`` and of the results.
    go_backwards : bool
        Whether the last step of ``x`` comes first. Results are in the order in which the steps
        ran, as in Keras.
    mask : array-like of bool, (B, T), or (T, B) if ``time_major``, optional
        True where a step counts; any pattern, padding before or behind as well as holes. A step
        that does not count leaves the states as they are and costs nothing.
    zero_output_for_mask : bool
        Whether ``h`` is zero at a step that does not count; by default it repeats that of the last
        step that does, and is zero before the first.
    reset : array-like of bool, of the shape of ``mask``, optional
        True where the states are set to zero before the step, and no gradient passes: where one
        episode or document ends and the next begins. After a reset a masked output is zero until
        the next step that counts.
    dropout, recurrent_dropout : float
        Share of the inputs, and of the states on their way into the recurrent product, that are
        dropped: one draw for each row, the same at every step and for every gate. The rest is
        scaled up to keep the mean.
    zoneout_h, zoneout_c : float
        Share of the units whose hidden state, and whose cell state, stays as it was: one draw for
        each unit, row and step.
    training : bool
        Whether dropout and zoneout draw, as in training. If not, nothing is dropped and each unit
        keeps the rate's share of its old state: what is expected of the draws.
    seed : int or numpy.random.Generator, optional
        What decides over the draws, with any number of threads; by default the library's
        generator.
    return_gates, return_cache : bool
        Whether to append the gates, and what ``lstm_backward`` needs.
    recompute : bool
        With ``return_cache``: whether the cache holds states alone, a third of its memory, and
        ``lstm_backward`` computes the gates anew. Gradients have the same bits and take up to a
        third more time, forward and backward together.
    peephole : array-like, (3, H), optional
        How much of its unit's cell state each gate i f o sees: i and f of the state before the
        step, o of that after it.
    clip : float, optional
        Limit of gates and candidate before their activation, to [-clip, clip]; where one is cut
        off, no gradient passes. The cell state has none.
    input_forget : bool
        Whether the forget gate is one minus the input gate; its weights then count for nothing.
    projection : array-like, (H, P), optional
        What projects the hidden state that leaves a step and enters the next: ``recurrent_kernel``
        is then (P, 4H), and h, its initial state and its gradients have P columns where H stands
        here. Neither with ``recompute`` nor with ``zoneout_h``.

    Returns
    -------
    h : ndarray, (B, T, H), or (T, B, H)
        Hidden state after every step.
    c : ndarray, (B, H)
        Cell state after the last step.
    gates : LSTMGates
        Only with ``return_gates``: i f g o and the cell states of every step; zeros where
        the mask leaves a step out.
    cache : LSTMCache
        Only with ``return_cache``. It refers to the arrays of this call: leave them unchanged until
        ``lstm_backward`` has run. ``h`` is read-only for that reason; copy it to write to it.

    Raises
    ------
    TypeError
        If an argument does not hold real numbers.
    ValueError
        If a shape disagrees with this table or an activation is unknown.

    References
    ----------
    docs/math.md, LSTM forward, dropout, zoneout, other gates, projection; Gers et al. (2000,
    2002), Sak et al. (2014).
    """
    go_backwards = check_bool("lstm", "go_backwards", go_backwards)
    return_gates = check_bool("lstm", "return_gates", return_gates)
    return_cache = check_bool("lstm", "return_cache", return_cache)
    recompute = check_recompute("lstm", recompute, return_gates, return_cache)
    zero_output = check_bool("lstm", "zero_output_for_mask", zero_output_for_mask)
    sequence = sequence_operand("lstm", x, kernel, recurrent_kernel, time_major)
    dtype = sequence.dtype
    w_r, state_shape = None, "(B, H)"
    if projection is not None:
        state_shape = "(B, P)"
        w_r = projection_operand("lstm", projection, dtype, recompute, zoneout_h)
    weights = weight_operands(
        "lstm", kernel, recurrent_kernel, bias,
        gates=4, inputs=sequence.shape[2], dtype=dtype, projection=w_r,
    )  # fmt: skip
    h0, c0 = state_pair(initial_state)
    batch = sequence.shape[1 if time_major else 0]
    width = weights.recurrent_kernel.shape[0]  # of h
    units = width if w_r is None else w_r.shape[0]
    steps = sequence.shape[0 if time_major else 1]
    steps_mask = mask_operand("lstm", "mask", mask, batch, steps, time_major=time_major)
    resets = mask_operand("lstm", "reset", reset, batch, steps, time_major=time_major)
    rates = check_rates(
        "lstm", dropout, recurrent_dropout, zoneout_h=zoneout_h, zoneout_c=zoneout_c
    )
    training = check_bool("lstm", "training", training)
    operands: tuple[Array | None, ...] = (None,) * 4
    if rates is not None:
        operands = random_operands(
            rates,
            draw_stream("lstm", seed) if training else None,
            (steps, batch, sequence.shape[2], units),
            dtype,
            time_major=time_major,
            width=width,
        )
    m_x, m_h, z_h, z_c = operands
    variant: tuple[Array | None, float, bool, Array | None] | tuple[()] = ()
    if not (peephole is None and clip is None and w_r is None and input_forget is False):
        variant = (
            peephole_operand("lstm", peephole, units, dtype),
            clip_operand("lstm", clip),
            check_bool("lstm", "input_forget", input_forget),
            w_r,
        )
    h, _, c_last, core_cache = _core.lstm_forward(
        sequence,
        *weights,
        state_operand("lstm", "initial_state[0]", h0, batch, width, dtype, state_shape),
        state_operand("lstm", "initial_state[1]", c0, batch, units, dtype),
        name_of("lstm", "activation", activation),
        name_of("lstm", "recurrent_activation", recurrent_activation),
        time_major,
        go_backwards,
        True,
        return_gates or return_cache,
        steps_mask,
        zero_output,
        resets,
        m_x,
        m_h,
        z_h,
        z_c,
        recompute,
        *variant,
    )
    assert h is not None
    if return_cache:
        h.flags.writeable = False  # backward reads it again
    if core_cache is None:
        return h, c_last
    if not return_cache:
        return h, c_last, LSTMGates(*_core.lstm_gates(core_cache))
    p = variant[0] if variant else None
    cache = LSTMCache(core_cache, sequence, weights, time_major, p, w_r)
    if not return_gates:
        return h, c_last, cache
    return h, c_last, LSTMGates(*_core.lstm_gates(core_cache)), cache


def lstm_backward(
    cache: LSTMCache,
    d_h: object = None,
    d_h_last: object = None,
    d_c_last: object = None,
    *,
    need_d_x: bool = True,
) -> LSTMGradients:
    """Run backpropagation through time over one call of ``lstm``.

    Parameters
    ----------
    cache : LSTMCache
        From ``lstm(..., return_cache=True)``; used up by this call.
    d_h : array-like, of the shape of h, optional
        Gradient of the loss by every hidden state, in the order of h; zeros by default.
    d_h_last, d_c_last : array-like, (B, H), optional
        Gradients by the last hidden and the last cell state, added to those of ``d_h``.
    need_d_x : bool
        Whether to compute the gradient of the input.

    Returns
    -------
    LSTMGradients
        New arrays; ``x`` in the layout and order of the input.

    Raises
    ------
    TypeError
        If ``cache`` comes from elsewhere or a gradient does not hold real numbers.
    ValueError
        If the cache was used before or a shape disagrees.

    References
    ----------
    docs/math.md, LSTM backward.
    """
    where = "lstm_backward"
    check_cache(where, cache, LSTMCache)
    every = cache.arriving(where, "d_h", d_h, sequence=True)
    last_h = cache.arriving(where, "d_h_last", d_h_last, sequence=False)
    last_c = cache.arriving(where, "d_c_last", d_c_last, sequence=False, units=cache.units)
    need_d_x = check_bool(where, "need_d_x", need_d_x)
    weights = cache.zero_gradients()
    core_cache = cache.release_to(where)
    d_peephole = None if cache.peephole is None else np.zeros_like(cache.peephole)
    d_projection = None if cache.projection is None else np.zeros_like(cache.projection)
    d_x, d_h0, d_c0 = _core.lstm_backward(
        core_cache, every, last_h, last_c, need_d_x, *weights, d_peephole, d_projection
    )
    gradients = LSTMGradients(d_x, *weights, d_h0, d_c0)
    gradients.peephole, gradients.projection = d_peephole, d_projection
    return gradients


def lstm_cell(
    x: object,
    h_prev: object,
    c_prev: object,
    kernel: object,
    recurrent_kernel: object,
    bias: object = None,
    *,
    activation: object = "tanh",
    recurrent_activation: object = "sigmoid",
) -> tuple[Array, Array]:
    """Run one step of an LSTM.

    Parameters
    ----------
    x : array-like, (B, I)
        Input of the step; no unit.
    h_prev, c_prev : array-like, (B, H)
        States before the step.
    kernel, recurrent_kernel, bias, activation, recurrent_activation
        As in ``lstm``.

    Returns
    -------
    h, c : ndarray, (B, H)
        States after the step.

    Raises
    ------
    TypeError
        If an argument does not hold real numbers.
    ValueError
        If a shape disagrees or an activation is unknown.

    References
    ----------
    docs/math.md, LSTM forward.
    """
    where = "lstm_cell"
    step = as_array(where, "x", x, float_dtype(x, kernel, recurrent_kernel))
    check_rank(where, "x", step, "(B, I)", "pass one time step; for a sequence use lstm")
    batch, inputs = step.shape
    weights = weight_operands(
        where, kernel, recurrent_kernel, bias, gates=4, inputs=inputs, dtype=step.dtype
    )
    units = weights.recurrent_kernel.shape[0]
    _, h, c, _ = _core.lstm_forward(
        step[None],
        *weights,
        state_operand(where, "h_prev", h_prev, batch, units, step.dtype),
        state_operand(where, "c_prev", c_prev, batch, units, step.dtype),
        name_of(where, "activation", activation),
        name_of(where, "recurrent_activation", recurrent_activation),
        True,
        False,
        False,
        False,
    )
    return h, c

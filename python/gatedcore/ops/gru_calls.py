"""The GRU on arrays: a whole sequence forward and backward, and one step."""

from typing import Literal, NamedTuple, overload

from gatedcore import _core
from gatedcore.activations import name_of
from gatedcore.arrays import Array, as_array, float_dtype
from gatedcore.checks import check_bool, check_rank
from gatedcore.ops.gate_variants import clip_operand
from gatedcore.ops.operands import (
    SavedPass,
    check_cache,
    check_rates,
    check_recompute,
    mask_operand,
    random_operands,
    sequence_operand,
    state_operand,
    weight_operands,
)
from gatedcore.random import draw_stream


class GRUGates(NamedTuple):
    """Gates after activation of every step; each in the layout of h."""

    z: Array
    r: Array
    n: Array


class GRUGradients(NamedTuple):
    """Gradients by everything that ``gru`` was given; ``x`` and ``bias`` None where not wanted."""

    x: Array | None
    kernel: Array
    recurrent_kernel: Array
    bias: Array | None
    h0: Array


class GRUCache(SavedPass[_core.GRUCache]):
    """What ``gru(..., return_cache=True)`` saved for one call of ``gru_backward``."""

    __slots__ = ()


@overload
def gru(
    x: object, kernel: object, recurrent_kernel: object, bias: object = None,
    initial_state: object = None, *, activation: object = "tanh",
    recurrent_activation: object = "sigmoid", reset_after: bool = True, time_major: bool = False,
    go_backwards: bool = False, mask: object = None, zero_output_for_mask: bool = False,
    reset: object = None, dropout: float = 0.0, recurrent_dropout: float = 0.0,
    zoneout_h: float = 0.0, training: bool = True, seed: object = None,
    return_gates: Literal[False] = False, return_cache: Literal[False] = False,
    recompute: bool = False, clip: float | None = None,
) -> Array: ...  # fmt: skip
@overload
def gru(
    x: object, kernel: object, recurrent_kernel: object, bias: object = None,
    initial_state: object = None, *, activation: object = "tanh",
    recurrent_activation: object = "sigmoid", reset_after: bool = True, time_major: bool = False,
    go_backwards: bool = False, mask: object = None, zero_output_for_mask: bool = False,
    reset: object = None, dropout: float = 0.0, recurrent_dropout: float = 0.0,
    zoneout_h: float = 0.0, training: bool = True, seed: object = None,
    return_gates: Literal[True], return_cache: Literal[False] = False,
    recompute: bool = False, clip: float | None = None,
) -> tuple[Array, GRUGates]: ...  # fmt: skip
@overload
def gru(
    x: object, kernel: object, recurrent_kernel: object, bias: object = None,
    initial_state: object = None, *, activation: object = "tanh",
    recurrent_activation: object = "sigmoid", reset_after: bool = True, time_major: bool = False,
    go_backwards: bool = False, mask: object = None, zero_output_for_mask: bool = False,
    reset: object = None, dropout: float = 0.0, recurrent_dropout: float = 0.0,
    zoneout_h: float = 0.0, training: bool = True, seed: object = None,
    return_gates: Literal[False] = False, return_cache: Literal[True],
    recompute: bool = False, clip: float | None = None,
) -> tuple[Array, GRUCache]: ...  # fmt: skip
@overload
def gru(
    x: object, kernel: object, recurrent_kernel: object, bias: object = None,
    initial_state: object = None, *, activation: object = "tanh",
    recurrent_activation: object = "sigmoid", reset_after: bool = True, time_major: bool = False,
    go_backwards: bool = False, mask: object = None, zero_output_for_mask: bool = False,
    reset: object = None, dropout: float = 0.0, recurrent_dropout: float = 0.0,
    zoneout_h: float = 0.0, training: bool = True, seed: object = None,
    return_gates: Literal[True], return_cache: Literal[True],
    recompute: bool = False, clip: float | None = None,
) -> tuple[Array, GRUGates, GRUCache]: ...  # fmt: skip
def gru(
    x: object,
    kernel: object,
    recurrent_kernel: object,
    bias: object = None,
    initial_state: object = None,
    *,
    activation: object = "tanh",
    recurrent_activation: object = "sigmoid",
    reset_after: bool = True,
    time_major: bool = False,
    go_backwards: bool = False,
    mask: object = None,
    zero_output_for_mask: bool = False,
    reset: object = None,
    dropout: float = 0.0,
    recurrent_dropout: float = 0.0,
    zoneout_h: float = 0.0,
    training: bool = True,
    seed: object = None,
    return_gates: bool = False,
    return_cache: bool = False,
    recompute: bool = False,
    clip: float | None = None,
) -> Array | tuple[Array, GRUGates] | tuple[Array, GRUCache] | tuple[Array, GRUGates, GRUCache]:
    """Run a GRU over a sequence.

    Parameters
    ----------
    x : array-like, (B, T, I), or (T, B, I) if ``time_major``
        Input; no unit. Its dtype, float32 or float64, is that of the call; other numbers are
        converted to that of ``kernel``.
    kernel, recurrent_kernel : array-like, (I, 3H), (H, 3H)
        Weights, the gates z r n side by side.
    bias : array-like, (2, 3H) with ``reset_after``, else (3H,), optional
        Zeros by default.
    initial_state : array-like, (B, H), optional
        ``h0``, or a list that holds it; zeros by default.
    activation, recurrent_activation : str
        Of the candidate n, and of the gates z r.
    reset_after : bool
        Whether the reset gate acts on the recurrent product (Keras, PyTorch, cuDNN) or on the
        state before it (Cho et al. 2014).
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
    zoneout_h : float
        Share of the units whose state stays as it was: one draw for each unit, row and step.
    training : bool
        Whether dropout and zoneout draw, as in training. If not, nothing is dropped and each unit
        keeps the rate's share of its old state: what is expected of the draws.
    seed : int or numpy.random.Generator, optional
        What decides over the draws, with any number of threads; by default the library's
        generator.
    return_gates, return_cache : bool
        Whether to append the gates, and what ``gru_backward`` needs.
    recompute : bool
        With ``return_cache``: whether the cache holds states alone, a fifth of its memory, and
        ``gru_backward`` computes the gates anew. Gradients have the same bits and take up to a
        third more time, forward and backward together.
    clip : float, optional
        Limit of gates and candidate before their activation, to [-clip, clip]; where one is cut
        off, no gradient passes.

    Returns
    -------
    h : ndarray, (B, T, H), or (T, B, H)
        Hidden state after every step.
    gates : GRUGates
        Only with ``return_gates``: z r n of every step; zeros where
        the mask leaves a step out.
    cache : GRUCache
        Only with ``return_cache``. It refers to the arrays of this call: leave them unchanged until
        ``gru_backward`` has run. ``h`` is read-only for that reason; copy it to write to it.

    Raises
    ------
    TypeError
        If an argument does not hold real numbers.
    ValueError
        If a shape disagrees with this table or an activation is unknown.

    References
    ----------
    docs/math.md, GRU forward, dropout and zoneout; Cho et al. (2014).
    """
    reset_after = check_bool("gru", "reset_after", reset_after)
    go_backwards = check_bool("gru", "go_backwards", go_backwards)
    return_gates = check_bool("gru", "return_gates", return_gates)
    return_cache = check_bool("gru", "return_cache", return_cache)
    recompute = check_recompute("gru", recompute, return_gates, return_cache)
    zero_output = check_bool("gru", "zero_output_for_mask", zero_output_for_mask)
    sequence = sequence_operand("gru", x, kernel, recurrent_kernel, time_major)
    dtype = sequence.dtype
    weights = weight_operands(
        "gru", kernel, recurrent_kernel, bias,
        gates=3, inputs=sequence.shape[2], dtype=dtype, two_biases=reset_after,
    )  # fmt: skip
    batch, units = sequence.shape[1 if time_major else 0], weights.recurrent_kernel.shape[0]
    if isinstance(initial_state, list | tuple) and len(initial_state) == 1:
        initial_state = initial_state[0]
    steps = sequence.shape[0 if time_major else 1]
    steps_mask = mask_operand("gru", "mask", mask, batch, steps, time_major=time_major)
    resets = mask_operand("gru", "reset", reset, batch, steps, time_major=time_major)
    rates = check_rates("gru", dropout, recurrent_dropout, zoneout_h=zoneout_h)
    training = check_bool("gru", "training", training)
    operands: tuple[Array | None, ...] = (None,) * 3
    if rates is not None:
        operands = random_operands(
            rates,
            draw_stream("gru", seed) if training else None,
            (steps, batch, sequence.shape[2], units),
            dtype,
            time_major=time_major,
        )
    m_x, m_h, z_h = operands
    h, _, core_cache = _core.gru_forward(
        sequence,
        *weights,
        state_operand("gru", "initial_state", initial_state, batch, units, dtype),
        name_of("gru", "activation", activation),
        name_of("gru", "recurrent_activation", recurrent_activation),
        reset_after,
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
        recompute,
        0.0 if clip is None else clip_operand("gru", clip),
    )
    assert h is not None
    if return_cache:
        h.flags.writeable = False  # backward reads it again
    if core_cache is None:
        return h
    if not return_cache:
        return h, GRUGates(*_core.gru_gates(core_cache))
    cache = GRUCache(core_cache, sequence, weights, time_major)
    if not return_gates:
        return h, cache
    return h, GRUGates(*_core.gru_gates(core_cache)), cache


def gru_backward(
    cache: GRUCache,
    d_h: object = None,
    d_h_last: object = None,
    *,
    need_d_x: bool = True,
) -> GRUGradients:
    """Run backpropagation through time over one call of ``gru``.

    Parameters
    ----------
    cache : GRUCache
        From ``gru(..., return_cache=True)``; used up by this call.
    d_h : array-like, of the shape of h, optional
        Gradient of the loss by every hidden state, in the order of h; zeros by default.
    d_h_last : array-like, (B, H), optional
        Gradient by the last hidden state, added to that of ``d_h``.
    need_d_x : bool
        Whether to compute the gradient of the input.

    Returns
    -------
    GRUGradients
        New arrays; ``x`` in the layout and order of the input.

    Raises
    ------
    TypeError
        If ``cache`` comes from elsewhere or a gradient does not hold real numbers.
    ValueError
        If the cache was used before or a shape disagrees.

    References
    ----------
    docs/math.md, GRU backward.
    """
    where = "gru_backward"
    check_cache(where, cache, GRUCache)
    every = cache.arriving(where, "d_h", d_h, sequence=True)
    last = cache.arriving(where, "d_h_last", d_h_last, sequence=False)
    need_d_x = check_bool(where, "need_d_x", need_d_x)
    weights = cache.zero_gradients()
    core_cache = cache.release_to(where)
    d_x, d_h0 = _core.gru_backward(core_cache, every, last, need_d_x, *weights)
    return GRUGradients(d_x, *weights, d_h0)


def gru_cell(
    x: object,
    h_prev: object,
    kernel: object,
    recurrent_kernel: object,
    bias: object = None,
    *,
    activation: object = "tanh",
    recurrent_activation: object = "sigmoid",
    reset_after: bool = True,
) -> Array:
    """Run one step of a GRU.

    Parameters
    ----------
    x : array-like, (B, I)
        Input of the step; no unit.
    h_prev : array-like, (B, H)
        State before the step.
    kernel, recurrent_kernel, bias, activation, recurrent_activation, reset_after
        As in ``gru``.

    Returns
    -------
    h : ndarray, (B, H)
        State after the step.

    Raises
    ------
    TypeError
        If an argument does not hold real numbers.
    ValueError
        If a shape disagrees or an activation is unknown.

    References
    ----------
    docs/math.md, GRU forward.
    """
    where = "gru_cell"
    reset_after = check_bool(where, "reset_after", reset_after)
    step = as_array(where, "x", x, float_dtype(x, kernel, recurrent_kernel))
    check_rank(where, "x", step, "(B, I)", "pass one time step; for a sequence use gru")
    batch, inputs = step.shape
    weights = weight_operands(
        where, kernel, recurrent_kernel, bias,
        gates=3, inputs=inputs, dtype=step.dtype, two_biases=reset_after,
    )  # fmt: skip
    units = weights.recurrent_kernel.shape[0]
    _, h, _ = _core.gru_forward(
        step[None],
        *weights,
        state_operand(where, "h_prev", h_prev, batch, units, step.dtype),
        name_of(where, "activation", activation),
        name_of(where, "recurrent_activation", recurrent_activation),
        reset_after,
        True,
        False,
        False,
        False,
    )
    return h

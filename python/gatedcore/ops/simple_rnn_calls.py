"""The simple recurrent network over a sequence: a loop over products of the core.

``h_t = act(x_t w_x + h_prev w_h + b)``. There is no fused kernel for it: products of all steps at
once are one call of the core each, and a step is one product and one activation. So the order of
every sum, and with it every bit, is the same with any number of threads.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from gatedcore import _core, activations
from gatedcore.arrays import Array
from gatedcore.unfused import UNFUSED

Steps = npt.NDArray[np.bool_]  # (T, B, 1), True where a step counts, in running order


class SimpleRNNWeights(NamedTuple):
    """Weights, or their gradients."""

    kernel: Array
    recurrent_kernel: Array
    bias: Array | None


class SimpleRNNCache(NamedTuple):
    """What a forward pass saved, all time-major and in running order."""

    weights: SimpleRNNWeights
    activation: str
    go_backwards: bool
    rows: Array  # (T B, I), inputs as they went into the product
    a: Array | None  # (T, B, H), before the activation, if its derivative needs it
    h: Array  # (T + 1, B, H)
    counts: Steps | None
    shown: Steps | None  # where an output is the state
    m_x: Array | None
    m_h: Array | None


def simple_rnn_forward(
    x: Array,
    weights: SimpleRNNWeights,
    h0: Array | None,
    activation: str,
    *,
    go_backwards: bool,
    return_sequences: bool,
    save: bool,
    mask: npt.NDArray[np.bool_] | None = None,
    zero_output_for_mask: bool = False,
    m_x: Array | None = None,
    m_h: Array | None = None,
) -> tuple[Array | None, Array, SimpleRNNCache | None]:
    """Run all steps; the arguments are trusted.

    Parameters
    ----------
    x : ndarray, (B, T, I)
        Input; no unit.
    weights : SimpleRNNWeights
        (I, H), (H, H) and (H,) or None.
    h0 : ndarray, (B, H), optional
        Zeros by default.
    activation : str
        Any of ``gatedcore.activations``.
    go_backwards, return_sequences, save : bool
        As of ``_core.gru_forward``.
    mask : ndarray of bool, (B, T), optional
        A step that does not count leaves the state as it is.
    zero_output_for_mask : bool
        Whether its output is zero instead of the last one before it.
    m_x, m_h : ndarray, (B, I) and (B, H), optional
        Factors of dropout.

    Returns
    -------
    h : ndarray, (B, T, H), or None
        Outputs of all steps in running order, if asked for.
    h_last : ndarray, (B, H)
        Last state.
    cache : SimpleRNNCache or None
        What ``simple_rnn_backward`` needs, if asked for.

    References
    ----------
    docs/math.md (74) to (77); Elman (1990).
    """
    kernel, recurrent_kernel, bias = weights
    batch, length, _ = x.shape
    units = recurrent_kernel.shape[0]
    steps = in_running_order(x, go_backwards)
    counts = None if mask is None else in_running_order(mask, go_backwards)[..., None]
    if counts is not None:
        steps = np.where(counts, steps, x.dtype.type(0))  # whatever stands there, NaN too
    if m_x is not None:
        steps = steps * m_x
    rows = np.ascontiguousarray(steps).reshape(length * batch, x.shape[2])
    a = _core.dense_forward(rows, kernel, bias, "linear").reshape(length, batch, units)

    h = np.empty((length + 1, batch, units), x.dtype)
    h[0] = 0 if h0 is None else h0
    for t in range(length):
        h_prev = h[t] if m_h is None else h[t] * m_h
        a[t] += _core.dense_forward(h_prev, recurrent_kernel, None, "linear")
        new = activations.apply(activation, a[t])
        h[t + 1] = new if counts is None else np.where(counts[t], new, h[t])

    h_last = h[length].copy()
    shown = counts
    if counts is not None and not zero_output_for_mask:
        shown = np.logical_or.accumulate(counts, axis=0)  # before the first there is no output
    outputs = None
    if return_sequences:
        seen = h[1:] if shown is None else np.where(shown, h[1:], x.dtype.type(0))
        outputs = np.array(seen.swapaxes(0, 1), order="C")  # a copy: the states are kept
    if not save:
        return outputs, h_last, None
    kept = a if activation in UNFUSED else None
    cache = SimpleRNNCache(
        weights, activation, go_backwards, rows, kept, h, counts, shown, m_x, m_h
    )
    return outputs, h_last, cache


def simple_rnn_backward(
    cache: SimpleRNNCache,
    d_h: Array | None,
    d_h_last: Array | None,
    need_d_x: bool,
    gradients: SimpleRNNWeights,
) -> tuple[Array | None, Array]:
    """Run all steps back; the gradients of the weights are added to.

    Parameters
    ----------
    cache : SimpleRNNCache
        Of the forward pass.
    d_h : ndarray, (B, T, H), optional
        What arrives at the outputs, in running order.
    d_h_last : ndarray, (B, H), optional
        What arrives at the last state.
    need_d_x : bool
        Whether to return the gradient of the input.
    gradients : SimpleRNNWeights
        Where those of the weights are added.

    Returns
    -------
    d_x : ndarray, (B, T, I), or None
        Gradient of the input.
    d_h0 : ndarray, (B, H)
        Gradient of the first state.

    References
    ----------
    docs/math.md (74) to (77).
    """
    h, counts = cache.h, cache.counts
    zero = h.dtype.type(0)
    length, batch, units = h.shape[0] - 1, h.shape[1], h.shape[2]
    arriving = None
    if d_h is not None:
        arriving = np.ascontiguousarray(d_h.swapaxes(0, 1))
        if cache.shown is not None:
            arriving = np.where(cache.shown, arriving, zero)
    back = np.ascontiguousarray(cache.weights.recurrent_kernel.T)
    d_a = np.empty((length, batch, units), h.dtype)
    d = np.zeros((batch, units), h.dtype) if d_h_last is None else np.array(d_h_last, order="C")
    for t in range(length - 1, -1, -1):
        if arriving is not None:
            d = d + arriving[t]
        d_new = d if counts is None else np.where(counts[t], d, zero)
        a = None if cache.a is None else cache.a[t]
        d_a[t] = activations.gradient(cache.activation, a, h[t + 1], d_new)
        d_prev = _core.dense_forward(d_a[t], back, None, "linear")
        if cache.m_h is not None:
            d_prev *= cache.m_h
        d = d_prev if counts is None else np.where(counts[t], d_prev, d)

    d_rows = d_a.reshape(length * batch, units)
    h_prev = h[:length] if cache.m_h is None else h[:length] * cache.m_h
    _core.dense_backward(
        h_prev.reshape(length * batch, units),
        cache.weights.recurrent_kernel,
        d_rows,
        d_rows,
        "linear",
        False,
        gradients.recurrent_kernel,
        None,
    )
    d_x = _core.dense_backward(
        cache.rows,
        cache.weights.kernel,
        d_rows,
        d_rows,
        "linear",
        need_d_x,
        gradients.kernel,
        gradients.bias,
    )
    if d_x is None:
        return None, d
    d_steps = d_x.reshape(length, batch, d_x.shape[1])
    if cache.m_x is not None:
        d_steps *= cache.m_x
    in_time = d_steps[::-1] if cache.go_backwards else d_steps
    return np.ascontiguousarray(in_time.swapaxes(0, 1)), d


def in_running_order(sequence: np.ndarray[Any, Any], go_backwards: bool) -> np.ndarray[Any, Any]:
    """Return a view (T, B, ...) of (B, T, ...), the step that runs first at the front."""
    steps = sequence.swapaxes(0, 1)
    return steps[::-1] if go_backwards else steps

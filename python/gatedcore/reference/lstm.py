"""An LSTM over a sequence in plain NumPy, forward and backward."""

from typing import NamedTuple

import numpy as np

from gatedcore.reference.activations import Array, activate, derivative
from gatedcore.reference.layout import swap_layout, to_caller, to_steps


class LSTMPass(NamedTuple):
    """All values of an LSTM's forward pass, time first, in the order of the steps."""

    x: Array  # (T, B, I), times m_x
    w_x: Array  # (I, 4H), gates i f g o
    w_h: Array  # (H, 4H)
    h: Array  # (T + 1, B, H), row 0 the initial state
    c: Array  # (T + 1, B, H), row 0 the initial state
    i: Array  # (T, B, H)
    f: Array  # (T, B, H)
    g: Array  # (T, B, H)
    o: Array  # (T, B, H)
    activation: str
    recurrent_activation: str
    time_major: bool
    go_backwards: bool
    m_x: Array | float  # (B, I)
    m_h: Array | float  # (B, H)
    z_h: Array  # (T, B, H)
    z_c: Array  # (T, B, H)
    clip: float
    p: Array  # (3, H)
    input_forget: bool


class _EveryGradient(NamedTuple):
    x: Array
    w_x: Array
    w_h: Array
    b: Array
    h0: Array
    c0: Array


class LSTMGradients(_EveryGradient):
    """Gradients of a loss by everything that an LSTM was given; ``x`` in the caller's layout.

    That by the peepholes, ``p``, is not part of the tuple.
    """

    p: Array


def lstm_forward(
    x: Array,
    w_x: Array,
    w_h: Array,
    b: Array | None = None,
    h0: Array | None = None,
    c0: Array | None = None,
    *,
    activation: str = "tanh",
    recurrent_activation: str = "sigmoid",
    time_major: bool = False,
    go_backwards: bool = False,
    m_x: Array | None = None,
    m_h: Array | None = None,
    z_h: Array | float = 0.0,
    z_c: Array | float = 0.0,
    clip: float = 0.0,
    p: Array | None = None,
    input_forget: bool = False,
) -> LSTMPass:
    """Run an LSTM over a sequence and keep every value.

    Parameters
    ----------
    x : ndarray, (B, T, I), or (T, B, I) if ``time_major``
        Input sequence; no unit.
    w_x, w_h, b : ndarray, (I, 4H), (H, 4H), (4H)
        Weights with the gates i f g o side by side; ``b`` None: zeros.
    h0, c0 : ndarray, (B, H)
        Initial states; None: zeros.
    activation, recurrent_activation : str
        Of candidate and cell state, and of the gates i f o.
    time_major, go_backwards : bool
        Layout of ``x``, and whether the last step of ``x`` comes first.
    m_x, m_h : ndarray, (B, I), (B, H)
        What dropout multiplies inputs and states by on their way into the products; None: ones.
    z_h, z_c : ndarray, (T, B, H), or float
        Shares of their old states that zoneout lets units keep, in the order of the steps.
    clip : float
        Limit of gates before their activation; 0: none.
    p : ndarray, (3, H)
        Weights of the peepholes of the gates i f o; None: zeros.
    input_forget : bool
        Whether the forget gate is one minus the input gate.

    Returns
    -------
    LSTMPass
        Gates, hidden and cell states of every step.

    Raises
    ------
    ValueError
        If an activation is unknown or shapes disagree.

    References
    ----------
    docs/math.md, LSTM forward; Gers, Schmidhuber and Cummins (2000).
    """
    steps = to_steps(x, time_major, go_backwards)
    if m_x is not None:
        steps = steps * m_x
    factors = 1.0 if m_h is None else m_h
    T, B, _ = steps.shape
    H = w_h.shape[0]
    h = np.zeros((T + 1, B, H), x.dtype)
    c = np.zeros((T + 1, B, H), x.dtype)
    i, f, g, o = (np.empty((T, B, H), x.dtype) for _ in range(4))
    z_h, z_c = np.broadcast_to(z_h, (T, B, H)), np.broadcast_to(z_c, (T, B, H))
    peephole = np.zeros((3, H), x.dtype) if p is None else p
    if h0 is not None:
        h[0] = h0
    if c0 is not None:
        c[0] = c0
    for t in range(T):
        a = steps[t] @ w_x + (h[t] * factors) @ w_h
        if b is not None:
            a = a + b
        a_i, a_f, a_g, a_o = np.split(a, 4, axis=1)
        i[t] = activate(recurrent_activation, a_i + peephole[0] * c[t], clip)
        f[t] = activate(recurrent_activation, a_f + peephole[1] * c[t], clip)
        if input_forget:
            f[t] = 1.0 - i[t]
        g[t] = activate(activation, a_g, clip)
        c_new = f[t] * c[t] + i[t] * g[t]
        o[t] = activate(recurrent_activation, a_o + peephole[2] * c_new, clip)
        h_new = o[t] * activate(activation, c_new)
        c[t + 1] = z_c[t] * c[t] + (1.0 - z_c[t]) * c_new
        h[t + 1] = z_h[t] * h[t] + (1.0 - z_h[t]) * h_new
    return LSTMPass(
        steps, w_x, w_h, h, c, i, f, g, o,
        activation, recurrent_activation, time_major, go_backwards,
        1.0 if m_x is None else m_x, factors, z_h, z_c,
        clip, peephole, input_forget,
    )  # fmt: skip


def lstm_backward(
    forward: LSTMPass,
    d_h: Array | None = None,
    d_h_last: Array | None = None,
    d_c_last: Array | None = None,
) -> LSTMGradients:
    """Run backpropagation through time over what ``lstm_forward`` kept.

    Parameters
    ----------
    forward : LSTMPass
        What ``lstm_forward`` returned.
    d_h : ndarray, (B, T, H), or (T, B, H) if time-major
        Gradient arriving at the hidden state of each step, in the order of the steps; None: zeros.
    d_h_last, d_c_last : ndarray, (B, H)
        Gradients arriving at the last hidden and cell state besides; None: zeros.

    Returns
    -------
    LSTMGradients
        Gradients by input, weights and initial states.

    Raises
    ------
    ValueError
        If shapes disagree.

    References
    ----------
    docs/math.md, LSTM backward.
    """
    x, w_x, w_h, h, c, i, f, g, o = forward[:9]
    activation, recurrent_activation, time_major, go_backwards, m_x, m_h, z_h, z_c = forward[9:17]
    clip, p, input_forget = forward[17:]
    T, B, H = i.shape
    arriving = np.zeros_like(i) if d_h is None else swap_layout(d_h, time_major)
    d_h_next = np.zeros((B, H), h.dtype) if d_h_last is None else d_h_last
    d_c_next = np.zeros((B, H), h.dtype) if d_c_last is None else d_c_last
    d_x = np.zeros_like(x)
    d_w_x, d_w_h = np.zeros_like(w_x), np.zeros_like(w_h)
    d_b, d_p = np.zeros(4 * H, h.dtype), np.zeros_like(p)
    for t in reversed(range(T)):
        d_h_t = arriving[t] + d_h_next
        d_h_new = (1.0 - z_h[t]) * d_h_t
        c_new = f[t] * c[t] + i[t] * g[t]
        m = activate(activation, c_new)
        d_a_o = d_h_new * m * derivative(recurrent_activation, o[t], clip)
        d_c = (1.0 - z_c[t]) * d_c_next + d_h_new * o[t] * derivative(activation, m)
        d_c = d_c + d_a_o * p[2]
        d_f = d_c * c[t]
        d_i = d_c * g[t]
        if input_forget:
            d_i, d_f = d_i - d_f, np.zeros_like(d_f)
        d_a_i = d_i * derivative(recurrent_activation, i[t], clip)
        d_a_f = d_f * derivative(recurrent_activation, f[t], clip)
        d_a_g = d_c * i[t] * derivative(activation, g[t], clip)
        d_a = np.concatenate([d_a_i, d_a_f, d_a_g, d_a_o], axis=1)
        d_p += np.stack([d_a_i * c[t], d_a_f * c[t], d_a_o * c_new]).sum(axis=1)
        d_w_x += x[t].T @ d_a
        d_w_h += (h[t] * m_h).T @ d_a
        d_b += d_a.sum(axis=0)
        d_x[t] = (d_a @ w_x.T) * m_x
        d_h_next = (d_a @ w_h.T) * m_h + z_h[t] * d_h_t
        d_c_next = d_c * f[t] + z_c[t] * d_c_next + d_a_i * p[0] + d_a_f * p[1]
    gradients = LSTMGradients(
        to_caller(d_x, time_major, go_backwards), d_w_x, d_w_h, d_b, d_h_next, d_c_next
    )
    gradients.p = d_p
    return gradients

"""A GRU over a sequence in plain NumPy, forward and backward, in both of its forms."""

from typing import NamedTuple

import numpy as np

from gatedcore.reference.activations import Array, activate, derivative
from gatedcore.reference.layout import swap_layout, to_caller, to_steps


class GRUPass(NamedTuple):
    """All values of a GRU's forward pass, time first, in the order of the steps."""

    x: Array  # (T, B, I), times m_x
    w_x: Array  # (I, 3H), gates z r n
    w_h: Array  # (H, 3H)
    h: Array  # (T + 1, B, H), row 0 the initial state
    z: Array  # (T, B, H)
    r: Array  # (T, B, H)
    n: Array  # (T, B, H)
    n_h: (
        Array  # (T, B, H), recurrent half of the candidate with its bias; zeros without reset_after
    )
    activation: str
    recurrent_activation: str
    reset_after: bool
    time_major: bool
    go_backwards: bool
    m_x: Array | float  # (B, I)
    m_h: Array | float  # (B, H)
    z_h: Array  # (T, B, H)
    clip: float


class GRUGradients(NamedTuple):
    """Gradients of a loss by everything that a GRU was given; ``x`` in the caller's layout."""

    x: Array
    w_x: Array
    w_h: Array
    b: Array  # (2, 3H) with reset_after, else (3H)
    h0: Array


def gru_forward(
    x: Array,
    w_x: Array,
    w_h: Array,
    b: Array | None = None,
    h0: Array | None = None,
    *,
    activation: str = "tanh",
    recurrent_activation: str = "sigmoid",
    reset_after: bool = True,
    time_major: bool = False,
    go_backwards: bool = False,
    m_x: Array | None = None,
    m_h: Array | None = None,
    z_h: Array | float = 0.0,
    clip: float = 0.0,
) -> GRUPass:
    """Run a GRU over a sequence and keep every value.

    Parameters
    ----------
    x : ndarray, (B, T, I), or (T, B, I) if ``time_major``
        Input sequence; no unit.
    w_x, w_h : ndarray, (I, 3H), (H, 3H)
        Weights with the gates z r n side by side.
    b : ndarray, (2, 3H) with ``reset_after``, else (3H)
        Biases, with ``reset_after`` one row for each product; None: zeros.
    h0 : ndarray, (B, H)
        Initial state; None: zeros.
    activation, recurrent_activation : str
        Of the candidate n, and of the gates z r.
    reset_after : bool
        Whether the reset gate acts on the recurrent product (Keras, PyTorch) or on the state
        before it (Cho et al. 2014).
    time_major, go_backwards : bool
        Layout of ``x``, and whether the last step of ``x`` comes first.
    m_x, m_h : ndarray, (B, I), (B, H)
        What dropout multiplies inputs and states by on their way into the products; None: ones.
    z_h : ndarray, (T, B, H), or float
        Shares of their old states that zoneout lets units keep, in the order of the steps.
    clip : float
        Limit of gates before their activation; 0: none.

    Returns
    -------
    GRUPass
        Gates and hidden states of every step.

    Raises
    ------
    ValueError
        If an activation is unknown or shapes disagree.

    References
    ----------
    docs/math.md, GRU forward; Cho et al. (2014).
    """
    steps = to_steps(x, time_major, go_backwards)
    if m_x is not None:
        steps = steps * m_x
    factors = 1.0 if m_h is None else m_h
    T, B, _ = steps.shape
    H = w_h.shape[0]
    h = np.zeros((T + 1, B, H), x.dtype)
    z, r, n, n_h = (np.zeros((T, B, H), x.dtype) for _ in range(4))
    z_h = np.broadcast_to(z_h, (T, B, H))
    b_x: Array | float = 0.0
    b_h: Array | float = 0.0
    if b is not None:
        b_x, b_h = (b[0], b[1]) if reset_after else (b, 0.0)
    if h0 is not None:
        h[0] = h0
    for t in range(T):
        x_z, x_r, x_n = np.split(steps[t] @ w_x + b_x, 3, axis=1)
        if reset_after:
            h_z, h_r, n_h[t] = np.split((h[t] * factors) @ w_h + b_h, 3, axis=1)
            z[t] = activate(recurrent_activation, x_z + h_z, clip)
            r[t] = activate(recurrent_activation, x_r + h_r, clip)
            n[t] = activate(activation, x_n + r[t] * n_h[t], clip)
        else:
            h_z, h_r = np.split((h[t] * factors) @ w_h[:, : 2 * H], 2, axis=1)
            z[t] = activate(recurrent_activation, x_z + h_z, clip)
            r[t] = activate(recurrent_activation, x_r + h_r, clip)
            n[t] = activate(activation, x_n + (r[t] * h[t] * factors) @ w_h[:, 2 * H :], clip)
        h_new = z[t] * h[t] + (1.0 - z[t]) * n[t]
        h[t + 1] = z_h[t] * h[t] + (1.0 - z_h[t]) * h_new
    return GRUPass(
        steps, w_x, w_h, h, z, r, n, n_h,
        activation, recurrent_activation, reset_after, time_major, go_backwards,
        1.0 if m_x is None else m_x, factors, z_h, clip,
    )  # fmt: skip


def gru_backward(
    forward: GRUPass, d_h: Array | None = None, d_h_last: Array | None = None
) -> GRUGradients:
    """Run backpropagation through time over what ``gru_forward`` kept.

    Parameters
    ----------
    forward : GRUPass
        What ``gru_forward`` returned.
    d_h : ndarray, (B, T, H), or (T, B, H) if time-major
        Gradient arriving at the hidden state of each step, in the order of the steps; None: zeros.
    d_h_last : ndarray, (B, H)
        Gradient arriving at the last hidden state besides; None: zeros.

    Returns
    -------
    GRUGradients
        Gradients by input, weights and initial state.

    Raises
    ------
    ValueError
        If shapes disagree.

    References
    ----------
    docs/math.md, GRU backward.
    """
    x, w_x, w_h, h, z, r, n, n_h = forward[:8]
    activation, recurrent_activation, reset_after, time_major, go_backwards = forward[8:13]
    m_x, m_h, z_h, clip = forward[13:]
    T, B, H = z.shape
    arriving = np.zeros_like(z) if d_h is None else swap_layout(d_h, time_major)
    d_h_next = np.zeros((B, H), h.dtype) if d_h_last is None else d_h_last
    d_x = np.zeros_like(x)
    d_w_x, d_w_h = np.zeros_like(w_x), np.zeros_like(w_h)
    d_b_x, d_b_h = np.zeros(3 * H, h.dtype), np.zeros(3 * H, h.dtype)
    for t in reversed(range(T)):
        d_h_t = arriving[t] + d_h_next
        d_h_old, d_h_t = z_h[t] * d_h_t, (1.0 - z_h[t]) * d_h_t
        d_z = d_h_t * (h[t] - n[t])
        d_n = d_h_t * (1.0 - z[t])
        d_a_z = d_z * derivative(recurrent_activation, z[t], clip)
        d_a_n = d_n * derivative(activation, n[t], clip)
        if reset_after:
            d_a_r = d_a_n * n_h[t] * derivative(recurrent_activation, r[t], clip)
            d_a_h = np.concatenate([d_a_z, d_a_r, d_a_n * r[t]], axis=1)
            d_w_h += (h[t] * m_h).T @ d_a_h
            d_b_h += d_a_h.sum(axis=0)
            d_h_next = d_h_old + d_h_t * z[t] + (d_a_h @ w_h.T) * m_h
        else:
            d_reset = (d_a_n @ w_h[:, 2 * H :].T) * m_h  # by r * h_prev
            d_a_r = d_reset * h[t] * derivative(recurrent_activation, r[t], clip)
            d_a_zr = np.concatenate([d_a_z, d_a_r], axis=1)
            d_w_h[:, : 2 * H] += (h[t] * m_h).T @ d_a_zr
            d_w_h[:, 2 * H :] += (r[t] * h[t] * m_h).T @ d_a_n
            through = (d_a_zr @ w_h[:, : 2 * H].T) * m_h
            d_h_next = d_h_old + d_h_t * z[t] + d_reset * r[t] + through
        d_a_x = np.concatenate([d_a_z, d_a_r, d_a_n], axis=1)
        d_w_x += x[t].T @ d_a_x
        d_b_x += d_a_x.sum(axis=0)
        d_x[t] = (d_a_x @ w_x.T) * m_x
    d_b = np.stack([d_b_x, d_b_h]) if reset_after else d_b_x
    return GRUGradients(to_caller(d_x, time_major, go_backwards), d_w_x, d_w_h, d_b, d_h_next)

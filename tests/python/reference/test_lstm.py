import itertools
import math

import numpy as np
import pytest

from finite_differences import assert_gradient
from gatedcore import reference
from problems import ACTIVATIONS, make_problem


def sigmoid(a: float) -> float:
    return 1.0 / (1.0 + math.exp(-a))


def test_two_steps_by_hand() -> None:
    # One unit, one input; the equations written out with Python's own floats.
    w_i, w_f, w_g, w_o = 0.5, -0.3, 0.8, 0.2
    u_i, u_f, u_g, u_o = 0.1, 0.4, -0.2, 0.3
    b_i, b_f, b_g, b_o = 0.01, 1.0, -0.05, 0.02
    h, c = 0.0, 0.0
    for x in (1.5, -0.7):
        i = sigmoid(w_i * x + u_i * h + b_i)
        f = sigmoid(w_f * x + u_f * h + b_f)
        g = math.tanh(w_g * x + u_g * h + b_g)
        o = sigmoid(w_o * x + u_o * h + b_o)
        c = f * c + i * g
        h = o * math.tanh(c)
    run = reference.lstm_forward(
        np.array([[[1.5], [-0.7]]]),
        np.array([[w_i, w_f, w_g, w_o]]),
        np.array([[u_i, u_f, u_g, u_o]]),
        np.array([b_i, b_f, b_g, b_o]),
    )
    np.testing.assert_allclose(run.h[-1], [[h]], rtol=0.0, atol=1e-15)  # a few roundings
    np.testing.assert_allclose(run.c[-1], [[c]], rtol=0.0, atol=1e-15)


def test_layouts_and_directions_agree() -> None:
    p = make_problem(4)
    plain = reference.lstm_forward(p.x, p.kernel, p.recurrent_kernel, p.bias, p.h0, p.c0)
    major = reference.lstm_forward(
        p.x.swapaxes(0, 1), p.kernel, p.recurrent_kernel, p.bias, p.h0, p.c0, time_major=True
    )
    flipped = reference.lstm_forward(
        p.x[:, ::-1], p.kernel, p.recurrent_kernel, p.bias, p.h0, p.c0, go_backwards=True
    )
    np.testing.assert_array_equal(plain.h, major.h)
    np.testing.assert_array_equal(plain.h, flipped.h)


@pytest.mark.parametrize(
    ("activation", "recurrent_activation"), list(itertools.product(ACTIVATIONS, repeat=2))
)
def test_backward_by_finite_differences(activation: str, recurrent_activation: str) -> None:
    # No value of this seed comes within STEP of a corner of relu or hard_sigmoid.
    p = make_problem(4, T=3, B=2, I=2, H=2, seed=3)

    def run(**layout: bool) -> reference.LSTMPass:
        return reference.lstm_forward(
            p.x, p.kernel, p.recurrent_kernel, p.bias, p.h0, p.c0,
            activation=activation, recurrent_activation=recurrent_activation, go_backwards=True,
        )  # fmt: skip

    def loss() -> float:
        r = run()
        h = r.h[1:].swapaxes(0, 1)
        last = (r.h[-1] * p.d_h_last).sum() + (r.c[-1] * p.d_c_last).sum()
        return float((h * p.d_h).sum() + last)

    gradients = reference.lstm_backward(run(), p.d_h, p.d_h_last, p.d_c_last)
    for given, array in zip(gradients, p[:6], strict=True):
        assert_gradient(given, loss, array)


def test_backward_in_time_major_layout() -> None:
    p = make_problem(4)
    args = (p.kernel, p.recurrent_kernel, p.bias, p.h0, p.c0)
    batch = reference.lstm_backward(reference.lstm_forward(p.x, *args), p.d_h)
    time = reference.lstm_backward(
        reference.lstm_forward(p.x.swapaxes(0, 1), *args, time_major=True), p.d_h.swapaxes(0, 1)
    )
    np.testing.assert_array_equal(batch.x, time.x.swapaxes(0, 1))
    np.testing.assert_array_equal(batch.w_h, time.w_h)


def test_zoneout_mixes_the_new_states_with_the_old_ones() -> None:
    p = make_problem(4, T=1)
    weights = (p.x, p.kernel, p.recurrent_kernel, p.bias, p.h0, p.c0)
    plain = reference.lstm_forward(*weights)
    z_h, z_c = np.random.default_rng(0).random((2, *plain.h[:1].shape))
    mixed = reference.lstm_forward(*weights, z_h=z_h, z_c=z_c)
    np.testing.assert_array_equal(mixed.h[1], z_h[0] * p.h0 + (1.0 - z_h[0]) * plain.h[1])
    np.testing.assert_array_equal(mixed.c[1], z_c[0] * p.c0 + (1.0 - z_c[0]) * plain.c[1])


def test_zoneout_backward_by_finite_differences() -> None:
    p = make_problem(4, T=4, B=2, I=2, H=3)
    z = dict(zip(("z_h", "z_c"), np.random.default_rng(0).random((2, 4, 2, 3)), strict=True))
    m_h = np.array([[0.0, 2.0, 2.0], [2.0, 0.0, 2.0]])

    def run() -> reference.LSTMPass:
        return reference.lstm_forward(*p[:6], m_h=m_h, **z)

    def loss() -> float:
        h, c = run().h, run().c
        every = float((h[1:].swapaxes(0, 1) * p.d_h).sum())
        return every + float((h[-1] * p.d_h_last).sum() + (c[-1] * p.d_c_last).sum())

    gradients = reference.lstm_backward(run(), p.d_h, p.d_h_last, p.d_c_last)
    for gradient, array in zip(gradients, p[:6], strict=True):
        assert_gradient(gradient, loss, array)

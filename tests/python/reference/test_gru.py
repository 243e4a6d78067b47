import itertools
import math

import numpy as np
import pytest

from finite_differences import assert_gradient
from gatedcore import reference
from problems import ACTIVATIONS, make_problem


def sigmoid(a: float) -> float:
    return 1.0 / (1.0 + math.exp(-a))


@pytest.mark.parametrize("reset_after", [True, False])
def test_two_steps_by_hand(reset_after: bool) -> None:
    w_z, w_r, w_n = 0.5, -0.3, 0.8
    u_z, u_r, u_n = 0.1, 0.4, -0.2
    b_z, b_r, b_n = 0.01, 0.3, -0.05
    v_z, v_r, v_n = (0.2, -0.1, 0.4) if reset_after else (0.0, 0.0, 0.0)
    h = 0.25
    for x in (1.5, -0.7):
        z = sigmoid(w_z * x + b_z + u_z * h + v_z)
        r = sigmoid(w_r * x + b_r + u_r * h + v_r)
        inner = r * (u_n * h + v_n) if reset_after else u_n * (r * h)
        n = math.tanh(w_n * x + b_n + inner)
        h = z * h + (1 - z) * n
    bias = [[b_z, b_r, b_n], [v_z, v_r, v_n]] if reset_after else [b_z, b_r, b_n]
    run = reference.gru_forward(
        np.array([[[1.5], [-0.7]]]),
        np.array([[w_z, w_r, w_n]]),
        np.array([[u_z, u_r, u_n]]),
        np.array(bias),
        np.array([[0.25]]),
        reset_after=reset_after,
    )
    np.testing.assert_allclose(run.h[-1], [[h]], rtol=0.0, atol=1e-15)  # a few roundings


def test_the_two_forms_agree_where_reset_is_a_number() -> None:
    # With one unit and no recurrent bias, r * (u h) = u (r h).
    p = make_problem(3, H=1, two_biases=True)
    p.bias[1] = 0.0
    after = reference.gru_forward(p.x, p.kernel, p.recurrent_kernel, p.bias, reset_after=True)
    before = reference.gru_forward(p.x, p.kernel, p.recurrent_kernel, p.bias[0], reset_after=False)
    np.testing.assert_allclose(after.h, before.h, rtol=0.0, atol=1e-15)  # rounding of one product


def test_layouts_and_directions_agree() -> None:
    p = make_problem(3, two_biases=True)
    plain = reference.gru_forward(p.x, p.kernel, p.recurrent_kernel, p.bias, p.h0)
    major = reference.gru_forward(
        p.x.swapaxes(0, 1), p.kernel, p.recurrent_kernel, p.bias, p.h0, time_major=True
    )
    flipped = reference.gru_forward(
        p.x[:, ::-1], p.kernel, p.recurrent_kernel, p.bias, p.h0, go_backwards=True
    )
    np.testing.assert_array_equal(plain.h, major.h)
    np.testing.assert_array_equal(plain.h, flipped.h)


@pytest.mark.parametrize("reset_after", [True, False])
@pytest.mark.parametrize(
    ("activation", "recurrent_activation"), list(itertools.product(ACTIVATIONS, repeat=2))
)
def test_backward_by_finite_differences(
    activation: str, recurrent_activation: str, reset_after: bool
) -> None:
    # No value of this seed comes within STEP of a corner of relu or hard_sigmoid.
    p = make_problem(3, T=3, B=2, I=2, H=2, two_biases=reset_after, seed=3)

    def run() -> reference.GRUPass:
        return reference.gru_forward(
            p.x, p.kernel, p.recurrent_kernel, p.bias, p.h0,
            activation=activation, recurrent_activation=recurrent_activation,
            reset_after=reset_after, go_backwards=True,
        )  # fmt: skip

    def loss() -> float:
        r = run()
        return float((r.h[1:].swapaxes(0, 1) * p.d_h).sum() + (r.h[-1] * p.d_h_last).sum())

    gradients = reference.gru_backward(run(), p.d_h, p.d_h_last)
    for given, array in zip(gradients, p[:5], strict=True):
        assert_gradient(given, loss, array)


def test_backward_in_time_major_layout() -> None:
    p = make_problem(3, two_biases=True)
    args = (p.kernel, p.recurrent_kernel, p.bias, p.h0)
    batch = reference.gru_backward(reference.gru_forward(p.x, *args), p.d_h)
    time = reference.gru_backward(
        reference.gru_forward(p.x.swapaxes(0, 1), *args, time_major=True), p.d_h.swapaxes(0, 1)
    )
    np.testing.assert_array_equal(batch.x, time.x.swapaxes(0, 1))
    np.testing.assert_array_equal(batch.w_h, time.w_h)


@pytest.mark.parametrize("reset_after", [True, False])
def test_zoneout_mixes_the_new_state_with_the_old_one(reset_after: bool) -> None:
    p = make_problem(3, T=1, two_biases=reset_after)
    plain = reference.gru_forward(*p[:5], reset_after=reset_after)
    z_h = np.random.default_rng(0).random(plain.h[:1].shape)
    mixed = reference.gru_forward(*p[:5], reset_after=reset_after, z_h=z_h)
    np.testing.assert_array_equal(mixed.h[1], z_h[0] * p.h0 + (1.0 - z_h[0]) * plain.h[1])


@pytest.mark.parametrize("reset_after", [True, False])
def test_zoneout_backward_by_finite_differences(reset_after: bool) -> None:
    p = make_problem(3, T=4, B=2, I=2, H=3, two_biases=reset_after)
    z_h = np.random.default_rng(0).random((4, 2, 3))
    m_h = np.array([[0.0, 2.0, 2.0], [2.0, 0.0, 2.0]])

    def run() -> reference.GRUPass:
        return reference.gru_forward(*p[:5], reset_after=reset_after, m_h=m_h, z_h=z_h)

    def loss() -> float:
        h = run().h
        return float((h[1:].swapaxes(0, 1) * p.d_h).sum() + (h[-1] * p.d_h_last).sum())

    gradients = reference.gru_backward(run(), p.d_h, p.d_h_last)
    for gradient, array in zip(gradients, p[:5], strict=True):
        assert_gradient(gradient, loss, array)

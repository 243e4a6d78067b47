"""Cells step by step, against the fused kernels where these can do the same."""

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed")

import gatedcore as gk
from gatedcore.interop.gate_order import KerasWeights
from gatedcore.interop.onnx.plain_cells import PlainOptions, run_plain

RNG = np.random.default_rng(0)
T, B, I, H = 5, 3, 2, 4  # noqa: E741
X = RNG.normal(size=(T, B, I))
STATES = RNG.normal(size=(2, B, H))
COUNTS = np.arange(T)[:, None, None] < np.array([5, 2, 0])[:, None]


def weights(gates, bias):
    kernel, recurrent = RNG.normal(size=(I, gates * H)), RNG.normal(size=(H, gates * H))
    return KerasWeights(kernel, recurrent, None if bias is None else RNG.normal(size=bias))


@pytest.mark.parametrize("counts", [None, COUNTS])
def test_lstm(counts):
    w = weights(4, (4 * H,))
    options = PlainOptions((gk.activations.sigmoid, gk.activations.tanh, gk.activations.tanh))
    h, (_, c) = run_plain("lstm", X, w, tuple(STATES), options, counts)
    mask = None if counts is None else counts[..., 0]
    expected, c_last = gk.ops.lstm(
        X, *w, list(STATES), time_major=True, mask=mask, zero_output_for_mask=True
    )
    np.testing.assert_allclose(h, expected, atol=1e-12)
    np.testing.assert_allclose(c, c_last, atol=1e-12)


@pytest.mark.parametrize("reset_after", [False, True])
@pytest.mark.parametrize("counts", [None, COUNTS])
def test_gru(counts, reset_after):
    w = weights(3, (2, 3 * H) if reset_after else (3 * H,))
    functions = gk.activations.hard_sigmoid, gk.activations.relu
    options = PlainOptions(functions, reset_after=reset_after)
    h, (last,) = run_plain("gru", X, w, (STATES[0],), options, counts)
    mask = None if counts is None else counts[..., 0]
    expected = gk.ops.gru(
        X, *w, STATES[0], time_major=True, mask=mask, zero_output_for_mask=True,
        activation="relu", recurrent_activation="hard_sigmoid", reset_after=reset_after,
    )  # fmt: skip
    np.testing.assert_allclose(h, expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(last[2], STATES[0][2] if counts is not None else h[-1, 2])


def test_simple_rnn():
    w = weights(1, None)
    h, (last,) = run_plain("simple_rnn", X, w, (STATES[0],), PlainOptions((np.tanh,)), None)
    layer = gk.SimpleRNN(H, use_bias=False, return_sequences=True, dtype="float64")
    layer.build((None, None, I))
    layer.set_weights(w[:2])
    np.testing.assert_allclose(h.swapaxes(0, 1), layer(X.swapaxes(0, 1), STATES[0]), atol=1e-12)
    np.testing.assert_array_equal(last, h[-1])


def test_peepholes_look_at_the_old_cell_state_and_the_output_gate_at_the_new():
    w = KerasWeights(np.zeros((I, 4 * H)), np.zeros((H, 4 * H)), None)
    p = np.arange(3.0)[:, None] * np.ones(H) + 1
    options = PlainOptions((gk.activations.sigmoid, np.tanh, np.tanh), peepholes=p)
    h, (_, c) = run_plain("lstm", X[:1], w, tuple(STATES), options, None)
    c_prev = STATES[1]
    np.testing.assert_allclose(c, c_prev / (1 + np.exp(-2 * c_prev)), atol=1e-12)
    np.testing.assert_allclose(h[0], np.tanh(c) / (1 + np.exp(-3 * c)), atol=1e-12)


def test_a_coupled_forget_gate_is_what_the_input_gate_leaves():
    w = weights(4, None)
    options = PlainOptions((gk.activations.sigmoid, np.tanh, np.tanh), coupled=True)
    _, (_, c) = run_plain("lstm", X[:1], w, tuple(STATES), options, None)
    a = X[0] @ w.kernel + STATES[0] @ w.recurrent_kernel
    i, g = 1 / (1 + np.exp(-a[:, :H])), np.tanh(a[:, 2 * H : 3 * H])
    np.testing.assert_allclose(c, (1 - i) * STATES[1] + i * g, atol=1e-12)


def test_clipping_bounds_what_goes_into_activations():
    seen = []

    def remember(a):
        seen.append(np.abs(a).max())
        return np.tanh(a)

    w = weights(3, None)
    options = PlainOptions((remember, remember), clip=0.5)
    run_plain("gru", 10 * X, w, (STATES[0],), options, None)
    assert len(seen) == 3 * T
    assert max(seen) == 0.5

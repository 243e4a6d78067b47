"""The simple recurrent network against a slow loop in float64, finite differences and PyTorch."""

import numpy as np
import pytest

import gatedcore as gk
from finite_differences import assert_gradient
from gatedcore import activations
from gatedcore.ops.simple_rnn_calls import (
    SimpleRNNWeights,
    simple_rnn_backward,
    simple_rnn_forward,
)

B, T, I, H = 3, 6, 2, 4  # noqa: E741  # the letters of the equations
RNG = np.random.default_rng(0)
X, H0 = RNG.normal(size=(B, T, I)), RNG.normal(size=(B, H))
WEIGHTS = SimpleRNNWeights(
    RNG.normal(size=(I, H)), 0.5 * RNG.normal(size=(H, H)), RNG.normal(size=H)
)
MASK = np.array([[1, 1, 1, 0, 0, 0], [0, 0, 1, 1, 0, 1], [0, 0, 0, 0, 0, 0]], bool)
FACTORS = {"m_x": RNG.choice([0.0, 2.0], (B, I)), "m_h": RNG.choice([0.0, 2.0], (B, H))}
ALL = {"go_backwards": False, "return_sequences": True, "save": True}
ONES = np.ones((B, 1))
# Sums of some ten terms: a few roundings of float64, which a relu passes on from step to step.
CLOSE = {"rtol": 1e-13, "atol": 1e-14}


def slow(x, weights, h0, activation, *, go_backwards, mask, zero_output, m_x=ONES, m_h=ONES):
    """Return outputs in running order and the last state, one row and step after the other."""
    outputs, last = np.zeros((B, T, H)), np.empty((B, H))
    for row in range(B):
        h, shown = h0[row], np.zeros(H)
        for step in range(T):
            t = T - 1 - step if go_backwards else step
            if mask is None or mask[row, t]:
                a = (x[row, t] * m_x[row]) @ weights.kernel + weights.bias
                a = a + (h * m_h[row]) @ weights.recurrent_kernel
                h = shown = activations.get(activation)(a)
                outputs[row, step] = shown
            elif not zero_output:
                outputs[row, step] = shown
        last[row] = h
    return outputs, last


@pytest.mark.parametrize("activation", ["tanh", "relu", "softsign", "softplus", "softmax"])
@pytest.mark.parametrize("go_backwards", [False, True])
@pytest.mark.parametrize("mask", [None, MASK])
@pytest.mark.parametrize("zero_output", [False, True])
@pytest.mark.parametrize("factors", [{}, FACTORS])
def test_forward_is_the_slow_loop(activation, go_backwards, mask, zero_output, factors):
    options = {"go_backwards": go_backwards, "mask": mask}
    h, h_last, cache = simple_rnn_forward(
        X, WEIGHTS, H0, activation, return_sequences=True, save=False,
        zero_output_for_mask=zero_output, **options, **factors,
    )  # fmt: skip
    expected = slow(X, WEIGHTS, H0, activation, zero_output=zero_output, **options, **factors)
    np.testing.assert_allclose(h, expected[0], **CLOSE)
    np.testing.assert_allclose(h_last, expected[1], **CLOSE)
    assert cache is None
    assert h.flags.c_contiguous


@pytest.mark.parametrize("activation", sorted(activations._BY_NAME))
@pytest.mark.parametrize("options", [{}, {"mask": MASK}, FACTORS])
@pytest.mark.parametrize("go_backwards", [False, True])
def test_gradients_by_finite_differences(activation, options, go_backwards):
    x, h0 = X.copy(), H0.copy()
    size = 0.05 if activation == "exponential" else 0.2  # which feeds on itself
    weights = SimpleRNNWeights(*(size * w for w in WEIGHTS))
    rng = np.random.default_rng(1)
    d_h, d_last = rng.normal(size=(B, T, H)), rng.normal(size=(B, H))
    manner = {**ALL, "go_backwards": go_backwards, **options}

    def loss() -> float:
        h, h_last, _ = simple_rnn_forward(x, weights, h0, activation, **{**manner, "save": False})
        return float((h * d_h).sum() + (h_last * d_last).sum())

    cache = simple_rnn_forward(x, weights, h0, activation, **manner)[2]
    gradients = SimpleRNNWeights(*(np.ones_like(w) for w in weights))
    d_x, d_h0 = simple_rnn_backward(cache, d_h, d_last, True, gradients)
    assert_gradient(d_x, loss, x)
    assert_gradient(d_h0, loss, h0)
    for gradient, weight in zip(gradients, weights, strict=True):
        assert_gradient(gradient - 1.0, loss, weight)  # added to what was there
    assert simple_rnn_backward(cache, None, d_last, False, gradients)[0] is None


def test_what_a_masked_step_holds_does_not_matter():
    spoilt = np.where(MASK[..., None], X, np.nan)
    gradients = []
    for x in (X, spoilt):
        h, _, cache = simple_rnn_forward(x, WEIGHTS, None, "tanh", mask=MASK, **ALL)
        zeros = SimpleRNNWeights(*(np.zeros_like(w) for w in WEIGHTS))
        d_x, d_h0 = simple_rnn_backward(cache, np.ones_like(h), None, True, zeros)
        assert (d_x[~MASK] == 0).all()
        gradients.append((h, d_x, d_h0, *zeros))
    for one, other in zip(*gradients, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_same_bits_with_any_number_of_threads(dtype):
    rng = np.random.default_rng(3)
    x = rng.normal(size=(33, 40, 50)).astype(dtype)
    weights = SimpleRNNWeights(
        *(0.1 * rng.normal(size=s).astype(dtype) for s in ((50, 70), (70, 70), (70,)))
    )
    results = []
    before = gk.get_num_threads()
    try:
        for threads in (1, 2, 3):
            gk.set_num_threads(threads)
            h, h_last, cache = simple_rnn_forward(x, weights, None, "tanh", **ALL)
            zeros = SimpleRNNWeights(*(np.zeros_like(w) for w in weights))
            d_x, d_h0 = simple_rnn_backward(cache, h, h_last, True, zeros)
            results.append((h, h_last, d_x, d_h0, *zeros))
    finally:
        gk.set_num_threads(before)
    assert results[0][0].dtype == dtype
    for other in results[1:]:
        for one, two in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
def test_agrees_with_pytorch(nonlinearity):
    torch = pytest.importorskip("torch")
    rnn = torch.nn.RNN(I, H, nonlinearity=nonlinearity, batch_first=True, dtype=torch.float64)
    kernel, recurrent, bias_x, bias_h = (p.detach().numpy() for p in rnn.parameters())
    weights = SimpleRNNWeights(kernel.T.copy(), recurrent.T.copy(), bias_x + bias_h)
    x, h0 = (torch.tensor(array, requires_grad=True) for array in (X, H0))
    y, last = rnn(x, h0[None])
    d_h, d_last = np.random.default_rng(1).normal(size=(B, T, H)), np.ones((B, H))
    ((y * torch.tensor(d_h)).sum() + (last[0] * torch.tensor(d_last)).sum()).backward()
    h, h_last, cache = simple_rnn_forward(X, weights, H0, nonlinearity, **ALL)
    zeros = SimpleRNNWeights(*(np.zeros_like(w) for w in weights))
    d_x, d_h0 = simple_rnn_backward(cache, d_h, d_last, True, zeros)
    np.testing.assert_allclose(h, y.detach(), **CLOSE)
    np.testing.assert_allclose(h_last, last[0].detach(), **CLOSE)
    far = {"rtol": 1e-12, "atol": 1e-13}  # sums over all steps and rows
    for ours, theirs in (
        (d_x, x.grad), (d_h0, h0.grad), (zeros.kernel.T, rnn.weight_ih_l0.grad),
        (zeros.recurrent_kernel.T, rnn.weight_hh_l0.grad), (zeros.bias, rnn.bias_ih_l0.grad),
    ):  # fmt: skip
        np.testing.assert_allclose(ours, theirs, **far)


@pytest.mark.parametrize(("rows", "steps"), [(0, 4), (2, 0), (1, 1)])
def test_nothing_to_do(rows, steps):
    x = np.ones((rows, steps, I))
    h, h_last, cache = simple_rnn_forward(x, WEIGHTS, None, "tanh", **ALL)
    assert (h.shape, h_last.shape) == ((rows, steps, H), (rows, H))
    zeros = SimpleRNNWeights(*(np.zeros_like(w) for w in WEIGHTS))
    d_x, d_h0 = simple_rnn_backward(cache, h, h_last, True, zeros)
    assert (d_x.shape, d_h0.shape) == (x.shape, (rows, H))

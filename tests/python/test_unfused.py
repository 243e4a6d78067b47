import math

import numpy as np
import pytest

from gatedcore import activations
from gatedcore.unfused import UNFUSED

X = np.array([[-800.0, -20.0, -1.5, -1e-3, 0.0, 1e-3, 2.0, 30.0, 800.0]])
# Closed forms in float64 where nothing overflows.
PLAIN = {
    "softplus": lambda x: np.log1p(np.exp(x)),
    "silu": lambda x: x / (1 + np.exp(-x)),
    "swish": lambda x: x / (1 + np.exp(-x)),
    "selu": lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x)),
    "exponential": np.exp,
    "leaky_relu": lambda x: np.where(x > 0, x, 0.2 * x),
    "relu6": lambda x: np.minimum(np.maximum(x, 0), 6),
    "gelu": lambda x: x * np.vectorize(math.erfc)(-x / math.sqrt(2)) / 2,
    "gelu_tanh": lambda x: x / (1 + np.exp(-2 * math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "log_sigmoid": lambda x: -np.log1p(np.exp(-x)),
    "mish": lambda x: x * np.tanh(np.log1p(np.exp(x))),
    "hard_silu": lambda x: x * np.minimum(np.maximum(x + 3, 0), 6) / 6,
    "hard_swish": lambda x: x * np.minimum(np.maximum(x + 3, 0), 6) / 6,
    "hard_tanh": lambda x: np.minimum(np.maximum(x, -1), 1),
    "softmax": lambda x: np.exp(x) / np.exp(x).sum(-1, keepdims=True),
    "log_softmax": lambda x: np.log(np.exp(x) / np.exp(x).sum(-1, keepdims=True)),
}


@pytest.mark.parametrize("name", UNFUSED)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_closed_forms(name, dtype):
    x = X[:, 1:-1].astype(dtype)
    y = getattr(activations, name)(x)
    assert y.dtype == dtype
    eps = np.finfo(dtype).eps  # also absolute: the logarithm of a number near 1
    np.testing.assert_allclose(y, PLAIN[name](x.astype("f8")), rtol=20 * eps, atol=eps)


@pytest.mark.parametrize("name", sorted(set(UNFUSED) - {"exponential"}))
def test_nothing_overflows(name):
    x = X.astype("f4")
    y = UNFUSED[name].value(x)
    assert np.isfinite(y).all()
    assert np.isfinite(UNFUSED[name].gradient(x, y, np.ones_like(x))).all()


@pytest.mark.parametrize("name", UNFUSED)
def test_gradients_are_those_of_finite_differences(name):
    rng = np.random.default_rng(0)
    x = rng.normal(scale=2.0, size=(3, 6))
    d_y, step = rng.normal(size=x.shape), 1e-6
    value, gradient = UNFUSED[name]
    expected = np.empty_like(x)
    for index in np.ndindex(*x.shape):
        moved = np.zeros_like(x)
        moved[index] = step
        expected[index] = (d_y * (value(x + moved) - value(x - moved))).sum() / (2 * step)
    np.testing.assert_allclose(gradient(x, value(x), d_y), expected, rtol=1e-6, atol=1e-8)


def test_gradients_keep_the_dtype():
    x = X.astype("f4")[:, 1:-1]
    for value, gradient in UNFUSED.values():
        assert gradient(x, value(x), np.ones_like(x)).dtype == np.float32


def test_agree_with_torch():
    torch = pytest.importorskip("torch")
    x = X[:, 1:-1].copy()
    functional = torch.nn.functional
    theirs = {
        "softmax": lambda t: functional.softmax(t, -1),
        "log_softmax": lambda t: functional.log_softmax(t, -1),
        "softplus": functional.softplus,
        "silu": functional.silu,
        "selu": functional.selu,
        "relu6": functional.relu6,
        "leaky_relu": lambda t: functional.leaky_relu(t, 0.2),
        "gelu": functional.gelu,
        "gelu_tanh": lambda t: functional.gelu(t, approximate="tanh"),
        "log_sigmoid": functional.logsigmoid,
        "mish": functional.mish,
        "hard_silu": functional.hardswish,
        "hard_tanh": functional.hardtanh,
    }
    for name, function in theirs.items():
        t = torch.from_numpy(x).requires_grad_()
        out = function(t)
        d_y = np.random.default_rng(0).normal(size=x.shape)
        out.backward(torch.from_numpy(d_y))
        y = UNFUSED[name].value(x)
        np.testing.assert_allclose(y, out.detach().numpy(), rtol=1e-8, atol=1e-12)
        ours = UNFUSED[name].gradient(x, y, d_y)
        inside = np.abs(x) > 1e-9  # at 0 slopes differ by convention
        np.testing.assert_allclose(ours[inside], t.grad.numpy()[inside], rtol=1e-8, atol=1e-12)

"""cpp/bindings/bind_dense.cpp: dense_forward, dense_backward and activate."""

import numpy as np
import pytest

from gatedcore import _core

ROWS, INPUTS, OUTPUTS = 6, 5, 3


def arguments(dtype: str = "float32") -> dict:
    rng = np.random.default_rng(0)
    return {
        "x": rng.normal(size=(ROWS, INPUTS)).astype(dtype),
        "kernel": rng.normal(size=(INPUTS, OUTPUTS)).astype(dtype),
        "bias": rng.normal(size=OUTPUTS).astype(dtype),
        "activation": "tanh",
    }


def gradients(dtype: str = "float32") -> dict:
    call = arguments(dtype)
    return {
        "x": call["x"],
        "kernel": call["kernel"],
        "y": _core.dense_forward(**call),
        "d_y": np.ones((ROWS, OUTPUTS), dtype),
        "activation": "tanh",
        "need_d_x": True,
        "d_kernel": np.zeros((INPUTS, OUTPUTS), dtype),
        "d_bias": np.zeros(OUTPUTS, dtype),
    }


# Five products and a sum, and the core's own tanh: a few ULP of values of order 1.
@pytest.mark.parametrize(("dtype", "atol"), [("float32", 1e-6), ("float64", 4e-15)])
def test_both_ways_as_numpy(dtype, atol):
    call = arguments(dtype)
    y = _core.dense_forward(**call)
    np.testing.assert_allclose(y, np.tanh(call["x"] @ call["kernel"] + call["bias"]), atol=atol)
    back = gradients(dtype)
    d_x = _core.dense_backward(**back)
    d_a = 1 - y * y
    np.testing.assert_allclose(d_x, d_a @ call["kernel"].T, atol=4 * atol)
    np.testing.assert_allclose(back["d_kernel"], call["x"].T @ d_a, atol=4 * atol)
    np.testing.assert_allclose(back["d_bias"], d_a.sum(0), atol=4 * atol)


def test_rows_may_be_apart():
    call = arguments()
    apart = np.repeat(call["x"], 2, axis=0)[::2]
    np.testing.assert_array_equal(
        _core.dense_forward(**call | {"x": apart}), _core.dense_forward(**call)
    )


def test_gradients_add_up():
    back = gradients()
    _core.dense_backward(**back)
    once = back["d_kernel"].copy()
    assert _core.dense_backward(**back | {"need_d_x": False}) is None
    np.testing.assert_array_equal(back["d_kernel"], 2 * once)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x", np.zeros((2, 3, INPUTS), "f4")),
        ("kernel", np.zeros((INPUTS + 1, OUTPUTS), "f4")),
        ("bias", np.zeros(OUTPUTS + 1, "f4")),
    ],
)
def test_wrong_shapes(name, value):
    with pytest.raises(ValueError, match=f"dense_forward: {name} has shape"):
        _core.dense_forward(**arguments() | {name: value})


@pytest.mark.parametrize("name", ["y", "d_y", "d_kernel", "d_bias"])
def test_wrong_shapes_backward(name):
    with pytest.raises(ValueError, match=f"dense_backward: {name} has shape"):
        _core.dense_backward(**gradients() | {name: np.zeros((2, 2), "f4")})


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_activate_keeps_the_shape(dtype):
    x = np.linspace(-2, 2, 30).astype(dtype).reshape(2, 3, 5)
    np.testing.assert_array_equal(_core.activate(x, "relu"), np.maximum(x, 0))


def test_activate_asks_for_contiguous_memory():
    with pytest.raises(ValueError, match="activate: x is not contiguous"):
        _core.activate(np.zeros((4, 4), "f4").T[::2], "relu")


@pytest.mark.parametrize("activation", ["linear", "tanh", "relu"])
def test_activation_gradient(activation):
    y, d_y = np.linspace(-0.9, 0.9, 6).reshape(2, 3), np.arange(6.0).reshape(2, 3)
    slope = {"linear": 1.0, "tanh": 1 - y * y, "relu": (y > 0) * 1.0}[activation]
    np.testing.assert_allclose(_core.activation_gradient(y, d_y, activation), d_y * slope)
    with pytest.raises(ValueError, match="activation_gradient: d_y has shape"):
        _core.activation_gradient(y, d_y[:1].copy(), activation)

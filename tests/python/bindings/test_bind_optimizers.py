"""cpp/bindings/bind_optimizers.cpp: steps in place over flat vectors."""

import numpy as np
import pytest

from gatedcore import _core

COUNT = 19


def vectors(*names: str, dtype: str = "float32") -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {name: np.abs(rng.normal(size=COUNT)).astype(dtype) for name in names}


def adam(**changes: object) -> dict:
    numbers = {"rate": 0.1, "beta_1": 0.9, "beta_2": 0.99, "epsilon": 1e-7}
    return vectors("parameters", "gradients", "m", "v") | numbers | changes


def sgd(**changes: object) -> dict:
    numbers = {"rate": 0.1, "momentum": 0.9, "nesterov": False}
    return vectors("parameters", "gradients", "velocity") | numbers | changes


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_adam_in_place(dtype):
    call = adam(**vectors("parameters", "gradients", "m", "v", dtype=dtype))
    p, g, m, v = (call[name].astype("f8") for name in ("parameters", "gradients", "m", "v"))
    assert _core.adam_step(**call) is None
    m += 0.1 * (g - m)
    v += 0.01 * (g * g - v)
    p -= 0.1 * m / (np.sqrt(v) + 1e-7)
    # Half a dozen roundings each.
    rtol = 1e-5 if dtype == "float32" else 1e-13
    for name, value in (("parameters", p), ("m", m), ("v", v)):
        np.testing.assert_allclose(call[name], value, rtol=rtol, atol=rtol)


def test_sgd_in_place():
    call = sgd(velocity=None)
    expected = call["parameters"] - np.float32(0.1) * call["gradients"]
    _core.sgd_step(**call)
    # A fused multiply-add rounds once, NumPy twice.
    np.testing.assert_allclose(call["parameters"], expected, rtol=2e-7, atol=1e-8)


@pytest.mark.parametrize("name", ["parameters", "gradients", "m", "v"])
def test_adam_refuses_what_does_not_fit(name):
    for wrong in (np.zeros((COUNT, 1), "f4"), np.zeros(2 * COUNT, "f4")[::2]):
        with pytest.raises(ValueError, match="adam_step: "):
            _core.adam_step(**adam(**{name: wrong}))
    with pytest.raises(TypeError, match=f"adam_step: {name} has dtype int64"):
        _core.adam_step(**adam(**{name: np.zeros(COUNT, "i8")}))


@pytest.mark.parametrize("name", ["parameters", "m", "v"])
def test_adam_refuses_read_only_memory(name):
    call = adam()
    call[name].flags.writeable = False
    before = call["parameters"].copy()
    with pytest.raises(ValueError, match=f"adam_step: {name} is read-only"):
        _core.adam_step(**call)
    np.testing.assert_array_equal(call["parameters"], before)


@pytest.mark.parametrize("name", ["parameters", "velocity"])
def test_sgd_refuses_read_only_memory(name):
    call = sgd()
    call[name].flags.writeable = False
    with pytest.raises(ValueError, match=f"sgd_step: {name} is read-only"):
        _core.sgd_step(**call)

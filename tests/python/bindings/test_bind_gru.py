"""cpp/bindings/bind_gru.cpp: what comes back, in which layout, and the life of a cache."""

import numpy as np
import pytest

from bindings.calls import B, H, I, T, gru_arguments, gru_cache, gru_gradients
from gatedcore import _core

FORMS = pytest.mark.parametrize("reset_after", [True, False])


@FORMS
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("time_major", [False, True])
def test_shapes_and_dtypes(dtype, time_major, reset_after):
    arguments = gru_arguments(dtype, reset_after) | {"time_major": time_major}
    if time_major:
        arguments["x"] = np.ascontiguousarray(arguments["x"].swapaxes(0, 1))
    h, h_last, cache = _core.gru_forward(**arguments)
    axes = (T, B) if time_major else (B, T)
    assert h.shape == (*axes, H)
    assert h_last.shape == (B, H)
    assert {h.dtype, h_last.dtype} == {np.dtype(dtype)}
    gradients = gru_gradients(dtype, reset_after) | {"d_h": np.ones((*axes, H), dtype)}
    d_x, d_h0 = _core.gru_backward(cache, **gradients)
    assert d_x.shape == (*axes, I)
    assert d_h0.shape == (B, H)


@FORMS
def test_the_bias_has_the_shape_of_its_form(reset_after):
    wrong = gru_arguments(reset_after=not reset_after)["bias"]
    expected = r"\(2, 3\*H\)" if reset_after else r"\(3\*H,\)"
    with pytest.raises(ValueError, match=f"gru_forward: bias has shape .*, expected {expected}"):
        _core.gru_forward(**gru_arguments(reset_after=reset_after) | {"bias": wrong})


@FORMS
def test_go_backwards_is_a_reversed_copy(reset_after):
    arguments = gru_arguments(reset_after=reset_after)
    gradients = gru_gradients(reset_after=reset_after)
    reversed_x = np.ascontiguousarray(arguments["x"][:, ::-1])
    expected, _, cache = _core.gru_forward(**arguments | {"x": reversed_x})
    result, _, backwards = _core.gru_forward(**arguments | {"go_backwards": True})
    np.testing.assert_array_equal(result, expected)
    d_x = _core.gru_backward(cache, **gradients)[0]
    np.testing.assert_array_equal(_core.gru_backward(backwards, **gradients)[0], d_x[:, ::-1])


def test_a_cache_is_consumed_once():
    cache = gru_cache()
    _core.gru_gates(cache)
    _core.gru_backward(cache, **gru_gradients())
    assert cache.consumed
    with pytest.raises(ValueError, match=r"gru_backward: cache has been consumed"):
        _core.gru_backward(cache, **gru_gradients())
    with pytest.raises(ValueError, match=r"gru_gates: cache has been consumed"):
        _core.gru_gates(cache)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("d_h", np.ones((B, T, H + 1), "f4")),
        ("d_h_last", np.ones((B, H + 1), "f4")),
        ("d_kernel", np.zeros((I, H), "f4")),
        ("d_recurrent_kernel", np.zeros((H, H), "f4")),
        ("d_bias", np.zeros(3 * H, "f4")),
    ],
)
def test_a_refused_gradient_leaves_cache_and_gradients_alone(name, value):
    cache = gru_cache()
    gradients = gru_gradients()
    with pytest.raises(ValueError, match=f"gru_backward: {name} has shape"):
        _core.gru_backward(cache, **gradients | {name: value})
    assert not cache.consumed
    assert not gradients["d_kernel"].any()


@FORMS
def test_gates_are_those_of_the_step(reset_after):
    arguments = gru_arguments("float64", reset_after)
    h, _, cache = _core.gru_forward(**arguments)
    z, r, n = _core.gru_gates(cache)
    before = np.concatenate([arguments["h0"][:, None], h[:, :-1]], axis=1)
    # Two roundings of values below 4.
    np.testing.assert_allclose(n + z * (before - n), h, rtol=0, atol=2e-15)
    assert ((r > 0) & (r < 1)).all()


def test_saved_bytes_at_the_promised_bound():
    assert gru_cache().nbytes == 20 * B * T * H


def test_a_cache_without_gates_has_none_to_show():
    cache = _core.gru_forward(**gru_arguments(), recompute=True)[2]
    assert cache.nbytes == 4 * B * T * H
    with pytest.raises(ValueError, match="gru_gates: cache is of a call with recompute=True"):
        _core.gru_gates(cache)
    assert not cache.consumed

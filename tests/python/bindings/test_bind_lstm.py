"""cpp/bindings/bind_lstm.cpp: what comes back, in which layout, and the life of a cache."""

import gc

import numpy as np
import pytest

from bindings.calls import B, H, I, T, lstm_arguments, lstm_cache, lstm_gradients
from gatedcore import _core


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("time_major", [False, True])
def test_shapes_and_dtypes(dtype, time_major):
    arguments = lstm_arguments(dtype) | {"time_major": time_major}
    if time_major:
        arguments["x"] = np.ascontiguousarray(arguments["x"].swapaxes(0, 1))
    h, h_last, c_last, cache = _core.lstm_forward(**arguments)
    axes = (T, B) if time_major else (B, T)
    assert h.shape == (*axes, H)
    assert h_last.shape == c_last.shape == (B, H)
    assert {h.dtype, h_last.dtype, c_last.dtype} == {np.dtype(dtype)}
    gradients = lstm_gradients(dtype) | {"d_h": np.ones((*axes, H), dtype)}
    d_x, d_h0, d_c0 = _core.lstm_backward(cache, **gradients)
    assert d_x.shape == (*axes, I)
    assert d_h0.shape == d_c0.shape == (B, H)


def test_only_what_is_asked_for_comes_back():
    arguments = lstm_arguments() | {"return_sequences": False, "save": False}
    h, h_last, _, cache = _core.lstm_forward(**arguments)
    assert h is None
    assert cache is None
    np.testing.assert_array_equal(h_last, _core.lstm_forward(**lstm_arguments())[1])


def test_time_major_is_the_same_with_axes_swapped():
    arguments = lstm_arguments()
    h = _core.lstm_forward(**arguments)[0]
    swapped = arguments | {"x": arguments["x"].swapaxes(0, 1), "time_major": True}
    np.testing.assert_array_equal(_core.lstm_forward(**swapped)[0].swapaxes(0, 1), h)


def test_go_backwards_is_a_reversed_copy():
    arguments = lstm_arguments()
    reversed_x = np.ascontiguousarray(arguments["x"][:, ::-1])
    expected, *_, cache = _core.lstm_forward(**arguments | {"x": reversed_x})
    result, *_, backwards = _core.lstm_forward(**arguments | {"go_backwards": True})
    np.testing.assert_array_equal(result, expected)
    d_x = _core.lstm_backward(cache, **lstm_gradients())[0]
    np.testing.assert_array_equal(
        _core.lstm_backward(backwards, **lstm_gradients())[0], d_x[:, ::-1]
    )


def test_a_cache_is_consumed_once():
    cache = lstm_cache()
    assert not cache.consumed
    _core.lstm_gates(cache)
    _core.lstm_backward(cache, **lstm_gradients())
    assert cache.consumed
    with pytest.raises(ValueError, match=r"lstm_backward: cache has been consumed"):
        _core.lstm_backward(cache, **lstm_gradients())
    with pytest.raises(ValueError, match=r"lstm_gates: cache has been consumed"):
        _core.lstm_gates(cache)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("d_h", np.ones((B, T, H + 1), "f4")),
        ("d_h_last", np.ones((B, H + 1), "f4")),
        ("d_c_last", np.ones((H, B), "f4")),
        ("d_kernel", np.zeros((I, H), "f4")),
        ("d_recurrent_kernel", np.zeros((H, H), "f4")),
        ("d_bias", np.zeros(H, "f4")),
    ],
)
def test_a_refused_gradient_leaves_cache_and_gradients_alone(name, value):
    cache = lstm_cache()
    gradients = lstm_gradients()
    with pytest.raises(ValueError, match=f"lstm_backward: {name} has shape"):
        _core.lstm_backward(cache, **gradients | {name: value})
    assert not cache.consumed
    assert not gradients["d_kernel"].any()


def test_a_cache_keeps_its_arrays_alive():
    arguments = lstm_arguments()
    expected = _core.lstm_backward(lstm_cache(), **lstm_gradients())[0]
    cache = _core.lstm_forward(**arguments)[3]
    del arguments
    gc.collect()
    [np.full((B, T, I), 7.0, "f4") for _ in range(50)]  # would reuse freed memory
    np.testing.assert_array_equal(_core.lstm_backward(cache, **lstm_gradients())[0], expected)


def test_gates_are_those_of_the_step():
    arguments = lstm_arguments("float64")
    h, _, c_last, cache = _core.lstm_forward(**arguments)
    i, f, g, o, c = _core.lstm_gates(cache)
    np.testing.assert_array_equal(c[:, -1], c_last)
    before = np.concatenate([arguments["c0"][:, None], c[:, :-1]], axis=1)
    # One rounding of the fused multiply-add, and the core's own tanh: 4 ULP of values below 2.
    np.testing.assert_allclose(f * before + i * g, c, rtol=0, atol=2e-15)
    np.testing.assert_allclose(o * np.tanh(c), h, rtol=0, atol=2e-15)


def test_saved_bytes_at_the_promised_bound():
    assert lstm_cache().nbytes == 24 * B * T * H


def test_a_cache_without_gates_has_none_to_show():
    cache = _core.lstm_forward(**lstm_arguments(), recompute=True)[3]
    assert cache.nbytes == 8 * B * T * H
    with pytest.raises(ValueError, match="lstm_gates: cache is of a call with recompute=True"):
        _core.lstm_gates(cache)
    assert not cache.consumed

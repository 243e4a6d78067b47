"""cpp/bindings/array_check.cpp: memory that does not fit is refused, with a message to act on."""

import re

import numpy as np
import pytest

from bindings.calls import B, H, I, T, lstm_arguments, lstm_cache, lstm_gradients, misaligned
from gatedcore import _core


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("x", np.zeros((B, T), "f4"), "x has shape (3, 4), expected (B, T, features)"),
        ("x", np.zeros((B, T, 0), "f4"), "with at least one feature"),
        ("kernel", np.zeros((I, 4 * H + 1), "f4"), "expected (I, 4*H) with H of at least 1"),
        ("kernel", np.zeros((I + 1, 4 * H), "f4"), "expected (I, 4*H) = (2, 20)"),
        ("kernel", np.zeros((I, 0), "f4"), "with H of at least 1"),
        ("recurrent_kernel", np.zeros((H, 4), "f4"), "expected (H, 4*H) = (5, 20)"),
        ("bias", np.zeros((1, 4 * H), "f4"), "has shape (1, 20), expected (4*H,) = (20,)"),
        ("h0", np.zeros((B + 1, H), "f4"), "h0 has shape (4, 5), expected (B, H) = (3, 5)"),
        ("c0", np.zeros((B, H, 1), "f4"), "expected (B, H) = (3, 5)"),
        ("activation", "swish", "activation is 'swish', expected one of linear, tanh"),
        ("recurrent_activation", "", "recurrent_activation is ''"),
    ],
)
def test_wrong_shapes_and_names(name, value, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        _core.lstm_forward(**lstm_arguments() | {name: value})


@pytest.mark.parametrize("name", ["x", "kernel", "recurrent_kernel", "bias", "h0", "c0"])
@pytest.mark.parametrize("dtype", ["int32", "float16", "complex64", ">f4"])
def test_wrong_dtypes(name, dtype):
    arguments = lstm_arguments()
    arguments[name] = arguments[name].astype(dtype)
    with pytest.raises(TypeError, match=rf"{name} has dtype .*, expected float32"):
        _core.lstm_forward(**arguments)


@pytest.mark.parametrize("name", ["kernel", "recurrent_kernel", "h0", "c0"])
def test_weights_and_states_must_be_contiguous(name):
    arguments = lstm_arguments()
    arguments[name] = np.asfortranarray(arguments[name])
    with pytest.raises(ValueError, match=f"{name} is not contiguous in C order"):
        _core.lstm_forward(**arguments)


@pytest.mark.parametrize("name", ["x", "kernel", "bias", "h0"])
def test_elements_must_be_aligned(name):
    arguments = lstm_arguments()
    arguments[name] = misaligned(arguments[name])
    with pytest.raises(ValueError, match=f"{name} is not aligned to its elements"):
        _core.lstm_forward(**arguments)


def test_features_must_be_contiguous():
    arguments = lstm_arguments()
    arguments["x"] = np.zeros((B, T, 2 * I), "f4")[..., ::2]
    with pytest.raises(ValueError, match="x has a last axis that is not contiguous"):
        _core.lstm_forward(**arguments)


def test_any_strides_of_the_other_axes_give_the_same_bits():
    arguments = lstm_arguments()
    x = arguments["x"]
    expected = _core.lstm_forward(**arguments)[0]
    for view in (
        np.asfortranarray(x.transpose(2, 0, 1)).transpose(1, 2, 0),
        np.ascontiguousarray(x[::-1, ::-1])[::-1, ::-1],
        np.repeat(np.repeat(x, 2, axis=0), 3, axis=1)[::2, ::3],
    ):
        assert view.strides != x.strides
        np.testing.assert_array_equal(view, x)
        if view.strides[2] == view.itemsize:
            result = _core.lstm_forward(**arguments | {"x": view})[0]
            np.testing.assert_array_equal(result, expected)


def test_one_row_may_stand_for_the_whole_batch():
    arguments = lstm_arguments()
    row = arguments["x"][:1]
    broadcast = np.broadcast_to(row, (B, T, I))
    expected = _core.lstm_forward(**arguments | {"x": np.ascontiguousarray(broadcast)})[0]
    result = _core.lstm_forward(**arguments | {"x": broadcast})[0]
    np.testing.assert_array_equal(result, expected)


HUGE = 2**58  # as many floats as NumPy counts the bytes of, and more than any memory holds


@pytest.mark.parametrize(
    ("steps", "rows"), [(2**29, 2**29), (HUGE, 1), (1, HUGE), (0, HUGE), (2**40, 1), (1, 2**40)]
)
@pytest.mark.parametrize("save", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_sizes_that_no_memory_holds_are_refused_at_once(steps, rows, save, masked):
    x = np.broadcast_to(np.zeros((1, 1, 1), "f4"), (rows, steps, 1))
    mask = np.broadcast_to(np.ones((1, 1), bool), (rows, steps)) if masked else None
    kernel = np.zeros((1, 4 * H), "f4")
    arguments = lstm_arguments() | {"x": x, "kernel": kernel, "h0": None, "c0": None}
    with pytest.raises((MemoryError, ValueError), match=r"[0-9.e+]+ bytes are needed, expected"):
        _core.lstm_forward(**arguments | {"save": save, "mask": mask, "return_sequences": True})
    kernel, recurrent_kernel = np.zeros((1, 3 * H), "f4"), np.zeros((H, 3 * H), "f4")
    with pytest.raises((MemoryError, ValueError), match=r"[0-9.e+]+ bytes are needed, expected"):
        _core.gru_forward(
            x,
            kernel,
            recurrent_kernel,
            None,
            None,
            "tanh",
            "sigmoid",
            True,
            False,
            False,
            True,
            save,
            mask=mask,
        )


def test_products_of_huge_sizes_do_not_come_out_small():
    # 2^60 rows of 16 units are 2^64 elements.
    x = np.empty((2**60, 0, 1), "f4")
    weights = np.zeros((1, 64), "f4"), np.zeros((16, 64), "f4")
    direction = _core.LSTMDirection(*weights, None, None, None, "tanh", "sigmoid")
    with pytest.raises(ValueError, match=r"bytes are needed, expected"):
        _core.stack_forward(x, [[direction]], False, False)
    with pytest.raises(ValueError, match=r"bytes are needed, expected"):
        _core.dense_forward(
            np.broadcast_to(np.zeros((1, 1), "f4"), (2**60, 1)), weights[0], None, "linear"
        )
    with pytest.raises(MemoryError, match=r"bytes are needed, expected"):
        _core.columns_from_rows([0, 1, 2, 3], np.zeros((2**59, 0), "f4"))


@pytest.mark.parametrize("name", ["d_kernel", "d_recurrent_kernel", "d_bias"])
def test_gradients_must_be_writable(name):
    gradients = lstm_gradients()
    gradients[name].flags.writeable = False
    with pytest.raises(ValueError, match=f"{name} is read-only"):
        _core.lstm_backward(lstm_cache(), **gradients)


def test_an_array_is_asked_for_not_a_list():
    with pytest.raises(TypeError, match="incompatible function arguments"):
        _core.lstm_forward(**lstm_arguments() | {"bias": [0.0] * (4 * H)})


def test_strides_of_axes_that_are_never_stepped_along_mean_nothing():
    arguments = lstm_arguments()
    x = np.zeros(1, dtype=[("x", "f4", (T, I)), ("pad", "i1")])["x"]
    x[:] = arguments["x"][:1]
    assert x.strides[0] % 4 != 0
    given = arguments | {"h0": None, "c0": None}
    expected = _core.lstm_forward(**given | {"x": x.copy()})[0]
    np.testing.assert_array_equal(_core.lstm_forward(**given | {"x": x})[0], expected)

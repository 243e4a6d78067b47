import re

import numpy as np
import pytest

from gatedcore.arrays import (
    aligned_zeros,
    as_array,
    as_contiguous,
    as_dtype,
    as_tokens,
    float_dtype,
)

FLOAT32, FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)


def take(value: object, dtype: np.dtype | None = None) -> np.ndarray:
    return as_array("here", "x", value, dtype)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.ones(2, np.float32), FLOAT32),
        (np.ones(2, np.float64), FLOAT64),
        (np.ones(2, np.float16), FLOAT32),
        (np.ones(2, np.int64), FLOAT32),
        (np.ones(2, np.uint8), FLOAT32),
        (np.ones(2, bool), FLOAT32),
        ([1, 2], FLOAT32),
        ([1.0, 2.0], FLOAT64),
        (3, FLOAT32),
        (np.float32(3), FLOAT32),
    ],
)
def test_dtype_without_a_wish(value: object, expected: np.dtype) -> None:
    assert take(value).dtype == expected
    assert take(value, FLOAT64).dtype == FLOAT64


def test_no_copy_where_nothing_has_to_change() -> None:
    x = np.ones((3, 4, 5), np.float32)
    assert take(x, FLOAT32) is x
    view = x[::2, ::-1]
    assert take(view) is view
    assert np.shares_memory(as_contiguous("here", "x", x), x)


def test_last_axis_becomes_contiguous_and_elements_aligned() -> None:
    x = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    for view in (x[..., ::2], x.T, x[..., ::-1]):
        taken = take(view)
        assert taken.strides[-1] == 4
        np.testing.assert_array_equal(taken, view)
    raw = np.zeros(17, np.uint8)[1:].view(np.float32)
    assert not raw.flags.aligned
    assert take(raw).flags.aligned


def test_foreign_byte_order() -> None:
    x = np.array([1.0, 2.0], ">f4")
    assert take(x).dtype.isnative
    assert take(x).tolist() == [1.0, 2.0]


class WithArray:
    def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
        return np.array([1.0, 2.0], np.float32)


class WithDlpack:
    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def __dlpack__(self, **options: object) -> object:
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.array.__dlpack_device__()


def test_protocols() -> None:
    assert take(WithArray()).tolist() == [1.0, 2.0]
    source = np.array([1.0, 2.0], np.float32)
    taken = take(WithDlpack(source))
    assert np.shares_memory(taken, source)
    assert float_dtype(WithDlpack(np.ones(2))) == FLOAT64
    assert float_dtype(WithDlpack(np.ones(2, np.int64))) == FLOAT32


def test_pandas() -> None:
    pandas = pytest.importorskip("pandas", reason="the extra [pandas] is not installed")
    frame = pandas.DataFrame({"a": [1, 2], "b": [3.5, 4.5]})
    assert take(frame).tolist() == [[1.0, 3.5], [2.0, 4.5]]
    assert take(frame["b"], FLOAT32).dtype == FLOAT32
    with pytest.raises(TypeError, match="here: x has dtype object, expected real numbers"):
        take(pandas.Series([1, None], dtype="object"))
    assert np.isnan(take(pandas.Series([1.0, None]))[1])
    with pytest.raises(TypeError, match="here: x has dtype datetime64"):
        take(pandas.date_range("2020-01-01", periods=2))


def test_torch() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    tensor = torch.arange(6, dtype=torch.float32).reshape(2, 3)
    assert np.shares_memory(take(tensor), tensor.numpy())
    assert take(tensor.t()).tolist() == tensor.t().tolist()
    assert take(tensor.to(torch.int64)).dtype == FLOAT32
    with pytest.raises(TypeError, match=r"here: x of type Tensor gives no array .* detach it"):
        take(tensor.requires_grad_())
    with pytest.raises(TypeError, match=r"here: x of type Tensor gives no array .* to float32"):
        take(torch.zeros(2, dtype=torch.bfloat16))
    assert float_dtype(torch.zeros(2, dtype=torch.float64)) == FLOAT64


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (None, TypeError, "here: x has type NoneType, expected an array"),
        ("1.0", TypeError, "here: x has type str, expected an array"),
        ({}, TypeError, "here: x has type dict, expected an array"),
        (["1.0"], TypeError, "here: x has dtype <U3, expected real numbers"),
        (np.ones(2, complex), TypeError, "here: x has dtype complex128, expected real numbers"),
        ([[1.0], [1.0, 2.0]], ValueError, "here: x of type list gives no array"),
        (
            [np.ones((3, 1)), np.ones((2, 1))],
            ValueError,
            "equally long with gatedcore.utils.pad_se",
        ),
        (np.ma.masked_array([1.0], [True]), ValueError, "here: x is a masked array, expected one"),
    ],
)
def test_what_holds_no_numbers(value: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        take(value)


def test_as_dtype() -> None:
    assert as_dtype("here", "float64") == FLOAT64
    assert as_dtype("here", np.float32) == FLOAT32
    for wrong in (None, "nonsense", "int32", np.complex64, 3, {"x": 1}, "(2,"):
        with pytest.raises(ValueError, match=r"here: dtype is .*, expected 'float32' or 'float64'"):
            as_dtype("here", wrong)


def test_float_dtype() -> None:
    assert float_dtype([1.0], np.ones(1, int)) == FLOAT32
    assert float_dtype(np.ones(1, int), np.ones(1)) == FLOAT64
    assert float_dtype(np.ones(1, np.float32), np.ones(1)) == FLOAT32


@pytest.mark.parametrize("count", [0, 1, 7, 1000])
def test_aligned_zeros(count: int) -> None:
    for dtype in (FLOAT32, FLOAT64):
        vector = aligned_zeros(count, dtype)
        assert vector.ctypes.data % 64 == 0 or not count
        assert vector.tolist() == [0.0] * count
        assert vector.flags.writeable


def test_big_endian_float64_stays_float64():
    big = np.arange(3, dtype=">f8")
    array = as_array("f", "x", big)
    assert array.dtype == np.dtype("=f8")
    assert float_dtype(big) == np.dtype("=f8")
    np.testing.assert_array_equal(array, big)


def test_a_number_beyond_float32_is_an_error_that_says_so() -> None:
    message = r"here: x holds a number of size 1e\+300, expected at most 3.4e\+38 for float32"
    with pytest.raises(ValueError, match=message):
        as_array("here", "x", np.array([1.0, -1e300, np.nan]), FLOAT32)
    np.testing.assert_array_equal(
        as_array("here", "x", [np.inf, -np.inf], FLOAT32), [np.inf, -np.inf]
    )


def test_a_frame_of_float64_counts_as_float64() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1.0], "b": [2.0]})
    assert float_dtype(frame) == np.float64
    assert float_dtype(frame.astype("float32")) == np.float32
    assert float_dtype(frame.astype(int)) == np.float32


@pytest.mark.parametrize("dtype", ["i1", "u2", "i4", ">i4", "i8", "f4", "f8"])
def test_tokens_of_any_dtype(dtype):
    tokens = as_tokens("f", "x", np.array([0, 3, 100], dtype))
    assert tokens.dtype == np.int32
    np.testing.assert_array_equal(tokens, [0, 3, 100])


def test_tokens_are_not_copied_without_need():
    x = np.arange(4, dtype=np.int32)
    assert as_tokens("f", "x", x) is x


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ([1.5], ValueError, "f: x holds 1.5, expected whole numbers"),
        ([np.nan], ValueError, "f: x holds nan"),
        ([2**31], ValueError, "f: x holds 2147483648"),
        ([True], TypeError, "f: x has dtype bool"),
        (["a"], TypeError, "expected integers"),
    ],
)
def test_tokens_that_are_none(value, error, message):
    with pytest.raises(error, match=message):
        as_tokens("f", "x", value)

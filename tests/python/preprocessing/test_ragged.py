import re

import numpy as np
import pytest

from gatedcore.preprocessing.ragged import Ragged, same_numbers


def test_sequences_one_after_the_other() -> None:
    ragged = Ragged.of("here", [[1, 2], [], np.array([3])])
    assert ragged.values.tolist() == [1, 2, 3]
    assert ragged.offsets.tolist() == [0, 2, 2, 3]
    assert ragged.lengths.tolist() == [2, 0, 1]
    assert (len(ragged), ragged.step_shape) == (3, ())
    steps = Ragged.of("here", [[], np.ones((2, 4)), np.ones((1, 4))])
    assert (steps.step_shape, steps.lengths.tolist()) == ((4,), [0, 2, 1])
    assert Ragged.of("here", []).offsets.tolist() == [0]


def test_padded_rows_in_any_order() -> None:
    ragged = Ragged.of("here", [[1, 2], [], [3, 4, 5]])
    padded = ragged.padded([2, 0, 1], 2, 9, at_end=True, cut_end=False)
    assert padded.tolist() == [[4, 5], [1, 2], [9, 9]]
    assert ragged.padded([], 2, 0, at_end=True, cut_end=True).shape == (0, 2)


@pytest.mark.parametrize(
    ("values", "dtype"),
    [([1.0, -2.0], "int32"), ([0.1, np.nan, np.inf], "float32"), ([255], "uint8"), ([2**40], "f4")],
)
def test_numbers_that_fit(values: list, dtype: str) -> None:
    converted = same_numbers("here", np.array(values), np.dtype(dtype))
    assert converted.dtype == dtype
    np.testing.assert_allclose(converted, values, rtol=1e-7)  # float32 rounds


@pytest.mark.parametrize(
    ("values", "dtype", "message"),
    [
        ([1.0, 0.5], "int32", "dtype int32 does not hold 0.5, expected numbers that it does; pa"),
        ([256], "uint8", "dtype uint8 does not hold 256"),
        ([-1], "uint8", "dtype uint8 does not hold -1"),
        ([2**31], "int32", "dtype int32 does not hold 2147483648"),
        ([np.nan], "int32", "dtype int32 does not hold nan"),
        ([1e39], "float32", "dtype float32 does not hold 1e+39, expected numbers that it does"),
    ],
)
def test_numbers_that_do_not_fit(values: list, dtype: str, message: str) -> None:
    with pytest.raises(ValueError, match="here: " + re.escape(message)):
        same_numbers("here", np.array(values), np.dtype(dtype))


@pytest.mark.parametrize(
    ("sequences", "error", "message"),
    [
        ("text", TypeError, "sequences has type str, expected a list of sequences"),
        (3, TypeError, "sequences has type int, expected a list of sequences"),
        (iter([[1]]), TypeError, "sequences has type list_iterator, expected a list"),
        ([1, 2], ValueError, "sequences[0] is a single number, expected a sequence of steps"),
        ([[1], ["a"]], TypeError, "sequences[1] has dtype <U1, expected numbers"),
        ([[1], "ab"], TypeError, "sequences[1] has type str, expected an array"),
        ([[1], [[1, 2]]], ValueError, "sequences[1] has steps of shape (2,), expected () as those"),
        ([[1], [[1, 2], [3]]], ValueError, "sequences[1] of type list gives no array"),
    ],
)
def test_what_is_no_list_of_sequences(
    sequences: object, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match="here: " + re.escape(message)):
        Ragged.of("here", sequences)

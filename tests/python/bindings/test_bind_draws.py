import time

import numpy as np
import pytest

from gatedcore import _core


def test_dtype_and_shape() -> None:
    single = _core.dropout_factors(3, 5, 0.5, 1, 2, False)
    double = _core.dropout_factors(3, 5, 0.5, 1, 2, True)
    assert (single.dtype, single.shape) == (np.float32, (3, 5))
    assert (double.dtype, double.shape) == (np.float64, (3, 5))
    np.testing.assert_array_equal(single, double)
    assert _core.dropout_factors(0, 5, 0.5, 1, 2, True).shape == (0, 5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((-1, 5, 0.5), r"dropout_factors: shape is \(-1, 5\), expected sizes"),
        ((3, 5, 1.0), r"dropout_factors: rate is 1.0+, expected a number in \[0, 1\)"),
        ((3, 5, float("nan")), "dropout_factors: rate is nan, expected"),
        ((2**40, 2**40, 0.5), "dropout_factors: "),
    ],
)
def test_bad_arguments(arguments: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _core.dropout_factors(*arguments, 0, 0, True)


def test_zoneout_keeps_where_dropout_of_the_same_stream_drops() -> None:
    kept = _core.zoneout_draws(4, 3, 5, 0.4, 1, 2, False)
    assert (kept.dtype, kept.shape) == (np.float32, (4, 3, 5))
    factors = _core.dropout_factors(12, 5, 0.4, 1, 2, False)
    np.testing.assert_array_equal(kept.reshape(12, 5), factors == 0.0)
    np.testing.assert_array_equal(_core.zoneout_draws(4, 3, 5, 0.4, 1, 2, True), kept)
    assert _core.zoneout_draws(0, 3, 5, 0.4, 1, 2, True).shape == (0, 3, 5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((4, -1, 5, 0.5), r"zoneout_draws: shape is \(4, -1, 5\), expected sizes"),
        ((4, 3, 5, 1.0), r"zoneout_draws: rate is 1.0+, expected a number in \[0, 1\)"),
        ((2**20, 2**20, 2**20, 0.5), "zoneout_draws: "),
    ],
)
def test_bad_arguments_of_zoneout(arguments: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _core.zoneout_draws(*arguments, 0, 0, True)


def test_some_rows_of_a_batch() -> None:
    whole = _core.dropout_factors(9, 5, 0.4, 1, 2, False)
    np.testing.assert_array_equal(_core.dropout_factors(3, 5, 0.4, 1, 2, False, 4, 9), whole[4:7])
    kept = _core.zoneout_draws(4, 9, 5, 0.4, 1, 2, True)
    np.testing.assert_array_equal(_core.zoneout_draws(4, 3, 5, 0.4, 1, 2, True, 6, 9), kept[:, 6:])
    assert _core.zoneout_draws(4, 0, 5, 0.4, 1, 2, True, 9, 9).shape == (4, 0, 5)


def test_nothing_is_drawn_at_once_over_however_many_steps() -> None:
    start = time.process_time()
    assert _core.zoneout_draws(10**9, 3, 0, 0.4, 1, 2, True, 6, 9).shape == (10**9, 3, 0)
    assert time.process_time() - start < 1.0  # a look at each step takes several


def test_sizes_beside_an_empty_axis_are_bounded_too() -> None:
    with pytest.raises(ValueError, match="bytes are needed, expected what memory can hold"):
        _core.zoneout_draws(0, 2**43, 2**43, 0.4, 1, 2, True)


@pytest.mark.parametrize("place", [(-1, 9), (7, 9), (0, 2), (1, None)])
def test_rows_that_are_none_of_the_batch(place: tuple) -> None:
    message = r"rows are 3 from -?\d on, expected some of all_rows=\d; pass where they stand"
    with pytest.raises(ValueError, match=f"dropout_factors: {message}"):
        _core.dropout_factors(3, 5, 0.4, 1, 2, False, *place)
    with pytest.raises(ValueError, match=f"zoneout_draws: {message}"):
        _core.zoneout_draws(2, 3, 5, 0.4, 1, 2, False, *place)

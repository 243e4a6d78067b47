import doctest
import re

import numpy as np
import pytest

import gatedcore as gk
from gatedcore import data
from gatedcore.data import timeseries_dataset_from_array, windows


def test_windows_of_one_series() -> None:
    x, y = windows(np.arange(6.0), 3)
    assert x.shape == (3, 3, 1)
    assert x[..., 0].tolist() == [[0, 1, 2], [1, 2, 3], [2, 3, 4]]
    assert y.tolist() == [[3], [4], [5]]


def test_windows_with_a_longer_horizon_and_several_features() -> None:
    series = np.stack([np.arange(6.0), 10 + np.arange(6.0)], axis=1)
    x, y = windows(series, 2, horizon=3)
    assert (x.shape, y.shape) == ((2, 2, 2), (2, 3, 2))
    assert x[1].tolist() == [[1, 11], [2, 12]]
    assert y[1].tolist() == [[3, 13], [4, 14], [5, 15]]
    x, y = windows(series[:, 0], 2, horizon=3)
    assert (x.shape, y.shape) == ((2, 2, 1), (2, 3))
    assert y[0].tolist() == [2, 3, 4]


def test_windows_share_the_memory_of_the_series() -> None:
    series = np.arange(1000, dtype=np.float32)
    x, _ = windows(series, 100)
    assert np.shares_memory(x, series)
    assert not x.flags.writeable
    assert windows([1, 2, 3], 1)[0].dtype == np.float32
    assert windows([1.0, 2.0, 3.0], 1)[0].dtype == np.float64


def test_windows_of_pandas() -> None:
    pandas = pytest.importorskip("pandas", reason="the extra [pandas] is not installed")
    x, y = windows(pandas.Series([1.0, 2.0, 3.0, 4.0]), 2)
    assert x[..., 0].tolist() == [[1, 2], [2, 3]]
    assert y.tolist() == [[3], [4]]


def test_windows_feed_a_model_without_a_copy_of_the_series() -> None:
    x, y = windows(np.sin(np.arange(60) / 5).astype(np.float32), 8)
    model = gk.Sequential([gk.GRU(2, seed=0), gk.Dense(1, seed=0)])
    np.testing.assert_array_equal(model.predict(x), model.predict(x.copy()))
    assert y.shape == model.predict(x).shape


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            (np.arange(3.0), 3),
            ValueError,
            "windows: series has 3 steps, expected at least length + ",
        ),
        (
            (np.arange(3.0), 0),
            ValueError,
            "windows: length is 0, expected an integer of at least 1",
        ),
        ((np.arange(3.0), 1, 0), ValueError, "windows: horizon is 0, expected"),
        ((np.arange(3.0), 1.5), TypeError, "windows: length is 1.5, expected an integer"),
        ((np.ones((2, 3, 4)), 1), ValueError, "windows: series has shape (2, 3, 4), expected (N,)"),
        ((3.0, 1), ValueError, "windows: series has shape (), expected (N,)"),
        ((["a"], 1), TypeError, "windows: series has dtype <U1, expected real numbers"),
    ],
)
def test_bad_windows(arguments: tuple, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        windows(*arguments)


def test_dataset_as_keras_cuts_it() -> None:
    # The example of Keras's documentation: windows of ten, every other step, by three.
    series = np.arange(100)
    dataset = timeseries_dataset_from_array(
        series, None, sequence_length=10, sampling_rate=2, sequence_stride=3, batch_size=1000
    )
    (x,) = list(dataset)
    assert x[0].tolist() == [0, 2, 4, 6, 8, 10, 12, 14, 16, 18]
    assert x[1].tolist() == [3, 5, 7, 9, 11, 13, 15, 17, 19, 21]
    assert x[-1].tolist() == [81, 83, 85, 87, 89, 91, 93, 95, 97, 99]


def test_dataset_targets_belong_to_the_first_step_of_their_window() -> None:
    series = np.arange(20.0)
    dataset = timeseries_dataset_from_array(series[:-5], series[5:], sequence_length=5)
    x, y = next(iter(dataset))
    assert x[0].tolist() == [0, 1, 2, 3, 4]
    assert y[0] == 5
    assert len(x) == 11
    few = timeseries_dataset_from_array(series, series[:3], sequence_length=5)
    assert few.samples == 3


def test_dataset_with_a_horizon() -> None:
    series = np.sin(np.arange(40.0))
    x_all, y_all = windows(series, 5, horizon=3)
    dataset = timeseries_dataset_from_array(series, y_all, sequence_length=5, batch_size=100)
    ((x, y),) = list(dataset)
    np.testing.assert_array_equal(x, x_all[..., 0])
    np.testing.assert_array_equal(y, y_all)
    assert np.shares_memory(dataset.targets, series)  # the horizon costs no memory


def test_dataset_range() -> None:
    series = np.arange(20.0)
    dataset = timeseries_dataset_from_array(
        series, series * 10, sequence_length=3, start_index=4, end_index=10
    )
    x, y = next(iter(dataset))
    assert x[:, 0].tolist() == [4, 5, 6, 7]
    assert x[-1].tolist() == [7, 8, 9]
    assert y.tolist() == [40, 50, 60, 70]


def test_dataset_shuffles_with_its_seed() -> None:
    def order(seed: object) -> list[float]:
        dataset = timeseries_dataset_from_array(
            np.arange(50.0), None, sequence_length=2, shuffle=True, seed=seed
        )
        return next(iter(dataset))[:, 0].tolist()

    assert order(1) == order(1) != order(2)
    assert sorted(order(1)) == list(range(49))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            {"sequence_length": 30},
            ValueError,
            "no window of 30 values, 1 apart, fits into 20 steps",
        ),
        (
            {"sampling_rate": 10, "sequence_length": 3},
            ValueError,
            "no window of 3 values, 10 apart",
        ),
        ({"batch_size": None}, TypeError, "batch_size is None, expected an integer"),
        ({"sequence_stride": 0}, ValueError, "sequence_stride is 0, expected"),
        ({"start_index": 20}, ValueError, "start_index is 20 and end_index 20, expected"),
        ({"end_index": 21}, ValueError, "start_index is 0 and end_index 21, expected"),
        ({"shuffle": "yes"}, TypeError, "shuffle is 'yes', expected True or False"),
        ({"seed": "a"}, TypeError, "seed is 'a', expected an integer"),
        ({"data": 3.0}, ValueError, "data is a single number, expected an array (N, ...)"),
    ],
)
def test_bad_datasets(change: dict, error: type[Exception], message: str) -> None:
    good = {"data": np.arange(20.0), "targets": None, "sequence_length": 5}
    with pytest.raises(error, match="timeseries_dataset_from_array: .*" + re.escape(message)):
        timeseries_dataset_from_array(**{**good, **change})


def test_example_of_the_docstring() -> None:
    assert doctest.testmod(data).failed == 0

import re

import numpy as np
import pytest

from gatedcore.preprocessing import Normalization

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("axis", "shape", "others"),
    [
        (-1, (50, 3), (0,)),
        (-1, (20, 7, 3), (0, 1)),
        (1, (20, 7, 3), (0, 2)),
        ((1, -1), (20, 7, 3), (0,)),
        (None, (20, 7, 3), None),
        (None, (50,), None),
    ],
)
def test_mean_and_deviation_along_the_axes(axis: object, shape: tuple, others: object) -> None:
    data = RNG.normal(5.0, 3.0, size=shape)
    scaler = Normalization(axis)
    scaler.adapt(data)
    mean, deviation = data.mean(others, keepdims=True), data.std(others, keepdims=True)
    np.testing.assert_allclose(scaler(data), (data - mean) / deviation, rtol=1e-12, atol=1e-12)
    back = scaler.inverse(scaler(data))
    np.testing.assert_allclose(back, data, rtol=1e-12, atol=1e-12)
    backward = Normalization(axis, invert=True)
    backward.adapt(data)
    np.testing.assert_array_equal(backward(data), scaler.inverse(data))
    np.testing.assert_array_equal(backward.inverse(data), scaler(data))


def test_examples_of_keras() -> None:
    scaler = Normalization(axis=None)
    scaler.adapt(np.array([1.0, 2.0, 3.0, 4.0, 5.0], np.float32))
    np.testing.assert_allclose(scaler([1.0, 2.0, 3.0]), [-1.4142135, -0.70710677, 0.0], rtol=1e-6)
    scaler = Normalization(mean=3.0, variance=2.0)
    np.testing.assert_allclose(scaler([[1.0], [2.0]]), [[-1.4142135], [-0.70710677]], rtol=1e-6)
    scaler = Normalization(invert=True)
    scaler.adapt([[0.0, 7.0, 4.0], [2.0, 9.0, 6.0], [0.0, 7.0, 4.0], [2.0, 9.0, 6.0]])
    np.testing.assert_allclose(scaler([[1.0, 2.0, 3.0]]), [[2.0, 10.0, 8.0]])


def test_dtypes_and_large_numbers() -> None:
    seconds = np.arange(1_700_000_000, 1_700_000_010)[:, None]  # float32 knows them to 128 s
    scaler = Normalization()
    scaler.adapt(seconds)
    assert scaler(seconds).dtype == np.float32
    np.testing.assert_allclose(scaler(seconds).std(), 1.0, rtol=1e-6)
    assert scaler(seconds.astype(np.float64)).dtype == np.float64


def test_a_constant_feature_becomes_zero() -> None:
    scaler = Normalization()
    scaler.adapt(np.full((4, 2), 3.0))
    np.testing.assert_array_equal(scaler(np.full((4, 2), 3.0)), 0.0)


def test_adapting_again_and_configs() -> None:
    scaler = Normalization()
    scaler.adapt(RNG.normal(size=(5, 2)))
    data = RNG.normal(size=(9, 3))
    scaler.adapt(data)
    copy = Normalization.from_config(scaler.get_config())
    np.testing.assert_array_equal(copy(data), scaler(data))
    assert copy.get_config() == scaler.get_config()
    assert Normalization.from_config(Normalization(None).get_config()).mean is None


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"axis": 0.5}, TypeError, "axis is 0.5, expected an integer"),
        ({"invert": 1}, TypeError, "invert is 1, expected True or False"),
        ({"mean": 1.0}, ValueError, "mean is 1.0 and variance None, expected both or neither"),
        ({"mean": [1.0], "variance": 1.0}, ValueError, "mean has shape (1,) and variance (), exp"),
        ({"mean": [[1.0]], "variance": [[1.0]]}, ValueError, "mean has shape (1, 1) and variance"),
        ({"mean": 0.0, "variance": -1.0}, ValueError, "mean holds NaN or infinity or variance a"),
        ({"mean": np.nan, "variance": 1.0}, ValueError, "mean holds NaN or infinity or variance"),
    ],
)
def test_bad_arguments(arguments: dict, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match="Normalization: " + re.escape(message)):
        Normalization(**arguments)


@pytest.mark.parametrize(
    ("axis", "data", "message"),
    [
        (-1, [1.0, 2.0], "data has shape (2,) and axis=(-1,) leaves no axis to average over"),
        (2, [[1.0, 2.0]], "axis is (2,) and the data have 2 axes, expected axes that they have"),
        ((1, -1), [[1.0, 2.0]], "axis is (1, -1), of 2 axes the same one twice, expected"),
        (-1, [[1.0, np.nan]], "data holds NaN or infinity, expected finite numbers"),
        (-1, np.zeros((0, 2)), "data is empty, expected finite numbers"),
    ],
)
def test_bad_data_change_nothing(axis: object, data: object, message: str) -> None:
    scaler = Normalization(axis)
    with pytest.raises(ValueError, match="Normalization.adapt: " + re.escape(message)):
        scaler.adapt(data)
    assert scaler.mean is None


def test_bad_calls() -> None:
    scaler = Normalization()
    for call, name in ((scaler, "Normalization"), (scaler.inverse, "Normalization.inverse")):
        with pytest.raises(ValueError, match=f"{name}: there are no mean and variance yet, expect"):
            call([[1.0]])
    scaler.adapt([[1.0, 2.0], [2.0, 3.0]])
    with pytest.raises(ValueError, match=r"Normalization: x has shape \(1, 3\), expected \(2,\)"):
        scaler([[1.0, 2.0, 3.0]])
    with pytest.raises(TypeError, match=r"Normalization: x has dtype <U1, expected real numbers"):
        scaler([["a", "b"]])
    with pytest.raises(ValueError, match=r"Normalization.adapt: mean and variance were given, exp"):
        Normalization(mean=0.0, variance=1.0).adapt([[1.0]])


def test_moments_found_elsewhere_count_as_adapted():
    scaler = Normalization()
    scaler.take_moments(np.array([1.0, 2.0]), np.array([4.0, 9.0]))
    np.testing.assert_array_equal(scaler(np.array([[3.0, 5.0]])), [[1.0, 1.0]])
    with pytest.raises(ValueError, match="a number below 0"):
        scaler.take_moments(np.array([1.0, 2.0]), np.array([4.0, -9.0]))
    np.testing.assert_array_equal(scaler.variance, [4.0, 9.0])
    scaler.adapt([[0.0, 0.0], [2.0, 4.0]])
    np.testing.assert_array_equal(scaler.mean, [1.0, 2.0])

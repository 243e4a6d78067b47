import numpy as np
import pytest

import gatedcore as gk
from gatedcore import constraints

W = np.array([[3.0, 0.0, -1.0], [4.0, 0.0, 0.5]])


def norms(w, axis=0):
    return np.sqrt(np.square(w).sum(axis))


def test_non_neg():
    np.testing.assert_array_equal(constraints.NonNeg()(W), np.maximum(W, 0))


def test_max_norm_scales_down_alone():
    w = constraints.MaxNorm(2.0)(W)
    np.testing.assert_allclose(norms(w), [2, 0, norms(W)[2]], rtol=1e-6)
    np.testing.assert_allclose(w[:, 0], W[:, 0] * 2 / 5, rtol=1e-6)
    rows = constraints.MaxNorm(2.0, axis=1)(W)
    assert (norms(rows, 1) <= 2.0).all()


def test_min_max_norm_goes_a_part_of_the_way():
    w = constraints.MinMaxNorm(2.0, 3.0, rate=0.5)(W)
    np.testing.assert_allclose(norms(w)[[0, 2]], [4.0, (2 + norms(W)[2]) / 2], rtol=1e-6)


def test_unit_norm():
    np.testing.assert_allclose(norms(constraints.UnitNorm()(W)), [1, 0, 1], rtol=1e-6)


@pytest.mark.parametrize("name", ["max_norm", "min_max_norm", "non_neg", "unit_norm", "MaxNorm"])
def test_names_and_dtypes(name):
    assert constraints.get(name)(W.astype("f4")).dtype == np.float32


def test_get():
    assert constraints.get(None) is None
    assert constraints.get(np.abs) is np.abs
    assert repr(constraints.UnitNorm(1)) == "UnitNorm(axis=1)"
    with pytest.raises(ValueError, match="kernel_constraint is 'norm', expected max_norm"):
        gk.Dense(2, kernel_constraint="norm")
    with pytest.raises(TypeError, match="bias_constraint has type int"):
        gk.Dense(2, bias_constraint=3)
    with pytest.raises(ValueError, match="min_value is 2, expected at most max_value=1"):
        constraints.MinMaxNorm(2, 1)
    with pytest.raises(ValueError, match="rate is 2"):
        constraints.MinMaxNorm(rate=2)


@pytest.mark.parametrize("make", [constraints.UnitNorm, constraints.MaxNorm])
def test_axes(make):
    assert make(axis=np.int64(1)).axis == 1
    assert make(axis=[0, -1]).axis == (0, -1)
    for wrong in (2.5, None, "x", [0.5]):
        with pytest.raises(TypeError, match=rf"{make.__name__}: axis is .*, expected an integer"):
            make(axis=wrong)


def test_training_keeps_to_them():
    x, y = np.random.default_rng(0).normal(size=(32, 4, 2)), np.ones((32, 1))
    model = gk.Sequential(
        [
            gk.LSTM(
                3, kernel_constraint=constraints.MaxNorm(0.5), recurrent_constraint="unit_norm"
            ),
            gk.Dense(1, kernel_constraint="non_neg", bias_constraint=lambda b: np.minimum(b, 0.01)),
        ]
    )
    model.compile(gk.SGD(0.5), "mse")
    model.fit(x, y, epochs=3, verbose=0)
    kernel, recurrent, _, dense, bias = model.weights
    assert norms(kernel).max() <= 0.5 + 1e-6
    np.testing.assert_allclose(norms(recurrent), 1, rtol=1e-5)
    assert (dense >= 0).all()
    assert bias[0] == np.float32(0.01)


def test_as_data():
    again = constraints.get(constraints.serialize(constraints.MaxNorm(3.0, axis=1)))
    assert repr(again) == repr(constraints.MaxNorm(3.0, axis=1))
    assert constraints.deserialize(constraints.serialize(None)) is None
    with pytest.raises(
        TypeError, match=r"constraints.serialize: constraint.*<lambda>.*no file can"
    ):
        constraints.serialize(lambda w: w)

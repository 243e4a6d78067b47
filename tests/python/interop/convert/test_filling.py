"""Layers built with weights from elsewhere."""

import numpy as np
import pytest

import gatedcore as gk
from gatedcore.interop.convert.filling import check_fit, expected_shapes, fill
from gatedcore.interop.convert.hdf5 import Stored

LAYERS = [
    lambda: gk.LSTM(4),
    lambda: gk.GRU(4, reset_after=False),
    lambda: gk.GRU(4, use_bias=False),
    lambda: gk.Bidirectional(gk.GRU(4)),
    lambda: gk.TimeDistributed(gk.Dense(4)),
    lambda: gk.RNN([gk.LSTMCell(4), gk.GRUCell(3)]),
    lambda: gk.LayerNormalization(),
    lambda: gk.Dropout(0.1),
]
SHAPE = (None, 5, 3)


class Given:
    """Weights that were given, which notes what was read."""

    def __init__(self, arrays):
        self.found = [Stored(str(i), a.shape, a) for i, a in enumerate(arrays)]
        self.reads = 0

    def read(self, stored):
        self.reads += 1
        return stored.handle


@pytest.mark.parametrize("make", LAYERS)
def test_shapes_are_those_of_a_layer_that_is_built(make):
    layer, built = make(), make()
    built.build(SHAPE)
    assert expected_shapes(layer, SHAPE) == {n: v.shape for n, v in built.parameters.items()}
    assert not layer.parameters


@pytest.mark.parametrize("make", LAYERS)
def test_a_filled_layer_is_one_with_these_weights(make):
    layer, built = make(), make()
    built.build(SHAPE)
    given = Given(built.get_weights())
    fill(layer, SHAPE, given.found, given)
    x = np.random.default_rng(0).standard_normal((2, 5, 3))
    np.testing.assert_array_equal(layer(x), built(x))
    assert gk.Sequential([layer]).predict(x).shape == built(x).shape


@pytest.mark.parametrize("units", [5, 10**30])
def test_shapes_are_compared_before_anything_is_read(units):
    given = Given([np.zeros((3, 16)), np.zeros((4, 16)), np.zeros(16)])
    with pytest.raises(ValueError, match=r"layer 'a' comes with 0 \(3, 16\), .*expected kernel"):
        fill(gk.LSTM(units, name="a"), SHAPE, given.found, given)
    assert given.reads == 0


def test_numbers_of_weights_are_compared():
    given = Given([np.zeros((3, 4))])
    with pytest.raises(ValueError, match=r"expected kernel \(3, 4\), bias \(4,\)"):
        fill(gk.Dense(4), SHAPE, given.found, given)
    with pytest.raises(ValueError, match=r"comes with 0 \(3, 4\), expected none"):
        fill(gk.Flatten(), SHAPE, given.found, given)
    with pytest.raises(ValueError, match="comes with no weights, expected kernel"):
        fill(gk.Dense(4), SHAPE, [], given)


def test_names_tell_weights_of_one_shape_apart():
    expected = {"kernel": (4, 16), "recurrent_kernel": (4, 16)}
    names = ["a/kernel:0", "a/recurrent_kernel:0"]
    found = [Stored(name, (4, 16), None) for name in names]
    check_fit("a", expected, found)
    with pytest.raises(ValueError, match="a/recurrent_kernel:0 in the place of its kernel"):
        check_fit("a", expected, found[::-1])


def test_an_input_of_unknown_size_is_refused():
    with pytest.raises(ValueError, match="expected a size on the last axis"):
        expected_shapes(gk.Dense(4), (None, 5, None))


def test_normalization_takes_its_moments():
    layer = gk.layers.Normalization()
    given = Given([np.arange(3.0), np.arange(1.0, 4.0), np.array(7)])
    fill(layer, SHAPE, given.found, given)
    np.testing.assert_array_equal(layer.mean, [0, 1, 2])
    np.testing.assert_array_equal(layer.variance, [1, 2, 3])
    with pytest.raises(ValueError, match="comes with 1 weights, expected mean and variance"):
        fill(layer, SHAPE, given.found[:1], given)
    negative = Given([np.zeros(3), np.array([1.0, -1.0, 1.0])])
    with pytest.raises(ValueError, match="variance a number below 0"):
        fill(layer, SHAPE, negative.found, negative)
    np.testing.assert_array_equal(layer.variance, [1, 2, 3])

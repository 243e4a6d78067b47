import re

import numpy as np
import pytest

import gatedcore as gk
from layers.gradients import assert_layer_gradients

X = np.arange(24.0).reshape(2, 3, 4)


@pytest.mark.parametrize(
    ("layer", "x", "shape"),
    [
        (gk.Flatten(), X, (2, 12)),
        (gk.Flatten(), X[:, 0, 0], (2, 1)),
        (gk.Reshape((4, 3)), X, (2, 4, 3)),
        (gk.Reshape((-1, 6)), X, (2, 2, 6)),
        (gk.Reshape((12,)), X, (2, 12)),
        (gk.RepeatVector(5), X[:, 0], (2, 5, 4)),
        (gk.layers.Permute((2, 1)), X, (2, 4, 3)),
        (gk.layers.Permute((3, 1, 2)), X.reshape(2, 3, 2, 2), (2, 2, 3, 2)),
    ],
)
def test_shapes_and_gradients(layer, x, shape):
    y = layer(x)
    assert y.shape == shape == layer.compute_output_shape(x.shape)
    assert layer.count_params() == 0
    assert_layer_gradients(layer, x.copy())


def test_elements_keep_their_order():
    np.testing.assert_array_equal(gk.Reshape((4, 3))(X), X.reshape(2, 4, 3))
    np.testing.assert_array_equal(gk.RepeatVector(2)(X[:, 0])[:, 1], X[:, 0])
    np.testing.assert_array_equal(gk.layers.Permute((2, 1))(X)[:, 1], X[:, :, 1])
    assert gk.layers.Permute((2, 1))(X).flags.c_contiguous


def test_unknown_sizes():
    assert gk.Flatten().compute_output_shape((None, None, 4)) == (None, None)
    assert gk.Flatten().compute_output_shape((None, 3, 4)) == (None, 12)
    assert gk.layers.Permute((2, 1)).compute_output_shape((None, None, 4)) == (None, 4, None)
    assert gk.Reshape((-1, 2)).compute_output_shape((None, None, 4)) == (None, None, 2)


def test_a_mask_ends_where_time_ends():
    mask = np.ones((2, 3), bool)
    for layer in (gk.Flatten(), gk.Reshape((12,)), gk.RepeatVector(2), gk.layers.Permute((2, 1))):
        assert layer.compute_mask(X, mask) is None


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: gk.Reshape((5, 5))(X), ValueError, "expected 25 elements in a sample"),
        (lambda: gk.Reshape((-1, 5))(X), ValueError, "expected 5 elements or a multiple"),
        (lambda: gk.Reshape((-1, -1)), TypeError, "at most one -1"),
        (lambda: gk.Reshape(4), TypeError, "target_shape is 4, expected a tuple"),
        (lambda: gk.Reshape((0,)), ValueError, "target_shape is 0"),
        (lambda: gk.layers.Permute(2), TypeError, "dims is 2, expected a tuple of axes"),
        (lambda: gk.layers.Permute((0, 1)), ValueError, "dims is 0, expected an integer of at"),
        (lambda: gk.layers.Permute((1, 3)), ValueError, "dims is (1, 3), expected each axis from"),
        (lambda: gk.layers.Permute((2, 1))(X[0]), ValueError, "expected the batch and 2 axes"),
        (lambda: gk.RepeatVector(0), ValueError, "n is 0"),
        (lambda: gk.RepeatVector(2)(X), ValueError, "expected (batch, features)"),
    ],
)
def test_bad_input(make, error, message):
    with pytest.raises(error, match=re.escape(message)):
        make()

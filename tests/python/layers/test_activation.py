import numpy as np
import pytest

import gatedcore as gk
from gatedcore.unfused import UNFUSED
from layers.gradients import assert_layer_gradients
from problems import ACTIVATIONS

X = np.random.default_rng(0).normal(size=(2, 3, 4))


@pytest.mark.parametrize("name", [*ACTIVATIONS, *UNFUSED])
def test_values_and_gradients(name):
    layer = gk.Activation(name, dtype="float64")
    np.testing.assert_array_equal(layer(X), gk.activations.get(name)(X))
    assert layer.compute_output_shape((None, 3)) == (None, 3)
    assert_layer_gradients(layer, X.copy())


@pytest.mark.parametrize("name", UNFUSED)
def test_as_the_activation_of_a_dense_layer(name):
    layer = gk.Dense(4, name, bias_initializer="glorot_uniform", dtype="float64", seed=0)
    assert_layer_gradients(layer, X.copy())
    rows = X[:, 0]
    expected = gk.Activation(name, dtype="float64")(rows @ layer.weights[0] + layer.weights[1])
    np.testing.assert_allclose(layer(rows), expected, rtol=1e-13)


def test_functions_name_themselves():
    assert gk.Activation(gk.activations.softmax).activation == "softmax"
    with pytest.raises(ValueError, match="activation is 'sigmiod', expected one of linear"):
        gk.Activation("sigmiod")
    with pytest.raises(ValueError, match="the fused kernels know these"):
        gk.LSTM(2, activation="softmax")
    with pytest.raises(ValueError, match="activation='softmax', expected one of the kernels"):
        gk.Sequential([gk.Dense(2, "softmax", input_shape=(3,))]).stream()


def test_softmax_as_a_layer():
    layer = gk.layers.Softmax()
    np.testing.assert_array_equal(layer(X), gk.activations.softmax(X.astype("f4")))
    with pytest.raises(ValueError, match="axis=1 is not supported"):
        gk.layers.Softmax(axis=1)

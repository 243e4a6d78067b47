import numpy as np
import pytest

import gatedcore as gk
from layers.gradients import assert_layer_gradients

X = np.random.default_rng(0).normal(size=(3, 5, 2))
MASK = np.array([[1, 1, 0, 0, 0], [0, 1, 0, 1, 1], [0, 0, 0, 0, 0]], bool)
KINDS = (gk.layers.GlobalAveragePooling1D, gk.layers.GlobalMaxPooling1D)


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("mask", [None, MASK])
@pytest.mark.parametrize("kind", KINDS)
def test_shapes_and_gradients(kind, mask, keepdims):
    layer = kind(keepdims, dtype="float64")
    y = layer(X, mask=mask)
    assert y.shape == layer.compute_output_shape(X.shape) == ((3, 1, 2) if keepdims else (3, 2))
    assert layer.compute_mask(X, mask) is None
    assert_layer_gradients(layer, X.copy(), mask)


def test_values():
    average, largest = (kind(dtype="float64") for kind in KINDS)
    np.testing.assert_allclose(average(X), X.mean(axis=1))
    np.testing.assert_array_equal(largest(X), X.max(axis=1))
    np.testing.assert_array_equal(largest(X, mask=MASK), X.max(axis=1))  # as in Keras
    expected = [X[0, :2].mean(axis=0), X[1, [1, 3, 4]].mean(axis=0), [0.0, 0.0]]
    np.testing.assert_allclose(average(X, mask=MASK), expected)


def test_what_stands_in_steps_that_do_not_count_makes_no_difference():
    x = X.copy()
    x[~MASK] = np.nan
    layer = gk.layers.GlobalAveragePooling1D(dtype="float64")
    np.testing.assert_array_equal(layer(x, mask=MASK), layer(X, mask=MASK))
    found = layer.vjp(x, np.ones((3, 2)), mask=MASK).x
    np.testing.assert_array_equal(found, layer.vjp(X, np.ones((3, 2)), mask=MASK).x)


def test_of_equal_values_the_first_has_the_gradient():
    layer = gk.layers.GlobalMaxPooling1D(dtype="float64")
    layer.forward(np.zeros((1, 3, 1)), True)
    np.testing.assert_array_equal(layer.backward(np.ones((1, 1)), True)[0, :, 0], [1, 0, 0])


def test_learns_behind_a_bidirectional_layer():
    rng = np.random.default_rng(0)
    tokens = rng.integers(1, 9, size=(64, 12))
    y = (tokens == 3).any(axis=1).astype(float)
    tokens[:, 9:] = 0
    y = (tokens == 3).any(axis=1).astype(float)
    model = gk.Sequential(
        [
            gk.Embedding(9, 8, mask_zero=True, seed=1),
            gk.Bidirectional(gk.GRU(8, return_sequences=True, seed=2)),
            gk.layers.GlobalMaxPool1D(),
            gk.Dense(1, "sigmoid", seed=3),
        ]
    )
    model.compile(gk.Adam(0.02), "binary_crossentropy", metrics=["accuracy"])
    model.fit(tokens, y, epochs=30, verbose=0)
    assert model.evaluate(tokens, y)[1] > 0.95


def test_wrong_inputs_and_arguments():
    layer = gk.layers.GlobalMaxPooling1D(name="pool")
    for shape in ((2, 3), (2, 0, 3)):
        with pytest.raises(ValueError, match=r"pool: input has shape .* with at least one step"):
            layer(np.zeros(shape))
    with pytest.raises(ValueError, match="data_format='channels_first' is not supported"):
        gk.layers.GlobalMaxPooling1D(data_format="channels_first")

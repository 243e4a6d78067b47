import numpy as np
import pytest

import gatedcore as gk
from layers.gradients import assert_layer_gradients

RNG = np.random.default_rng(0)
X = RNG.normal([5.0, -2.0], [3.0, 0.5], size=(20, 6, 2))


@pytest.mark.parametrize("invert", [False, True])
@pytest.mark.parametrize("axis", [-1, None, (1, 2)])
def test_as_in_preprocessing(axis, invert):
    layer = gk.layers.Normalization(axis, invert=invert, dtype="float64")
    layer.adapt(X)
    plain = gk.preprocessing.Normalization(axis, invert=invert)
    plain.adapt(X)
    np.testing.assert_allclose(layer(X), plain(X), rtol=1e-14)
    np.testing.assert_array_equal(layer.mean, plain.mean)
    np.testing.assert_array_equal(layer.variance, plain.variance)
    assert layer.compute_output_shape((None, 6, 2)) == (None, 6, 2)
    assert_layer_gradients(layer, X[:2].copy())


def test_within_a_model_and_its_file(tmp_path):
    scale = gk.layers.Normalization(input_shape=(None, 2))
    scale.adapt(X)
    model = gk.Sequential([scale, gk.GRU(3, return_sequences=True), gk.Dense(1)])
    model.compile("adam", "mse")
    model.fit(X, X[..., :1], epochs=2, tbptt=3, verbose=0)
    model.save(tmp_path / "model.safetensors")
    loaded = gk.load_model(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    assert loaded.predict(X).dtype == np.float32


def test_before_adapt_and_with_other_features():
    layer = gk.layers.Normalization(name="scale")
    with pytest.raises(ValueError, match="scale: there are no mean and variance yet"):
        layer(X)
    layer.adapt(X)
    with pytest.raises(ValueError, match=r"scale: x has shape \(20, 6, 1\), expected \(2,\) along"):
        layer(X[..., :1])
    steps = gk.layers.Normalization((1, 2), mean=np.zeros((6, 2)), variance=np.ones((6, 2)))
    model = gk.Sequential([gk.Input((6, 2)), steps, gk.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match=r"which has axis=\(1, 2\), expected layers"):
        model.fit(X, X[..., :1], tbptt=2, verbose=0)

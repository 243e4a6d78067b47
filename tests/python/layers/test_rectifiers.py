import numpy as np
import pytest

import gatedcore as gk
from layers.gradients import assert_layer_gradients

X = np.array([[-3.0, -0.5, -1e-3, 1e-3, 0.4, 0.6, 1.9, 2.1, 5.0]])


@pytest.mark.parametrize(
    ("layer", "formula"),
    [
        (gk.layers.ReLU, lambda x: np.maximum(x, 0)),
        (
            lambda **base: gk.layers.ReLU(2.0, 0.1, 0.5, **base),
            lambda x: np.where(x >= 2, 2, np.where(x >= 0.5, x, 0.1 * (x - 0.5))),
        ),
        (gk.layers.LeakyReLU, lambda x: np.where(x > 0, x, 0.3 * x)),
        (gk.layers.ELU, lambda x: np.where(x > 0, x, np.expm1(x))),
        (
            lambda **base: gk.layers.ELU(0.3, **base),
            lambda x: np.where(x > 0, x, 0.3 * np.expm1(x)),
        ),
    ],
)
def test_formulas_and_gradients(layer, formula):
    np.testing.assert_allclose(layer(dtype="float64")(X), formula(X), rtol=1e-12)
    assert_layer_gradients(layer(dtype="float64"), X.copy())
    single = layer()
    x = X.astype("f4")
    np.testing.assert_allclose(single(x), formula(X), rtol=1e-6)
    single.forward(x, True)
    assert single.backward(x, True).dtype == np.float32
    single.forward(x, True)
    assert single.backward(x, False) is None


def test_in_a_model_saved_and_read(tmp_path):
    model = gk.Sequential([gk.Dense(4, input_shape=(3,)), gk.layers.LeakyReLU(0.1), gk.Dense(1)])
    model.compile("adam", "mse")
    model.save(tmp_path / "model.safetensors")
    loaded = gk.load_model(tmp_path / "model.safetensors")
    x = np.random.default_rng(0).normal(size=(5, 3))
    np.testing.assert_array_equal(loaded.predict(x), model.predict(x))


def test_bad_arguments():
    with pytest.raises(ValueError, match="ReLU: max_value is -1, expected a number in"):
        gk.layers.ReLU(-1)
    with pytest.raises(ValueError, match=r"LeakyReLU: negative_slope is -0.1, expected a number"):
        gk.layers.LeakyReLU(-0.1)

"""Keras on NumPy."""

import numpy as np
import pytest

keras = pytest.importorskip("keras")

import gatedcore.keras

pytestmark = [
    pytest.mark.skipif(
        keras.config.backend() != "numpy", reason="needs KERAS_BACKEND=numpy in the environment"
    ),
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword"),
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_results_are_new_arrays_of_the_layer_s_dtype(dtype):
    x = np.random.default_rng(1).normal(size=(2, 4, 3))
    layer = keras.layers.LSTM(5, return_sequences=True, return_state=True, dtype=dtype)
    with gatedcore.keras.accelerated():
        results = layer(x)
        assert gatedcore.keras.stats().forward_runs == 1
    assert {r.dtype for r in results} == {np.dtype(dtype)}
    assert results[0].flags.writeable


def test_half_precision_is_left_to_keras():
    x = np.random.default_rng(1).normal(size=(2, 4, 3)).astype("float16")
    with gatedcore.keras.accelerated():
        keras.layers.GRU(5, dtype="float16", recurrent_initializer="zeros")(x)
        assert gatedcore.keras.stats().reasons == {"dtype float16": 1}


def test_integers_are_taken_as_keras_takes_them():
    x = np.arange(24).reshape(2, 4, 3) % 3
    layer = keras.layers.GRU(5)
    expected = layer(x)
    with gatedcore.keras.accelerated():
        np.testing.assert_allclose(layer(x), expected, atol=1e-6)
        assert gatedcore.keras.stats().served == 1

import re

import numpy as np
import pytest

import gatedcore as gk
from layers.gradients import assert_layer_gradients

TOKENS = np.array([[1, 2, 0], [4, 1, 1]], np.int32)


def test_rows_of_the_table():
    layer = gk.Embedding(5, 3, seed=0)
    y = layer(TOKENS)
    assert y.shape == (2, 3, 3)
    assert [w.shape for w in layer.weights] == [(5, 3)]
    np.testing.assert_array_equal(y, layer.weights[0][TOKENS])
    assert np.abs(layer.weights[0]).max() <= 0.05
    assert layer.compute_output_shape((None, None)) == (None, None, 3)


def test_a_table_learnt_elsewhere_that_stays():
    table = np.arange(15.0).reshape(5, 3)
    for given in ([table], table, table.tolist()):
        layer = gk.Embedding(5, 3, weights=given, trainable=False)
        model = gk.Sequential([layer, gk.LSTM(2), gk.Dense(1)])
        model.compile("adam", "mse")
        model.fit(TOKENS, np.ones((2, 1)), verbose=0)
        np.testing.assert_array_equal(layer.get_weights()[0], table)
    assert "weights" not in layer.get_config()


@pytest.mark.parametrize("dtype", ["i8", "u1", "i4", ">i4", "f4", "f8"])
def test_tokens_of_any_dtype_and_layout(dtype):
    layer = gk.Embedding(5, 2, seed=0)
    expected = layer(TOKENS)
    np.testing.assert_array_equal(layer(TOKENS.astype(dtype)), expected)
    np.testing.assert_array_equal(layer(TOKENS.tolist()), expected)
    np.testing.assert_array_equal(layer(TOKENS[:, ::-1]), expected[:, ::-1])
    np.testing.assert_array_equal(layer(np.asfortranarray(TOKENS)), expected)
    assert layer(TOKENS[:0]).shape == (0, 3, 2)


def test_gradients_gather_at_the_rows_touched():
    layer = gk.Embedding(5, 2, seed=0, dtype="float64")
    assert_layer_gradients(layer, TOKENS, of_input=False)
    layer.gradients["embeddings"].fill(0.0)
    layer.forward(TOKENS, True)
    assert layer.backward(np.ones((2, 3, 2)), True) is None
    np.testing.assert_array_equal(layer.gradients["embeddings"][:, 0], [1, 3, 1, 0, 1])


def test_gradients_have_the_same_bits_with_any_number_of_threads():
    rng = np.random.default_rng(0)
    tokens, d_y = rng.integers(0, 50, (400, 100)), rng.normal(size=(400, 100, 16)).astype("f4")
    before, found = gk.get_num_threads(), []
    for threads in (1, 2):
        gk.set_num_threads(threads)
        layer = gk.Embedding(50, 16, seed=0)
        layer.build((None, 100))
        layer.forward(tokens.astype(np.int32), True)
        layer.backward(d_y, False)
        found.append(layer.gradients["embeddings"].copy())
    gk.set_num_threads(before)
    np.testing.assert_array_equal(found[0], found[1])
    expected = np.zeros((50, 16))
    np.add.at(expected, tokens.ravel(), d_y.reshape(-1, 16).astype("f8"))
    np.testing.assert_allclose(found[0], expected, rtol=1e-4, atol=1e-3)  # sums of 800 in float32


def test_zero_is_padding_where_asked():
    layer = gk.Embedding(5, 2, mask_zero=True)
    np.testing.assert_array_equal(layer.compute_mask(TOKENS, None), TOKENS != 0)
    assert gk.Embedding(5, 2).compute_mask(TOKENS, None) is None


def test_a_model_of_padded_sentences_ignores_the_padding():
    short = np.array([[3, 1, 2]])
    padded = np.array([[0, 0, 3, 1, 2]])
    model = gk.Sequential([gk.Embedding(5, 4, mask_zero=True), gk.LSTM(3), gk.Dense(1, "sigmoid")])
    np.testing.assert_array_equal(model(short), model(padded))
    model.compile("adam", "mse")
    model.fit(np.repeat(padded, 40, 0), np.ones((40, 1)), epochs=2, verbose=0)
    np.testing.assert_array_equal(model.predict(short), model.predict(padded))
    assert model.input_shape == (None, None)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda x: gk.Embedding(4, 2)(x), ValueError, "token 4 is number 3 of the input"),
        (lambda x: gk.Embedding(5, 2)(-x), ValueError, "token -1 is number 0 of the input"),
        (lambda x: gk.Embedding(5, 2)(x + 0.5), ValueError, "x holds 1.5, expected whole numbers"),
        (lambda x: gk.Embedding(5, 2)(x * 2**40), ValueError, "below 2**31"),
        (lambda x: gk.Embedding(5, 2)([["a"]]), TypeError, "expected integers"),
        (lambda x: gk.Embedding(0, 2), ValueError, "input_dim is 0"),
        (lambda x: gk.Embedding(5, 2, weights=[np.ones((5, 3))]), ValueError, "shape (5, 3)"),
        (lambda x: gk.Embedding(5, 2, weights="glove"), TypeError, "embeddings has type str"),
        (lambda x: gk.Embedding(5, 2, lora_rank=1), ValueError, "lora_rank=1 is not supported"),
    ],
)
def test_bad_input(make, error, message):
    with pytest.raises(error, match=re.escape(message)):
        make(TOKENS.astype("i8"))


def test_input_length_warns():
    with pytest.warns(UserWarning, match="input_length=7 has no effect"):
        gk.Embedding(5, 2, input_length=7)


def test_sequences_of_any_length_as_input_shape():
    model = gk.Sequential([gk.Embedding(4, 2, input_shape=(None,)), gk.GRU(1)])
    assert model.input_shape == (None, None)
    assert model.built

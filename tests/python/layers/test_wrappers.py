import re

import numpy as np
import pytest

import gatedcore as gk
from layers.gradients import assert_layer_gradients

X = np.random.default_rng(0).normal(size=(3, 5, 2))


def test_time_distributed_is_the_layer_on_every_step():
    layer = gk.TimeDistributed(gk.Dense(4, "tanh", seed=0, dtype="float64"))
    y = layer(X)
    assert y.shape == (3, 5, 4) == layer.compute_output_shape(X.shape)
    np.testing.assert_array_equal(y[:, 2], layer.layer(X[:, 2]))
    assert_layer_gradients(layer, X.copy())
    assert_layer_gradients(
        gk.TimeDistributed(gk.LSTM(3, dtype="float64", seed=0)), np.stack([X, X + 1], 1)
    )


def test_time_distributed_embedding_and_flatten():
    tokens = np.array([[[1, 2], [0, 3]]])
    assert gk.TimeDistributed(gk.Embedding(4, 3))(tokens).shape == (1, 2, 2, 3)
    assert gk.TimeDistributed(gk.Flatten())(np.ones((2, 3, 4, 5))).shape == (2, 3, 20)


def test_a_model_is_not_wrapped():
    with pytest.raises(
        TypeError, match="TimeDistributed: layer is a Sequential, a whole model, ex"
    ):
        gk.TimeDistributed(gk.Sequential([gk.Dense(2)]))


def test_a_failed_model_leaves_the_layers_free():
    layer = gk.Bidirectional(gk.LSTM(2, return_sequences=True))
    with pytest.raises(ValueError, match="expected"):
        gk.Sequential([gk.Input((None, 2)), layer, gk.RepeatVector(2)])
    gk.Sequential([gk.Input((None, 2)), layer])


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: gk.TimeDistributed(gk.LSTMCell(2)), TypeError, "layer has type LSTMCell"),
        (lambda: gk.TimeDistributed(gk.Dense(2))(X[0]), ValueError, "expected (batch, time ste"),
        (lambda: gk.TimeDistributed(held()), ValueError, "belongs to another model"),
        (
            lambda: gk.TimeDistributed(gk.LSTM(2, return_state=True, name="two")),
            ValueError,
            "TimeDistributed: two has several outputs, expected one; use a layer that makes one",
        ),
        (
            lambda: gk.TimeDistributed(gk.Bidirectional(gk.LSTM(2), None, name="both")),
            ValueError,
            "both has several outputs",
        ),
        (
            lambda: gk.TimeDistributed(gk.layers.Add(name="sum")),
            ValueError,
            "sum has several inputs",
        ),
    ],
)
def test_bad_input(make, error, message):
    with pytest.raises(error, match=re.escape(message)):
        make()


KEPT = []


def held():
    layer = gk.Dense(2)
    KEPT.append(gk.Sequential([layer]))
    return layer

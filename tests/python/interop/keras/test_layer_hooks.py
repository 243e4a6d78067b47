"""What layers tell, and what is counted of those that never ask their backend."""

import numpy as np
import pytest

keras = pytest.importorskip("keras")

import gatedcore.keras
from gatedcore.interop.keras import layer_hooks, switch
from interop.keras.layer_runs import BACKEND, outputs_of

pytestmark = [
    pytest.mark.usefixtures("accelerated"),
    pytest.mark.skipif(
        BACKEND not in switch.BACKENDS, reason=f"Keras runs on {BACKEND}; set KERAS_BACKEND"
    ),
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword"),
]


@pytest.fixture
def x():
    return np.random.default_rng(1).normal(size=(2, 4, 3)).astype("float32")


def reasons():
    return gatedcore.keras.stats().reasons


def test_layers_say_whether_masked_outputs_are_zero(x):
    mask = np.array([[1, 1, 0, 0], [1, 0, 0, 1]], bool)
    for zero in (False, True):
        layer = keras.layers.LSTM(5, return_sequences=True, zero_output_for_mask=zero)
        (y,) = outputs_of(layer, x, mask=mask)
        assert np.any(y[~mask]) != zero
    assert gatedcore.keras.stats().served == 2
    assert not layer_hooks.zero_output_for_mask()


def test_a_layer_without_cudnn_is_left_to_keras(x):
    outputs_of(keras.layers.GRU(5, use_cudnn=False), x)
    assert reasons() == {"use_cudnn=False": 1}
    assert gatedcore.keras.stats().served == 0


@pytest.mark.parametrize("name", ["LSTM", "GRU"])
def test_recurrent_dropout_counts_in_training_alone(x, name):
    layer = getattr(keras.layers, name)(5, recurrent_dropout=0.5, return_sequences=True)
    outputs_of(layer, x, training=True)
    assert gatedcore.keras.stats().served == 0
    (reason,) = reasons()
    assert reason.startswith("recurrent_dropout in training")
    found = outputs_of(layer, x, mask=np.ones((2, 4), bool))
    assert gatedcore.keras.stats().served == 1
    gatedcore.keras.disable()
    np.testing.assert_allclose(found[0], outputs_of(layer, x)[0], atol=1e-6)


def test_recurrent_dropout_with_another_activation_is_keras_s(x):
    layer = keras.layers.LSTM(5, recurrent_dropout=0.5, activation="gelu")
    assert outputs_of(layer, x)[0].shape == (2, 5)
    assert reasons() == {"activation gelu": 1}


def test_cells_of_one_s_own_are_left_to_keras(x):
    class Cell(keras.layers.LSTMCell):
        pass

    layer = keras.layers.LSTM(5)
    layer.cell = Cell(5)
    outputs_of(layer, x)
    assert reasons() == {"cell of type Cell": 1}
    assert gatedcore.keras.stats().served == 0
    bidirectional = keras.layers.Bidirectional(keras.layers.LSTM(5))
    bidirectional.backward_layer.cell = Cell(5)
    outputs_of(bidirectional, x)
    assert reasons() == {"cell of type Cell": 2}
    assert gatedcore.keras.stats().served == 1


def test_layers_of_other_kinds_are_counted(x):
    class Cell(keras.layers.GRUCell):
        pass

    outputs_of(keras.layers.SimpleRNN(5), x)
    outputs_of(keras.layers.RNN(Cell(5)), x)
    outputs_of(keras.layers.RNN([keras.layers.LSTMCell(5), keras.layers.LSTMCell(4)]), x)
    outputs_of(keras.layers.RNN(keras.layers.GRUCell(5, dropout=0.5)), x, training=True)
    assert reasons() == {
        "layer SimpleRNN": 1,
        "layer RNN over Cell": 1,
        "layer RNN over StackedRNNCells": 1,
        "layer RNN over GRUCell with dropout in training": 1,
    }
    assert gatedcore.keras.stats().served == 0


def test_use_cudnn_true_is_served(x):
    # Keras itself raises where there is none.
    outputs_of(keras.layers.LSTM(5, use_cudnn=True), x)
    assert gatedcore.keras.stats().served == 1


def test_a_model_tells_that_it_is_exported(x, monkeypatch):
    told = []
    gatedcore.keras.disable()
    monkeypatch.setattr(
        keras.Model, "export", lambda self, path: told.append((path, layer_hooks.exporting()))
    )
    gatedcore.keras.enable()
    model = keras.Sequential([keras.Input((4, 3)), keras.layers.LSTM(5)])
    model.export("file")
    gatedcore.keras.disable()
    assert told == [("file", True)]
    assert not layer_hooks.exporting()

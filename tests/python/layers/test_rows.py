"""gatedcore.layers.rows: which layers go together, and the bits of one layer after the other."""

import numpy as np
import pytest

import gatedcore as gk
from gatedcore.diagnosis import watched
from gatedcore.layers import rows
from gatedcore.layers.rows import is_worth_a_stack, row_from


@pytest.fixture
def two_threads():
    before = gk.get_num_threads()
    gk.set_num_threads(2)
    yield
    gk.set_num_threads(before)


def size_of_row(*layers, batch=1, steps=2000, features=2):
    return len(row_from(layers, np.zeros((batch, steps, features), "f4")))


def test_which_layers_go_together(two_threads):
    class Own(gk.LSTM):
        pass

    every = {"return_sequences": True}
    lstm, gru, last = gk.LSTM(16, **every), gk.GRU(16, **every), gk.LSTM(16)
    assert size_of_row(lstm, gru, last, gk.Dense(1)) == 3
    assert size_of_row(lstm, gk.Dropout(0.1), gru, last) == 1
    assert size_of_row(lstm, gk.LSTM(16, go_backwards=True, **every), last) == 1
    assert size_of_row(lstm, Own(16, **every), last) == 1
    assert size_of_row(gk.Bidirectional(gk.LSTM(16, **every)), gru, last) == 0
    with watched([gru], []):
        assert size_of_row(lstm, gru, last) == 1


def test_where_one_call_is_not_better(two_threads):
    layers = [gk.LSTM(16, return_sequences=True), gk.GRU(16)]
    assert size_of_row(*layers, batch=5) == 2
    assert size_of_row(*layers, batch=6) == 0
    for steps, worth in ((20, False), (2000, True)):
        assert is_worth_a_stack(layers, np.zeros((1, steps, 2), "f4")) == worth
    gk.set_num_threads(1)
    assert size_of_row(*layers) == 0


def model(sequences=False):
    every = {"return_sequences": True}
    return gk.Sequential(
        [
            gk.Input((None, 2)),
            gk.Dense(3, seed=0),
            gk.LSTM(24, dropout=0.2, zoneout_c=0.2, seed=1, **every),
            gk.GRU(24, recurrent_dropout=0.3, stateful=True, seed=2, **every),
            gk.LSTM(24, recompute=True, return_sequences=sequences, seed=3),
            gk.Dense(1, seed=4),
        ]
    )


@pytest.mark.parametrize("sequences", [False, True])
@pytest.mark.parametrize("batch", [1, 4])
def test_one_call_has_the_bits_of_the_layers(two_threads, batch, sequences, monkeypatch):
    calls = []
    run_forward = rows.run_forward
    monkeypatch.setattr(rows, "run_forward", lambda *a: calls.append(1) or run_forward(*a))
    x = np.random.default_rng(0).normal(size=(batch, 300, 2)).astype("f4")
    one, alone = model(sequences), model(sequences)
    for _ in range(2):  # one layer carries its states
        gk.set_num_threads(2)
        y = one.forward(x, False)
        gk.set_num_threads(1)
        np.testing.assert_array_equal(alone.forward(x, False), y)
    assert len(calls) == 2
    assert y.shape == ((batch, 300, 1) if sequences else (batch, 1))
    gk.set_num_threads(2)
    mask = np.random.default_rng(1).random((batch, 300)) < 0.7
    for each in (one, alone):
        each.reset_states()
    masked = one(x, mask=mask)
    assert len(calls) == 2
    gk.set_num_threads(1)
    np.testing.assert_array_equal(alone(x, mask=mask), masked)


def test_training_goes_layer_by_layer_and_names_where_nan_began(two_threads):
    m = model()
    m.compile("sgd", "mse")
    x, y = np.random.default_rng(0).normal(size=(2, 300, 2)), np.ones((2, 1))
    before = m.evaluate(x, y, verbose=0)
    m.reset_states()
    m.fit(x, y, epochs=5, verbose=0)
    m.reset_states()
    assert m.evaluate(x, y, verbose=0) < before
    m.layers[2].parameters["bias"][:] = np.inf
    with pytest.raises(ValueError, match=f"layer {m.layers[2].name}"):
        m.fit(x, y, verbose=0)

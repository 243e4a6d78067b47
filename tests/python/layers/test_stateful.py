"""Recurrent layers whose states go on from batch to batch."""

import numpy as np
import pytest

import gatedcore as gk
from layer_kinds import KINDS, SEQUENCE_KINDS, X

HALVES = X[:, :2], X[:, 2:]


@pytest.mark.parametrize(("kind", "arguments"), SEQUENCE_KINDS)
def test_two_halves_are_the_whole(kind, arguments):
    layer = kind(3, return_sequences=True, stateful=True, seed=0, **arguments)
    first, second = (layer(half) for half in HALVES)
    layer.reset_states()
    np.testing.assert_array_equal(np.concatenate([first, second], 1), layer(X))
    layer.reset_state()
    np.testing.assert_array_equal(layer(HALVES[0]), first)


@pytest.mark.parametrize("wrapper", [gk.Bidirectional, gk.TimeDistributed, lambda layer: layer])
@pytest.mark.parametrize("name", ["reset_states", "reset_state"])
def test_layers_within_forget_by_either_name(wrapper, name):
    layer = wrapper(gk.GRU(3, stateful=True, seed=0))
    x = X[None] if wrapper is gk.TimeDistributed else X
    first = layer(x)
    assert (layer(x) != first).any()
    getattr(layer, name)()
    np.testing.assert_array_equal(layer(x), first)
    gk.Dense(2).reset_state()


@pytest.mark.parametrize(("kind", "arguments"), SEQUENCE_KINDS)
def test_given_states_come_first(kind, arguments):
    layer = kind(3, stateful=True, return_state=True, seed=0, **arguments)
    free = kind(3, return_state=True, seed=0, **arguments)
    layer(X)
    states = [np.full((3, 3), 0.5, np.float32)] * len(layer.state_names)
    y, *last = layer(X, initial_state=states)
    np.testing.assert_array_equal(y, free(X, initial_state=states)[0])
    np.testing.assert_array_equal(layer(X)[0], free(X, initial_state=last)[0])


@pytest.mark.parametrize(("kind", "arguments"), SEQUENCE_KINDS)
def test_the_states_can_be_taken_over(kind, arguments):
    layer = kind(3, stateful=True, seed=0, **arguments)
    assert layer.states is None
    layer(HALVES[0])
    _, *last = kind(3, seed=0, return_state=True, **arguments)(HALVES[0])
    assert len(layer.states) == len(last)
    for state, expected in zip(layer.states, last, strict=True):
        np.testing.assert_array_equal(state, expected)
    layer.states[0][...] = 7.0  # a copy
    other = kind(3, seed=0, **arguments)
    taken = other(HALVES[1], initial_state=layer.states)
    np.testing.assert_array_equal(taken, layer(HALVES[1]))
    assert other.states is None
    layer.reset_states()
    assert layer.states is None


@pytest.mark.parametrize(("kind", "arguments"), KINDS)
def test_training_carries_states_and_not_gradients(kind, arguments):
    """Steps over halves with states carried equal steps of a free layer with the states given."""
    layer = kind(3, stateful=True, dtype="float64", seed=0, **arguments)
    free = kind(3, dtype="float64", return_state=True, seed=0, **arguments)
    model = gk.Sequential([layer, gk.Dense(1, seed=1)])
    model.build(X.shape)
    model.forward(HALVES[0], True)
    model.backward(np.ones((3, 1)))
    for gradient in layer.gradients.values():
        gradient.fill(0.0)
    model.forward(HALVES[1], True)
    model.backward(np.ones((3, 1)))
    _, *states = free(HALVES[0])
    d_h = np.ones((3, 1)) @ model.layers[1].weights[0].T
    run = gk.ops.lstm if kind is gk.LSTM else gk.ops.gru
    back = gk.ops.lstm_backward if kind is gk.LSTM else gk.ops.gru_backward
    given = tuple(states) if kind is gk.LSTM else states[0]
    cache = run(HALVES[1], *free.weights, given, return_cache=True, **arguments)[-1]
    d_sequence = np.zeros((3, 3, 3))
    d_sequence[:, -1] = d_h
    expected = back(cache, d_sequence)
    np.testing.assert_allclose(layer.gradients["kernel"], expected.kernel, rtol=1e-12, atol=1e-15)


def test_another_batch_size_needs_a_reset():
    layer = gk.GRU(3, stateful=True)
    layer(X)
    with pytest.raises(ValueError, match="batch has 2 rows, expected 3 as the states carried"):
        layer(X[:2])
    layer.reset_states()
    assert layer(X[:2]).shape == (2, 3)


def test_a_model_passes_resets_on():
    model = gk.Sequential([gk.Bidirectional(gk.GRU(2, stateful=True)), gk.Dense(1)])
    first = model(X)
    assert (model(X) != first).any()
    model.reset_states()
    np.testing.assert_array_equal(model(X), first)


def test_a_failed_run_leaves_the_states():
    layer = gk.LSTM(2, stateful=True, input_shape=(None, 2))
    model = gk.Sequential([layer, gk.Dense(1)])
    model.compile("sgd", "mse")
    first = model(X)
    model.reset_states()
    with pytest.raises(ValueError, match="NaN"):
        model.fit(X, np.full((3, 1), np.nan), verbose=0)
    np.testing.assert_array_equal(model(X), first)


@pytest.mark.parametrize("wrapper", [gk.Bidirectional, lambda layer: layer])
def test_a_step_that_fails_leaves_the_states(wrapper):
    def make():
        layer = wrapper(gk.LSTM(2, stateful=True, seed=0))
        model = gk.Sequential([gk.Input((None, 2)), layer, gk.Dense(1, seed=1)])
        model.compile("sgd", "mse")
        return model

    model, twin = make(), make()
    x, y = np.concatenate([X, X]), np.ones((6, 1))
    x[4, -1] = np.nan
    with pytest.raises(gk.callbacks.NotFiniteError, match="batch 2 of epoch 1"):
        model.fit(x, y, batch_size=3, shuffle=False, verbose=0)
    twin.fit(X, y[:3], batch_size=3, shuffle=False, verbose=0)
    np.testing.assert_array_equal(model(X), twin(X))


def stateful_model(graph):
    x, layer, head = gk.Input((None, 2)), gk.LSTM(2, stateful=True, seed=0), gk.Dense(1, seed=1)
    model = gk.Model(x, head(layer(x))) if graph else gk.Sequential([x, layer, head])
    model.compile("sgd", "mse")
    return model


Y = np.ones((3, 1))


@pytest.mark.parametrize("graph", [False, True])
@pytest.mark.parametrize("trained", [False, True])
@pytest.mark.parametrize("call", ["evaluate", "predict"])
def test_evaluation_that_fails_midway_leaves_the_states(graph, trained, call):
    def batches():
        yield X, Y
        raise OSError("the disk is gone")

    model = stateful_model(graph)
    if trained:
        model.fit(X, Y, verbose=0)
    else:
        model(X)
    before = [state.copy() for state in model.computing_layers[0]._carried]
    with pytest.raises(OSError, match="gone"):
        getattr(model, call)(batches())
    for carried, expected in zip(model.computing_layers[0]._carried, before, strict=True):
        np.testing.assert_array_equal(carried, expected)
    getattr(model, call)(X, *([Y] if call == "evaluate" else []))
    assert not np.array_equal(model.computing_layers[0]._carried[0], before[0])


@pytest.mark.parametrize("graph", [False, True])
def test_validation_that_fails_leaves_the_states_of_the_training(graph):
    class Broken(gk.callbacks.Callback):
        def on_test_batch_end(self, batch, logs=None):
            raise OSError("the disk is gone")

    model, twin = stateful_model(graph), stateful_model(graph)
    with pytest.raises(OSError, match="gone"):
        model.fit(X, Y, shuffle=False, validation_data=(X, Y), verbose=0, callbacks=[Broken()])
    twin.fit(X, Y, shuffle=False, verbose=0)
    np.testing.assert_array_equal(model(X), twin(X))

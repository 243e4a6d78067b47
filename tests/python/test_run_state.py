"""What a run changes in layers beside their weights."""

import numpy as np
import pytest

import gatedcore as gk
from gatedcore.run_state import get_layer_states, nested_layers, set_layer_states

X = np.random.default_rng(0).normal(size=(2, 4, 3)).astype(np.float32)


def make() -> list[gk.layers.Layer]:
    return [
        gk.LSTM(3, dropout=0.5, seed=1, return_sequences=True),
        gk.GRU(3, recurrent_dropout=0.5, seed=np.random.default_rng(2)),
        gk.Dense(1),
    ]


def test_draws_go_on_where_they_were() -> None:
    layers = make()
    for layer in layers[:2]:
        layer(X, training=True)
    states = get_layer_states(layers)
    expected = [layer(X, training=True) for layer in layers[:2]]
    others = [layer(X, training=True) for layer in layers[:2]]
    assert all((a != b).any() for a, b in zip(expected, others, strict=True))
    set_layer_states(layers, states)
    for layer, output in zip(layers[:2], expected, strict=True):
        np.testing.assert_array_equal(layer(X, training=True), output)
    assert set(states[0]) == {"draws"}
    assert set(states[1]) == {"draws", "generator"}
    assert states[2] == {"draws": 0}


def test_carried_states_go_on_where_they_were() -> None:
    layer = gk.Bidirectional(gk.GRU(3, stateful=True))
    layer(X)
    states = get_layer_states([layer])
    expected = layer(X)
    set_layer_states([layer], states)
    np.testing.assert_array_equal(layer(X), expected)
    set_layer_states([layer], get_layer_states([gk.Bidirectional(gk.GRU(3, stateful=True))]))
    assert (layer(X) != expected).any()


def test_layers_within_layers_are_found_once() -> None:
    outer, inner, other, last = (gk.Dense(1) for _ in range(4))
    outer.inner, outer.more = inner, {"list": [other, inner]}
    assert list(nested_layers([outer, last])) == [outer, inner, other, last]


def test_states_of_other_layers_are_an_error() -> None:
    layers = make()
    with pytest.raises(ValueError, match="got states of 2 layers, expected 3"):
        set_layer_states(layers, get_layer_states(layers[:2]))

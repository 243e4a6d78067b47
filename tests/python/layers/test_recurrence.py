"""The contract between layers over time and what runs the steps, the way that gradients use it."""

import re

import numpy as np
import pytest

import gatedcore as gk
from finite_differences import assert_gradient
from gatedcore.layers.recurrence import Manner, added
from layer_kinds import SEQUENCE_KINDS, X

MASK = np.array([[1, 1, 1, 0, 0], [0, 0, 1, 1, 1], [1, 0, 1, 0, 1]], bool)


@pytest.mark.parametrize(("kind", "form"), SEQUENCE_KINDS)
@pytest.mark.parametrize("return_sequences", [False, True])
@pytest.mark.parametrize("mask", [None, MASK])
def test_gradients_of_states_by_finite_differences(
    kind, form: dict, return_sequences: bool, mask: np.ndarray | None
) -> None:
    layer = kind(3, dtype="float64", seed=1, **form)
    layer.build(X.shape)
    rng = np.random.default_rng(2)
    states = [rng.normal(size=(3, 3)) for _ in layer.state_names]
    manner = Manner(return_sequences, False, False, False, True)
    x = X.copy()
    y, last, saved = layer.run_over(x, states, manner, mask)
    d_y = rng.normal(size=y.shape)
    d_last = [rng.normal(size=state.shape) for state in last]
    d_x, d_states = layer.run_back(saved, d_y, list(d_last), manner, True)

    def loss() -> float:
        y, last, _ = layer.run_over(x, states, manner._replace(save=False), mask)
        at_states = sum((s * d).sum() for s, d in zip(last, d_last, strict=True))
        return float((y * d_y).sum() + at_states)

    assert_gradient(d_x, loss, x)
    for d, state in zip(d_states, states, strict=True):
        assert_gradient(d, loss, state)
    for name, value in layer.parameters.items():
        assert_gradient(layer.gradients[name], loss, value)


def test_either_gradient_may_be_missing() -> None:
    one, two = np.ones(2), np.full(2, 2.0)
    assert added(None, None) is None
    assert added(one, None) is one
    assert added(None, two) is two
    np.testing.assert_array_equal(added(one, two), [3, 3])


def test_bad_states() -> None:
    lstm, gru = gk.LSTM(3, name="lstm_here"), gk.GRU(3, name="gru_here")
    h = np.zeros((3, 3))
    for state, message in (
        (h, "lstm_here: initial_state is a ndarray, expected a list [h, c]"),
        ([h], "lstm_here: initial_state is a list of 1 parts, expected a list [h, c]"),
        (
            [h, h[:1]],
            "lstm_here: initial_state c has shape (1, 3), expected (batch, units) = (3, 3)",
        ),
    ):
        with pytest.raises(ValueError, match=re.escape(message)):
            lstm(X, initial_state=state)
    with pytest.raises(ValueError, match=re.escape("gru_here: initial_state h has shape (3, 2)")):
        gru(X, initial_state=np.zeros((3, 2)))
    with pytest.raises(TypeError, match="initial_state h has type str"):
        lstm(X, initial_state=["h", h])

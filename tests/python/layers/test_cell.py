"""What the cells share when they are used alone."""

import re

import numpy as np
import pytest

import gatedcore as gk
from layer_kinds import X


def test_a_cell_does_not_run_alone_in_a_chain() -> None:
    cell = gk.LSTMCell(2)
    for call in (lambda: cell.forward(X[:, 0], False), lambda: cell.backward(X[:, 0], False)):
        with pytest.raises(TypeError, match=r"a cell is one step .* use RNN\(cell\)"):
            call()
    with pytest.raises(ValueError, match=re.escape("expected (batch, features) of one time step")):
        cell(X, [np.zeros((3, 2))] * 2)


@pytest.mark.parametrize("kind", [gk.LSTMCell, gk.GRUCell, gk.SimpleRNNCell])
def test_a_cell_alone_draws_nothing(kind) -> None:
    cell = kind(2, recurrent_dropout=0.5, seed=0, name="one_step")
    plain = kind(2, seed=0)
    states = [np.ones((3, 2))] * len(cell.state_names)
    np.testing.assert_array_equal(cell(X[:, 0], states)[0], plain(X[:, 0], states)[0])
    plain(X[:, 0], states, training=True)
    with pytest.raises(ValueError, match=r"one_step: training=True came with dropout, .* RNN"):
        cell(X[:, 0], states, training=True)
    with pytest.raises(ValueError, match=r"dropout is 1\.5"):
        kind(2, dropout=1.5)


@pytest.mark.parametrize("kind", [gk.LSTMCell, gk.GRUCell, gk.SimpleRNNCell])
def test_sizes_and_first_states_as_in_keras(kind) -> None:
    cell = kind(3, dtype="float64")
    assert cell.state_size == ([3, 3] if kind is gk.LSTMCell else 3)
    assert cell.output_size == 3
    states = cell.get_initial_state(2)
    assert [s.shape for s in states] == [(2, 3)] * len(cell.state_names)
    np.testing.assert_array_equal(states[0], np.zeros((2, 3)))
    assert cell.compute_output_shape((None, 5)) == (None, 3)
    with pytest.raises(ValueError, match="batch_size is 0"):
        cell.get_initial_state(0)

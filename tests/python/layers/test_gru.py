import numpy as np
import pytest

import gatedcore as gk
from gatedcore import ops, reference
from problems import assert_close

X = np.random.default_rng(0).normal(size=(3, 5, 2))


def test_weights_as_in_keras() -> None:
    layer = gk.GRU(7)
    layer.build((None, None, 3))
    assert list(layer.parameters) == ["kernel", "recurrent_kernel", "bias"]
    assert [w.shape for w in layer.weights] == [(3, 21), (7, 21), (2, 21)]
    before = gk.GRU(7, reset_after=False)
    before.build((None, None, 3))
    assert before.parameters["bias"].shape == (21,)
    # keras.layers.GRU(50) on one feature has 7,950 parameters, with reset_after=False 7,800.
    for reset_after, count in ((True, 7_950), (False, 7_800)):
        big = gk.GRU(50, reset_after=reset_after)
        big.build((None, None, 1))
        assert big.count_params() == count


def test_first_values_as_in_keras() -> None:
    layer = gk.GRU(7, dtype="float64", seed=0)
    layer.build((None, None, 3))
    kernel, recurrent_kernel, bias = layer.weights
    limit = np.sqrt(6.0 / (3 + 21))
    assert 0.9 * limit < np.abs(kernel).max() <= limit
    # One orthogonal matrix over all gates: its rows are orthonormal, to rounding.
    np.testing.assert_allclose(recurrent_kernel @ recurrent_kernel.T, np.eye(7), atol=1e-12)
    np.testing.assert_array_equal(bias, np.zeros((2, 21)))


@pytest.mark.parametrize("reset_after", [True, False])
def test_layer_is_the_op_on_its_weights(reset_after: bool) -> None:
    layer = gk.GRU(4, activation="relu", reset_after=reset_after, dtype="float64")
    y = layer(X)
    options = {"activation": "relu", "reset_after": reset_after}
    run = reference.gru_forward(X, *layer.weights, **options)
    assert_close(y, run.h[-1])
    np.testing.assert_array_equal(y, ops.gru(X, *layer.weights, **options)[:, -1])


def test_positional_arguments_as_in_keras() -> None:
    layer = gk.GRU(3, "relu", "hard_sigmoid", False, "ones", "zeros", "ones")
    assert (layer.activation, layer.recurrent_activation) == ("relu", "hard_sigmoid")
    assert not layer.use_bias
    layer.build((None, None, 1))
    assert (layer.parameters["kernel"] == 1.0).all()


@pytest.mark.parametrize("reset_after", [True, False])
def test_cell_as_in_keras(reset_after: bool) -> None:
    options = {"reset_after": reset_after, "dtype": "float64", "seed": 1}
    cell, layer = gk.GRUCell(4, **options), gk.GRU(4, return_sequences=True, **options)
    y = layer(X)
    states = [np.zeros((3, 4))]
    for t in range(5):
        bare, state = cell(X[:, t], states[0])
        out, states = cell(X[:, t], states)
        assert out is states[0]
        np.testing.assert_array_equal(bare, state)
        np.testing.assert_array_equal(bare, out)
        np.testing.assert_allclose(out, y[:, t], rtol=0.0, atol=1e-15)  # the same sums


def test_initial_state_bare_or_in_a_list() -> None:
    layer, h = gk.GRU(4), np.ones((3, 4))
    np.testing.assert_array_equal(layer(X, initial_state=h), layer(X, initial_state=[h]))
    assert not np.array_equal(layer(X, initial_state=h), layer(X))

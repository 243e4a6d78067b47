import numpy as np
import pytest

import gatedcore as gk
from gatedcore import ops, reference
from problems import assert_close

X = np.random.default_rng(0).normal(size=(3, 5, 2))


def test_weights_as_in_keras() -> None:
    layer = gk.LSTM(7)
    layer.build((None, None, 3))
    assert list(layer.parameters) == ["kernel", "recurrent_kernel", "bias"]
    assert [w.shape for w in layer.weights] == [(3, 28), (7, 28), (28,)]
    # keras.layers.LSTM(50) on one feature has 10,400 parameters.
    big = gk.LSTM(50)
    big.build((None, None, 1))
    assert big.count_params() == 10_400
    bare = gk.LSTM(7, use_bias=False)
    bare.build((None, None, 3))
    assert list(bare.parameters) == ["kernel", "recurrent_kernel"]


def test_first_values_as_in_keras() -> None:
    layer = gk.LSTM(7, dtype="float64", seed=0)
    layer.build((None, None, 3))
    kernel, recurrent_kernel, bias = layer.weights
    limit = np.sqrt(6.0 / (3 + 28))
    assert 0.9 * limit < np.abs(kernel).max() <= limit
    # One orthogonal matrix over all gates: its rows are orthonormal, to rounding.
    np.testing.assert_allclose(recurrent_kernel @ recurrent_kernel.T, np.eye(7), atol=1e-12)
    np.testing.assert_array_equal(bias, [0.0] * 7 + [1.0] * 7 + [0.0] * 14)


def test_unit_forget_bias() -> None:
    plain = gk.LSTM(2, unit_forget_bias=False)
    plain.build((None, None, 1))
    np.testing.assert_array_equal(plain.parameters["bias"], np.zeros(8))
    other = gk.LSTM(2, bias_initializer=gk.initializers.Constant(3.0))
    other.build((None, None, 1))
    np.testing.assert_array_equal(other.parameters["bias"], [3, 3, 1, 1, 3, 3, 3, 3])


def test_layer_is_the_op_on_its_weights() -> None:
    layer = gk.LSTM(4, activation="relu", recurrent_activation="hard_sigmoid", dtype="float64")
    y = layer(X)
    run = reference.lstm_forward(
        X, *layer.weights, activation="relu", recurrent_activation="hard_sigmoid"
    )
    assert_close(y, run.h[-1])
    h, _ = ops.lstm(X, *layer.weights, activation="relu", recurrent_activation="hard_sigmoid")
    np.testing.assert_array_equal(y, h[:, -1])


def test_positional_arguments_as_in_keras() -> None:
    layer = gk.LSTM(3, "relu", "hard_sigmoid", False, "ones", "zeros", "ones", False)
    assert (layer.activation, layer.recurrent_activation) == ("relu", "hard_sigmoid")
    assert (layer.use_bias, layer.unit_forget_bias) == (False, False)
    layer.build((None, None, 1))
    assert (layer.parameters["kernel"] == 1.0).all()
    assert (layer.parameters["recurrent_kernel"] == 0.0).all()


def test_cell_as_in_keras() -> None:
    cell = gk.LSTMCell(4, dtype="float64", seed=1)
    layer = gk.LSTM(4, dtype="float64", return_sequences=True, return_state=True, seed=1)
    y, h_last, c_last = layer(X)
    h, c = np.zeros((3, 4)), np.zeros((3, 4))
    for t in range(5):
        out, [h, c] = cell(X[:, t], [h, c])
        assert out is h
        np.testing.assert_allclose(out, y[:, t], rtol=0.0, atol=1e-15)  # the same sums
    np.testing.assert_allclose(h, h_last, rtol=0.0, atol=1e-15)
    np.testing.assert_allclose(c, c_last, rtol=0.0, atol=1e-15)
    assert [w.shape for w in cell.weights] == [(2, 16), (4, 16), (16,)]


def test_cell_with_bad_states() -> None:
    cell = gk.LSTMCell(4, name="cell_here")
    with pytest.raises(ValueError, match="cell_here: initial_state is a list of 1 parts, expected"):
        cell(X[:, 0], [np.zeros((3, 4))])
    with pytest.raises(ValueError, match=r"cell_here: initial_state c has shape \(2, 4\)"):
        cell(X[:, 0], [np.zeros((3, 4)), np.zeros((2, 4))])

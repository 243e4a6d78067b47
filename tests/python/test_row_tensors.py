import numpy as np
import pytest

import gatedcore as gk

X = np.random.default_rng(0).normal(size=(3, 5, 2)).astype(np.float32)


def test_ends_of_a_row() -> None:
    start = gk.Input((None, 2), name="series")
    row = gk.Sequential([start, gk.LSTM(4, return_sequences=True), gk.LSTM(3), gk.Dense(1)])
    assert row.input is start
    assert row.inputs == [start]
    assert row.outputs == [row.output]
    assert row.output.shape == row.output_shape == (None, 1)
    states = gk.Model(row.input, [layer.output for layer in row.layers[:2]])
    first, second = states.predict(X, verbose=0)
    np.testing.assert_array_equal(first, row.layers[0](X))
    np.testing.assert_array_equal(second, row.layers[1](first))


def test_they_follow_the_row() -> None:
    row = gk.Sequential([gk.LSTM(4), gk.Dense(2)])
    with pytest.raises(AttributeError, match="input: model is not built yet, expected one that is"):
        _ = row.input
    assert not hasattr(row.layers[0], "output")
    row(X)
    before = row.output
    assert before.shape == (None, 2)
    assert row.output is before
    row.add(gk.Dense(5))
    assert row.output.shape == (None, 5)


def test_tensors_are_no_part_of_the_weights() -> None:
    row = gk.Sequential([gk.LSTM(4, input_shape=(None, 2)), gk.Dense(1)])
    other = gk.Model(row.input, row.layers[0].output)
    row.compile("sgd", "mse")
    row.fit(X, np.ones((3, 1)), verbose=0)
    np.testing.assert_array_equal(other.predict(X, verbose=0), row.layers[0](X))

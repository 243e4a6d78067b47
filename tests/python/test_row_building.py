import numpy as np
import pytest

import gatedcore as gk
from gatedcore.row_building import check_follows, general_shape, in_one_vector, shapes_along

SHAPE = (None, 5, 3)


def row():
    return [gk.LSTM(4, return_sequences=True), gk.Dense(2), gk.layers.Flatten()]


def test_shapes_along():
    assert shapes_along(row(), SHAPE) == [SHAPE, (None, 5, 4), (None, 5, 2), (None, 10)]
    assert shapes_along([], SHAPE) == [SHAPE]
    with pytest.raises(ValueError, match="expected \\(batch, time steps, features\\)"):
        shapes_along([*row(), gk.GRU(2)], SHAPE)


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        (row()[:1], (None, None, 3)),  # features alone
        ([*row(), gk.Dense(2)], (None, 5, 3)),  # the last kernel has a row for each step and unit
        ([gk.Embedding(7, 2), gk.LSTM(3)], (None, None)),
    ],
)
def test_general_shape_knows_what_weights_need(layers, expected):
    assert general_shape(layers, (8, 5, 3)[: len(expected)]) == expected


def test_a_model_is_no_layer_of_a_row():
    first = gk.Sequential([gk.Dense(2)])
    x = gk.Input((3,))
    for model, kind in ((first, "Sequential"), (gk.Model(x, gk.Dense(2)(x)), "Model")):
        message = f"here: layer is a {kind}, a whole model, expected a layer; add its layers one"
        with pytest.raises(TypeError, match=message):
            check_follows("here", model, [])
    with pytest.raises(ValueError, match="layer belongs to another model, expected a free one"):
        gk.Sequential(first.layers)


def test_a_shape_repeated_in_vain_is_told_and_dropped():
    first = gk.LSTM(4, return_sequences=True, input_shape=(3, 1))
    model = gk.Sequential([first])
    second = gk.LSTM(4, input_shape=(3, 1), name="second")
    with pytest.warns(UserWarning, match=r"second: input_shape=\(3, 1\) has no effect behind oth"):
        model.add(second)
    assert model.output_shape == (None, 4)
    assert second.sample_shape is None
    third = gk.Dense(2, input_shape=(4,))  # which is true
    model.add(third)
    assert third.sample_shape == (4,)


def test_in_one_vector():
    layers, model = row(), gk.Sequential()
    vector = in_one_vector(layers, SHAPE, np.dtype(np.float32), model)
    assert [layer.input_features for layer in layers] == [3, 4, 2]
    assert vector.values.size == sum(layer.count_params() for layer in layers) == 128 + 10
    for layer in layers:
        for value in layer.parameters.values():
            assert np.shares_memory(value, vector.values)
    for layer in layers:
        with pytest.raises(ValueError, match="belongs to another model"):
            gk.Sequential([layer])


def test_a_row_that_does_not_fit_changes_no_layer():
    layers = [*row(), gk.GRU(2)]
    with pytest.raises(ValueError, match="expected"):
        in_one_vector(layers, SHAPE, np.dtype(np.float32), gk.Sequential())
    assert not any(layer.built for layer in layers)
    gk.Sequential(layers[:2])  # still free


@pytest.mark.parametrize(
    ("layer", "error", "message"),
    [
        ("dense", TypeError, "here: layer has type str, expected a layer for whole inputs"),
        (gk.layers.LSTMCell(2), TypeError, "here: layer has type LSTMCell"),
        (gk.Dense(2, name="first"), ValueError, "another layer has the name 'first'"),
        (gk.LSTM(2, return_state=True), ValueError, "has several outputs, expected one"),
    ],
)
def test_what_may_not_follow(layer, error, message):
    with pytest.raises(error, match=message):
        check_follows("here", layer, [gk.Dense(3, name="first")])

import copy
import pickle

import numpy as np
import pytest

import gatedcore as gk


def test_the_first_call_counts() -> None:
    layer, first, second = gk.GRU(3), gk.Input((None, 2)), gk.Input((None, 2))
    y = layer(first)
    layer(second)
    assert layer.input is first
    assert layer.output is y


def test_several_tensors_come_in_a_list() -> None:
    x, h = gk.Input((None, 2)), gk.Input((3,))
    layer = gk.GRU(3, return_state=True)
    y, last = layer(x, initial_state=h)
    assert layer.input == [x, h]
    assert layer.output == [y, last]
    merged = gk.Add()
    z = merged([y, last])
    assert merged.input == [y, last]
    assert merged.output is z


def test_before_any_call() -> None:
    layer = gk.GRU(3, name="mine")
    layer(np.zeros((1, 2, 2)))
    for what in ("input", "output"):
        assert not hasattr(layer, what)
        with pytest.raises(AttributeError, match=f"mine.{what}: layer was not called on a symbol"):
            getattr(layer, what)


def test_layers_of_models_know_where_they_stand() -> None:
    x = gk.Input((None, 2))
    model = gk.Model(x, gk.Dense(1)(gk.GRU(3, name="gru")(x)))
    row = gk.Sequential([gk.GRU(3, input_shape=(None, 2)), gk.Dense(1)])
    for one in (model, row):
        for made in (one, copy.deepcopy(one), pickle.loads(pickle.dumps(one))):
            first, last = made.computing_layers
            assert first.output is last.input
            assert last.output.call.layer is last
            assert made.output is last.output
    again = gk.Model.from_config(model.get_config())
    assert again.layers[1].input is again.input is again.layers[0].output
    assert not hasattr(copy.deepcopy(model.layers[1]), "output")
    x = np.ones((2, 4, 2), np.float32)
    for one in (model, row):
        hidden = gk.Model(one.input, one.computing_layers[0].output)
        np.testing.assert_array_equal(hidden(x), one.computing_layers[0](x))


def test_a_model_called_again_leaves_the_layers_where_they_were() -> None:
    row = gk.Sequential([gk.GRU(3, input_shape=(None, 2)), gk.Dense(1)])
    outer = gk.Input((None, 2))
    y = row(outer)
    assert row.layers[0].input is row.input
    assert row.layers[1].output is row.output
    assert y is not row.output

import numpy as np
import pytest

import gatedcore as gk


def test_builds_the_model_at_once() -> None:
    model = gk.Sequential([gk.Input((None, 2)), gk.GRU(3), gk.Dense(1)])
    assert model.built
    assert model.input_shape == (None, None, 2)
    assert [layer.name.split("_")[0] for layer in model.layers] == ["gru", "dense"]


def test_dtype_for_the_whole_model() -> None:
    model = gk.Sequential([gk.Input((None, 2), dtype="float64"), gk.GRU(3), gk.Dense(1)])
    assert model.dtype == np.float64
    assert all(value.dtype == np.float64 for value in model.weights)


@pytest.mark.parametrize("shape", [3, (), (2, 0)])
def test_bad_shapes(shape: object) -> None:
    with pytest.raises((TypeError, ValueError), match="Input: input_shape is"):
        gk.Input(shape)


@pytest.mark.parametrize(
    "arguments",
    [
        {"batch_shape": (4, None, 2)},
        {"shape": (None, 2), "batch_size": 4},
        {"batch_input_shape": (4, None, 2)},
        {"input_shape": (None, 2), "batch_size": 4},
    ],
)
def test_a_batch_of_a_stated_size_may_have_any(arguments: dict) -> None:
    with pytest.warns(UserWarning, match="Input: a batch size of 4 has no effect"):
        x = gk.Input(**arguments)
    assert x.shape == (None, None, 2)
    model = gk.Sequential([x, gk.LSTM(3, stateful=True)])
    assert model.predict(np.zeros((5, 7, 2)), verbose=0).shape == (5, 3)
    assert gk.Input(batch_shape=[None, 2]).shape == (None, 2)


def test_comes_first_and_once() -> None:
    model = gk.Sequential([gk.Input((2,)), gk.Dense(1)])
    with pytest.raises(ValueError, match="an Input came after other layers, expected it first"):
        model.add(gk.Input((2,)))


def test_tokens_have_any_length_and_an_integer_dtype_that_layers_do_not_take() -> None:
    tokens = gk.Input((None,), dtype="int32", name="tokens")
    model = gk.Sequential([tokens, gk.Embedding(5, 2), gk.LSTM(3)])
    assert model.dtype == np.float32
    assert model.output_shape == (None, 3)
    config = tokens.get_config()
    assert config == {"batch_shape": [None, None], "dtype": "int32", "name": "tokens"}
    assert gk.Input.from_config(config).get_config() == config


def test_layers_that_need_a_size_say_so() -> None:
    with pytest.raises(ValueError, match="expected a size on the last axis"):
        gk.Dense(2)(gk.Input((None,)))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"name": 3}, TypeError, "Input: name is 3, expected a string"),
        ({"dtype": "float16"}, ValueError, "Input: dtype is 'float16'"),
        ({"sparse": True}, ValueError, "Input: sparse=True is not supported"),
        ({"input_shape": (2,)}, TypeError, "Input: got an unknown argument 'input_shape'"),
        ({"shap": 1}, TypeError, "Input: got an unknown argument 'shap'"),
        ({"batch_size": 0}, ValueError, "Input: batch_size is 0, expected an integer of at least"),
        ({"batch_shape": (4, 2)}, ValueError, "batch_shape came with shape or batch_size"),
        ({"shape": None, "batch_shape": 4}, TypeError, r"Input: batch_shape is 4, expected a tup"),
    ],
)
def test_bad_arguments(arguments: dict, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        gk.Input(**{"shape": (2,), **arguments})


def test_it_is_among_the_layers_of_a_graph_and_has_no_weights() -> None:
    x = gk.Input((2,), name="x")
    model = gk.Model(x, gk.Dense(1)(x))
    for layer in model.layers:  # as scripts go through them
        layer.trainable = layer.name != "x"
        layer.set_weights(layer.get_weights())
        layer.reset_states()
        assert layer.built
        assert layer.count_params() == sum(w.size for w in layer.weights)
    assert x.input is x.output is model.layers[0]
    assert x.variables == x.trainable_weights == x.non_trainable_variables == []
    assert len(model.trainable_weights) == 2
    assert gk.Sequential([x, gk.Dense(1)]).layers[0].name != "x"  # there Keras leaves it out
    with pytest.raises(
        ValueError, match=r"x.set_weights: weights came for an Input, expected none"
    ):
        x.set_weights([np.ones(2)])

"""Models from JSON, from configs, and from other models."""

import json
import re

import numpy as np
import pytest

import gatedcore as gk
from small_model import X, make


def test_json_makes_the_architecture() -> None:
    model = make()
    again = gk.models.model_from_json(model.to_json())
    assert again.get_config() == model.get_config()
    assert again.optimizer is None
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again(X), model(X))


def test_from_config_of_every_beginning() -> None:
    for layers in (
        [],
        [gk.GRU(2)],
        [gk.Input((None, 3), dtype="float64"), gk.GRU(2), gk.Dense(1)],
        [gk.Input((4, 3))],
        [gk.LSTM(2, input_shape=(5, 3))],
    ):
        model = gk.Sequential(layers)
        config = json.loads(json.dumps(model.get_config()))
        again = gk.Sequential.from_config(config)
        assert again.get_config() == config
        assert (again.built, again.dtype, again.input_shape) == (
            model.built, model.dtype, model.input_shape,
        )  # fmt: skip
    model = gk.Sequential([gk.GRU(2)])
    model(X)
    assert gk.Sequential.from_config(model.get_config()).input_shape == (None, None, 2)


def test_a_clone_has_weights_of_its_own() -> None:
    model = gk.Sequential([gk.GRU(3, input_shape=(None, 2)), gk.Dense(1)])
    clone = gk.models.clone_model(model)
    assert type(clone) is type(model)
    assert model.clone().get_config() == clone.get_config() == model.get_config()
    assert (clone.weights[0] != model.weights[0]).any()
    before = model.get_weights()
    for weight in clone.weights:
        weight[...] = 0.0
    for a, b in zip(before, model.weights, strict=True):
        np.testing.assert_array_equal(a, b)


def test_what_keras_writes_for_a_sequential_is_read() -> None:
    dtype = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}}
    text = json.dumps(
        {
            "module": "keras",
            "class_name": "Sequential",
            "config": {
                "name": "sequential_4",
                "trainable": True,
                "dtype": dtype,
                "layers": [
                    {
                        "module": "keras.layers",
                        "class_name": "InputLayer",
                        "config": {
                            "batch_shape": [None, 10, 1],
                            "dtype": "float32",
                            "sparse": False,
                            "name": "input_layer",
                        },
                    },
                    {
                        "module": "keras.layers",
                        "class_name": "Dense",
                        "config": {"name": "dense", "dtype": dtype, "units": 2},
                        "build_config": {"input_shape": [None, 10, 1]},
                    },
                ],
                "build_input_shape": [None, 10, 1],
            },
        }
    )
    model = gk.models.model_from_json(text)
    assert (model.name, model.input_shape, model.output_shape) == (
        "sequential_4", (None, 10, 1), (None, 10, 2),
    )  # fmt: skip


def test_wrong_json() -> None:
    with pytest.raises(TypeError, match="json_string holds a Dense, expected a model"):
        gk.models.model_from_json(json.dumps(gk.saving.serialize(gk.Dense(2))))
    with pytest.raises(TypeError, match="lora_rank"):
        gk.Sequential.from_config({"layers": [], "lora_rank": 2})
    with pytest.raises(TypeError, match="clone_model: model has type Dense"):
        gk.models.clone_model(gk.Dense(2))
    with pytest.raises(ValueError, match="clone_function=<function> is not supported"):
        gk.models.clone_model(make(), clone_function=lambda layer: layer)


LAYER = '{"class_name": "Dense", "config": {"units": 1}, "inbound_nodes": [%s]}'
CALL = '{"args": [{"config": {"keras_history": []}}], "kwargs": {}}'
GRAPH = '{"class_name": "Model", "config": {"layers": [%s], "input_layers": 1, "output_layers": 1}}'


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("[" * 10**5, "recursion|Stack overflow"),
        ("abc", "Expecting value"),
        ("1" * 5000, "4300"),  # Python 3.10 does not say that they are digits
        ('{"class_name": "Sequential", "config": {}}', "KeyError"),
        ('{"class_name": "Sequential", "config": {"layers": 5}}', "layers is 5, expected a list"),
        ('{"class_name": "Sequential", "config": {"layers": [], "name": 5}}', "name is 5"),
        ('{"class_name": "Model", "config": {"layers": []}}', "KeyError"),
        (GRAPH % LAYER % 5, "not subscriptable"),
        (GRAPH % LAYER % CALL, "not enough values"),
        ('{"class_name": "Unknown", "config": {}}', "class 'Unknown' is not known"),
        ('{"class_name": "Generator", "config": {"bit_generator": "PCG64", "state": {}}}', "state"),
        ("5", "config is 5"),
        (5, "must be str"),
    ],
)
def test_json_that_is_none_of_a_model(text, cause) -> None:
    with pytest.raises((ValueError, TypeError)) as caught:
        gk.models.model_from_json(text)
    assert re.fullmatch(
        rf"model_from_json: json_string makes no model \(.*(?:{cause}).*\), expected what "
        r"to_json\(\) returned; correct that, or write it anew",
        str(caught.value),
        re.DOTALL,
    )

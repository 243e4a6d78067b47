"""Configs of our layers for Keras; no Keras is needed, they are data."""

import numpy as np
import pytest

import gatedcore as gk
from gatedcore.interop.convert.keras_config_out import layer_to_keras, object_to_keras


def test_a_layer_in_keras_words():
    layer = gk.LSTM(
        4,
        name="one",
        kernel_regularizer="l2",
        recurrent_constraint=gk.constraints.MaxNorm(2),
        recompute=True,
        seed=3,
        dtype="float64",
    )
    data = layer_to_keras(layer)
    config = data["config"]
    assert (data["module"], data["class_name"]) == ("keras.layers", "LSTM")
    assert (config["units"], config["dtype"], config["seed"]) == (4, "float64", 3)
    assert config["kernel_regularizer"]["module"] == "keras.regularizers"
    assert config["recurrent_constraint"]["module"] == "keras.constraints"
    assert config["kernel_initializer"]["class_name"] == "GlorotUniform"
    assert not {"zoneout_h", "zoneout_c", "recompute", "input_shape"} & set(config)


def test_layers_within_layers():
    data = layer_to_keras(gk.Bidirectional(gk.GRU(3), dtype="float64"))
    for name in ("layer", "backward_layer"):
        inner = data["config"][name]
        assert (inner["module"], inner["config"]["dtype"]) == ("keras.layers", "float64")
    cells = layer_to_keras(gk.RNN([gk.LSTMCell(3), gk.GRUCell(2)]))["config"]["cell"]["config"]
    assert [one["class_name"] for one in cells["cells"]] == ["LSTMCell", "GRUCell"]


def test_seeds_are_for_layers_that_draw_as_they_train():
    assert "seed" not in layer_to_keras(gk.Dense(3, seed=1))["config"]
    assert layer_to_keras(gk.Dropout(0.1, seed=1))["config"]["seed"] == 1
    assert layer_to_keras(gk.LSTM(3, seed=np.random.default_rng(1)))["config"]["seed"] is None


@gk.saving.register_serializable("mine", "Own")
class Own(gk.layers.Layer):
    def call(self, x):
        return x


@gk.saving.register_serializable("mine", "Regularizer")
class OwnRegularizer(gk.regularizers.Regularizer):
    pass


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: gk.LSTM(3, name="a", zoneout_h=0.1), r"layer 'a' \(LSTM\): zoneout_h=0\.1 has no"),
        (lambda: gk.Embedding(3, 2, sparse=True), "sparse=True has no counterpart in Keras"),
        (lambda: Own(name="a"), r"layer 'a' \(Own\): a Own has no counterpart in Keras"),
        (lambda: gk.layers.Lambda(np.tanh), r"\(Lambda\): .*Lambda"),
        (
            lambda: gk.Dense(3, kernel_regularizer=OwnRegularizer()),
            "'mine>Regularizer' is of your own, expected what Keras has too",
        ),
    ],
)
def test_what_keras_does_not_have_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        layer_to_keras(make())


def test_plain_values_stay():
    assert object_to_keras({"a": [1, None, "x"]}) == {"a": [1, None, "x"]}

"""Keras's configs of layers as ours; no Keras is needed, they are data."""

import pytest

import gatedcore as gk
from gatedcore.interop.convert.keras_config import class_of, layer_from, plain


def config(kind, registered=None, **options):
    return {
        "module": "keras.layers",
        "class_name": kind,
        "config": {"name": "one", "trainable": True, "dtype": "float32", **options},
        "registered_name": registered,
    }


def part(kind, module="keras.initializers", **options):
    return {"module": module, "class_name": kind, "config": options, "registered_name": None}


def test_a_layer_of_keras_3():
    policy = part("DTypePolicy", "keras", name="float64")
    layer = layer_from(
        config(
            "LSTM",
            units=4,
            activation="relu",
            recurrent_activation=part("function", "builtins") | {"config": "hard_sigmoid"},
            kernel_initializer=part("HeNormal", seed=3, input_axes=None, output_axes=None),
            kernel_regularizer=part("L2", "keras.regularizers", l2=0.5),
            recurrent_constraint=part("MaxNorm", "keras.constraints", max_value=3, axis=0),
            unroll=True,
            seed=None,
        )
        | {"build_config": {"input_shape": [None, 5, 3]}, "shared_object_id": 7}
        | {"registered_name": "LSTM"},
        3,
    )
    assert isinstance(layer, gk.LSTM)
    assert (layer.name, layer.units) == ("one", 4)
    assert (layer.activation, layer.recurrent_activation) == ("relu", "hard_sigmoid")
    assert layer.kernel_initializer.seed == 3
    assert layer.kernel_regularizer.l2 == 0.5
    assert layer.recurrent_constraint.max_value == 3
    policed = layer_from(config("Dense", units=2) | {"config": {"units": 2, "dtype": policy}}, 2)
    assert policed.dtype == "float64"


def test_a_layer_of_keras_2():
    layer = layer_from(
        {
            "class_name": "GRU",
            "config": {
                "name": "gru",
                "trainable": False,
                "batch_input_shape": [None, 5, 3],
                "dtype": "float32",
                "units": 4,
                "time_major": False,
                "implementation": 2,
                "reset_after": True,
                "kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": None}},
            },
        },
        3,
    )
    assert isinstance(layer, gk.GRU)
    assert not layer.trainable


def test_older_names_of_initializers():
    old = part("OrthogonalInitializer", gain=2.0, dtype="float32")
    layer = layer_from(config("GRU", units=4, recurrent_initializer=old), 3)
    assert isinstance(layer.recurrent_initializer, gk.initializers.Orthogonal)
    assert layer.recurrent_initializer.gain == 2.0


def test_layers_within_layers():
    forward = config("LSTM", units=4)
    layer = layer_from(config("Bidirectional", layer=forward, merge_mode="sum"), 3)
    assert layer.forward_layer.units == layer.backward_layer.units == 4
    cells = [config("LSTMCell", units=4), config("GRUCell", units=3)]
    layer = layer_from(config("RNN", cell=config("StackedRNNCells", cells=cells)), 3)
    assert [cell.units for cell in layer.cell.cells] == [4, 3]


@pytest.mark.parametrize("axis", [-1, [-1], 2, [2]])
def test_the_last_axis_has_many_names(axis):
    layer = layer_from(config("LayerNormalization", axis=axis, epsilon=0.1), 3)
    assert layer.epsilon == 0.1
    wrapped = config("LayerNormalization", axis=[1])
    assert layer_from(config("TimeDistributed", layer=wrapped), 3).layer.name == "one"


def test_tuples_and_arrays_become_lists():
    assert plain("shape", {"class_name": "__tuple__", "items": [1, None]}) == [1, None]
    array = {"class_name": "__numpy__", "config": {"value": [1.0], "dtype": "float32"}}
    assert plain("mean", array) == [1.0]


def test_classes_of_ones_own_are_those_registered_here():
    @gk.saving.register_serializable("mine", "Double")
    class Double(gk.layers.Layer):
        def call(self, x):
            return 2 * x

    layer = layer_from(config("Twice", registered="mine>Double"), 2)
    assert isinstance(layer, Double)


FUNCTION = {"class_name": "function", "config": "bad"}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (config("Conv1D", filters=3), r"layer 'one' \(Conv1D\): a Conv1D has no counterpart"),
        (config("Lambda", function="x"), "a Lambda is code, which is never run from a file"),
        (config("Layer"), "a Layer has no counterpart"),
        (config("Wrapper"), "a Wrapper has no counterpart"),
        (config("TextVectorization"), "a TextVectorization has no counterpart"),
        (config("Sequential", layers=[]), "a Sequential has no counterpart"),
        (config("LSTM", units=4, brightness=1), "got an unknown argument 'brightness'"),
        (config("LSTM", units=4, time_major=True), "time_major=True is not supported"),
        (config("Dense", units=4, lora_rank=2), "lora_rank=2 is not supported, expected None"),
        (config("Flatten", data_format="channels_first"), "data_format='channels_first'"),
        (config("LayerNormalization", axis=[1]), r"axis=\[1\] is not supported"),
        (
            config("Dense", units=4, activation={"class_name": "__lambda__", "config": {}}),
            "activation is a lambda, which is code",
        ),
        (
            config("Dense", units=4, activation=FUNCTION | {"module": "mine"}),
            "activation is the function 'bad' of mine, expected one of Keras or a registered one",
        ),
        (
            config("Dense", units=4, activation=FUNCTION | {"module": "builtins"}),
            "activation is 'bad'",
        ),
        (
            config("Dense", units=4, activation=part("Sequential", "keras", layers=[])),
            "activation is a Sequential, expected a name or numbers",
        ),
        (
            config("Dense", units=4, kernel_initializer=part("Sequential", "keras", layers=[])),
            "kernel_initializer is 'Sequential', expected one of gatedcore.initializers",
        ),
        (
            config("Dense", units=4, kernel_initializer=part("GlorotUniform", input_axes=[0])),
            r"input_axes=\[0\] is not supported",
        ),
        (
            config("Dense", units=4, kernel_regularizer=part("Orthogonal", "keras.regularizers")),
            "kernel_regularizer is 'Orthogonal', expected one of gatedcore.regularizers",
        ),
        (
            {
                "class_name": "Dense",
                "config": {"name": "one", "dtype": part("QuantizedDTypePolicy")},
            },
            "dtype is .*, expected float32 or float64",
        ),
        (config("RNN", cell=[config("LSTM", units=4)]), "LSTM stands among cells, expected a cell"),
        (config("Bidirectional", layer=3), "layer has type int"),
    ],
)
def test_what_cannot_be_is_named(data, message):
    with pytest.raises(ValueError, match=message):
        layer_from(data, 3)


@pytest.mark.parametrize("data", [None, 3, {}, {"class_name": 3}, {"class_name": "LSTM"}])
def test_what_is_no_config_is_refused(data):
    with pytest.raises(TypeError, match="config"):
        class_of(data)

"""Models made from Keras's configs alone; weights are tested with the files that hold them."""

import pytest

import gatedcore as gk
from gatedcore.interop.convert.keras_model import model_from
from gatedcore.interop.convert.keras_weights import NoWeights


def layer(kind, name, *nodes, **options):
    config = {"name": name, "trainable": True, "dtype": "float32", **options}
    data = {"module": "keras.layers", "class_name": kind, "config": config, "name": name}
    return {**data, "inbound_nodes": list(nodes)} if nodes else data


def input_layer(name="x", shape=(None, 5, 3), dtype="float32"):
    return {
        **layer("InputLayer", name),
        "config": {"name": name, "batch_shape": list(shape), "dtype": dtype},
        "inbound_nodes": [],
    }


def row(*layers, name="row", **options):
    return {"class_name": "Sequential", "config": {"name": name, "layers": list(layers), **options}}


def tensor(name, number=0, output=0):
    config = {"keras_history": [name, number, output], "dtype": "float32"}
    return {"class_name": "__keras_tensor__", "config": config}


def call(*args, **kwargs):
    return {"args": list(args), "kwargs": kwargs}


def graph(layers, outputs, inputs=("x", 0, 0), name="graph", **options):
    ends = {"input_layers": inputs, "output_layers": outputs}
    config = {"name": name, "trainable": True, "layers": layers, **ends}
    return {"class_name": "Functional", "config": config, "name": name, **options}


class Zeros(NoWeights):
    """As many weights as a dense layer from 3 to 3 or 4 to 3 has."""

    def __init__(self, *shapes):
        self._shapes = list(shapes)

    def of(self, key, data):
        import numpy as np

        from gatedcore.interop.convert.hdf5 import Stored

        arrays = [np.zeros(shape, np.float32) for shape in self._shapes]
        return [Stored(str(k), a.shape, a) for k, a in enumerate(arrays)]

    def within(self, key, data):
        return self


FLAT = [layer("Flatten", "flat"), layer("Activation", "act", activation="tanh")]


@pytest.mark.parametrize(
    "data",
    [
        row(input_layer(), *FLAT),
        row(*FLAT, build_input_shape=[2, 5, 3]),
        row(layer("Flatten", "flat", batch_input_shape=[None, 5, 3]), FLAT[1]),
        row(row(input_layer("y"), FLAT[0], name="in"), FLAT[1]),
        row(input_layer(shape=(7, 5, 3)), *FLAT),
    ],
)
def test_the_shape_of_a_row_stands_in_several_places(data):
    model = model_from(data, NoWeights())
    assert isinstance(model, gk.Sequential)
    assert model.input_shape == (None, 5, 3)
    assert [one.name for one in model.layers] == ["flat", "act"]
    assert model.name == "row"


def test_rows_within_rows_keep_names_apart():
    within = row(layer("Activation", "act", activation="relu"), name="in")
    model = model_from(row(input_layer(), within, *FLAT), NoWeights())
    assert [one.name for one in model.layers] == ["in_act", "flat", "act"]


def test_a_graph_with_a_model_within_it():
    within = row(input_layer("y"), layer("Activation", "act", activation="relu"), name="in")
    within |= {"name": "in", "inbound_nodes": [call(tensor("x"), mask=None)]}
    parts = [
        input_layer(),
        within,
        layer("Activation", "act", call(tensor("in")), activation="tanh"),
        layer("Add", "sum", call([tensor("in"), tensor("act")])),
    ]
    model = model_from(graph(parts, [["sum", 0, 0]]), NoWeights())
    assert isinstance(model, gk.Model)
    assert [one.name for one in model.layers] == ["x", "in_act", "act", "sum"]
    assert model.output_shape == (None, 5, 3)


def test_a_layer_called_twice_has_one_set_of_weights():
    dense = layer("Dense", "d", call(tensor("x")), call(tensor("d")), units=3)
    model = model_from(graph([input_layer(), dense], ["d", 1, 0]), Zeros((3, 3), (3,)))
    assert [one.name for one in model.layers] == ["x", "d"]
    assert len(model.calls) == 2


def test_forms_of_inputs_and_outputs():
    parts = [
        input_layer("x"),
        input_layer("y"),
        layer("Activation", "a", call(tensor("x")), activation="tanh"),
        layer("Activation", "b", call(tensor("y")), activation="tanh"),
    ]
    named = {"p": ["a", 0, 0], "q": ["b", 0, 0]}
    model = model_from(graph(parts, named, [["x", 0, 0], ["y", 0, 0]]), NoWeights())
    assert model.output_names == ["p", "q"]
    assert model.input_names == ["x", "y"]


def test_tokens_are_told_by_their_dtype():
    x = input_layer(shape=(None, None), dtype="uint8")
    table = layer("Embedding", "table", input_dim=4, output_dim=3)
    model = model_from(row(x, table), Zeros((4, 3)))
    assert model.predict([[1, 2, 3]]).shape == (1, 3, 3)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"class_name": "Mine", "config": {"name": "m"}}, "is no Sequential or functional model"),
        (row(input_layer(dtype="string"), *FLAT), r"layer 'x' \(InputLayer\) takes strings"),
        (row(input_layer(shape=())), r"has the shape \[\], expected the sizes of a batch"),
        (row(input_layer(shape=(None, -3)), *FLAT), r"layer 'x' \(InputLayer\): Input: "),
        ({"class_name": "Sequential", "config": {"layers": 3}}, "has no list of layers"),
        (row(input_layer(), 3), "a config is 3, expected class_name and config"),
        (row(input_layer(shape=(None, 3)), layer("LSTM", "a", units=3)), r"layer 'a' \(LSTM\): a:"),
        (
            graph([input_layer(), layer("Flatten", "f", call(tensor("x")))], [["g", 0, 0]]),
            r"inputs or outputs of layer 'graph' \(Functional\): KeyError",
        ),
        (
            row(graph([input_layer()], [["x", 0, 0]])),
            r"layer 'row' \(Sequential\) has no input shape",
        ),
        (
            graph(
                [input_layer(), layer("LSTM", "a", call(tensor("x"), training=True), units=3)],
                [["a", 0, 0]],
            ),
            r"calls of layer 'a' \(LSTM\): a call has 1 inputs and the arguments \['training'\]",
        ),
    ],
)
def test_what_cannot_be_is_named(data, message):
    with pytest.raises((TypeError, ValueError), match=message):
        model_from(data, NoWeights())

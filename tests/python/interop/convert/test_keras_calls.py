"""Calls in configs of functional models, of both versions of Keras."""

import pytest

from gatedcore.interop.convert.keras_calls import calls_of
from keras_graph_configs import call, operator, part, tensor

X = part("InputLayer", "x")


def test_calls_of_keras_3_come_after_what_feeds_them():
    calls = calls_of(
        [
            part("Add", "sum", call([tensor("a"), tensor("a", 1)])),
            part("LSTM", "a", call(tensor("x"), mask=None, training=False), call(tensor("b"))),
            part("LSTM", "b", call(tensor("a"), initial_state=[tensor("a"), tensor("x")])),
            X,
        ]
    )
    assert [(c.data["name"], c.number) for c in calls] == [("a", 0), ("b", 0), ("a", 1), ("sum", 0)]
    assert calls[1].states == [("a", 0, 0), ("x", 0, 0)]
    assert calls[3].x == [("a", 0, 0), ("a", 1, 0)]


def test_calls_of_keras_2():
    inner = {"layers": [X], "name": "within"}
    calls = calls_of(
        [
            X,
            part("LSTM", "a", [["x", 0, 0, {}]]),
            part("LSTM", "b", [["x", 0, 0, {"initial_state": [["a", 0, 1], ["a", 0, 2]]}]]),
            part("LSTM", "c", [["x", 0, 0, {}], ["a", 0, 1, {}], ["a", 0, 2, {}]]),
            part("Add", "sum", [["a", 0, 0, {}], ["b", 0, 0, {}]]),
            {"class_name": "Functional", "config": inner, "inbound_nodes": [[["sum", 0, 0, {}]]]},
            part("Dense", "d", [["within", 1, 0, {}]]),
        ]
    )
    by_name = {c.data.get("name", "within"): c for c in calls}
    assert by_name["b"].states == by_name["c"].states == [("a", 0, 1), ("a", 0, 2)]
    assert by_name["c"].x == ("x", 0, 0)
    assert by_name["sum"].x == [("a", 0, 0), ("b", 0, 0)]
    assert by_name["within"].number == 1  # its making counts


def test_operators_between_tensors_stand_for_layers():
    calls = calls_of(
        [
            X,
            operator("Add", "plus", call(tensor("x"), tensor("x"))),
            operator("Concatenate", "beside", call([tensor("x"), tensor("plus")]), axis=-1),
        ]
    )
    assert [c.data["class_name"] for c in calls] == ["Add", "Concatenate"]
    assert calls[1].data["config"] == {"name": "beside", "axis": -1}


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([part("LSTM", "a", call(tensor("b")))], "inputs of a come from nowhere"),
        ([X, part("LSTM", "a", call(tensor("x"), tensor("x")))], "a call has 2 inputs"),
        ([X, part("LSTM", "a", call(tensor("x"), training=True))], r"arguments \['training'\]"),
        ([X, part("LSTM", "a", {"args": []})], r"calls of layer 'a' \(LSTM\): 'kwargs'"),
        ([X, part("LSTM", "a", call(tensor("x", "y")))], "expected a layer's name and two numbers"),
        ([X, operator("Multiply", "m", call(tensor("x"), 2.0))], "the operator Multiply has no"),
        ([X, operator("Sin", "s", call(tensor("x")))], "the operator Sin has no counterpart"),
        ([X, part("LSTM", "a", call(tensor("x"), mask=tensor("x")))], "a mask comes from 'x'"),
    ],
)
def test_what_cannot_be_called_is_named(parts, message):
    with pytest.raises(ValueError, match=message):
        calls_of(parts)

"""Masks in configs of functional models: those that follow from layers, and others."""

import pytest

from gatedcore.interop.convert.keras_calls import calls_of
from gatedcore.interop.convert.keras_masks import makes_masks
from keras_graph_configs import call, operator, part, tensor

X = part("InputLayer", "x")
EMBEDDING = part("Embedding", "table", call(tensor("x")), mask_zero=True)
MASKING = part("Masking", "holes", call(tensor("x")), mask_value=2.0)


@pytest.mark.parametrize(
    ("layer", "operators", "mask"),
    [
        (EMBEDDING, [operator("NotEqual", "ne", call(tensor("x"), 0))], "ne"),
        (
            MASKING,
            [
                operator("NotEqual", "ne", call(tensor("x"), 2.0)),
                operator("Any", "any", call(tensor("ne", dtype="bool"))),
            ],
            "any",
        ),
    ],
)
def test_masks_that_follow_from_layers_are_taken(layer, operators, mask):
    user = part("LSTM", "a", call(tensor(layer["name"]), mask=tensor(mask, dtype="bool")))
    calls = calls_of([X, layer, *operators, user])
    assert [c.data["name"] for c in calls] == [layer["name"], "a"]


@pytest.mark.parametrize(
    ("layer", "value"),
    [(EMBEDDING, 1), (MASKING, 0.0), (part("Embedding", "table", call(tensor("x"))), 0)],
)
def test_other_masks_are_refused(layer, value):
    user = part("LSTM", "a", call(tensor(layer["name"]), mask=tensor("ne", dtype="bool")))
    with pytest.raises(ValueError, match=r"calls of layer 'a' \(LSTM\): a mask comes from 'ne'"):
        calls_of([X, layer, operator("NotEqual", "ne", call(tensor("x"), value)), user])


def test_masks_that_need_themselves_are_refused():
    first = operator("Any", "one", call(tensor("other")))
    second = operator("Any", "other", call(tensor("one")))
    with pytest.raises(ValueError, match="a mask comes from 'one'"):
        calls_of([X, first, second, part("LSTM", "a", call(tensor("x"), mask=tensor("one")))])


def test_operators_of_masks_are_told_by_what_they_take():
    assert makes_masks(operator("NotEqual", "ne", call(tensor("x"), 0)))
    for kind in ("ExpandDims", "Concatenate"):
        assert makes_masks(operator(kind, "op", call([tensor("ne", dtype="bool")])))
        assert not makes_masks(operator(kind, "op", call([tensor("x")])))
    assert not makes_masks(operator("Add", "plus", call(tensor("x"), tensor("x"))))


def test_inputs_without_a_mask_count_in_full():
    table = part("Embedding", "table", call(tensor("x")), mask_zero=True)
    parts = [
        X,
        table,
        operator("NotEqual", "ne", call(tensor("x"), 0)),
        operator("OnesLike", "ones", call(tensor("table"))),
        operator("Concatenate", "beside", call([tensor("ne", dtype="bool")] * 2)),
        operator(
            "LogicalAnd", "both", call(tensor("beside", dtype="bool"), tensor("ones", dtype="bool"))
        ),
        part("LSTM", "a", call(tensor("table"), mask=tensor("both", dtype="bool"))),
    ]
    assert [c.data["name"] for c in calls_of(parts)] == ["table", "a"]

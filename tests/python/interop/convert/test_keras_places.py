"""Where tensors come from in configs of functional models."""

import pytest

from gatedcore.interop.convert.keras_places import (
    is_operator,
    place_of,
    places_in,
    replaced,
    tree_of,
)
from keras_graph_configs import operator, part, tensor


def test_operators_are_told_from_layers():
    assert is_operator(operator("Add", "plus"))
    assert not is_operator(part("Add", "sum"))
    without = {key: value for key, value in operator("Add", "plus").items() if key != "module"}
    assert is_operator(without)  # as in .h5
    without = {key: value for key, value in part("Add", "sum").items() if key != "module"}
    assert not is_operator(without)


def test_places_are_replaced_within_lists():
    assert replaced([("a", 0, 0), [("b", 0, 1)], None], lambda p: p[0]) == ["a", ["b"], None]


def test_tensors_become_places_within_lists():
    tree = tree_of(
        [tensor("a", 1, 2), [tensor("b")], None, 3, {"class_name": "__tuple__", "items": [4]}]
    )
    assert tree == [("a", 1, 2), [("b", 0, 0)], None, 3, [4]]
    assert list(places_in(tree)) == [("a", 1, 2), ("b", 0, 0)]


@pytest.mark.parametrize("data", [None, "a", ["a", 0], [0, 0, 0], ["a", 0, "b"]])
def test_what_is_no_place_is_refused(data):
    with pytest.raises(TypeError, match="expected a layer's name and two numbers"):
        place_of(data)

"""What is known of values while a graph is followed as a row."""

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed")

import gatedcore as gk
from gatedcore.interop.onnx.chain_values import (
    APART,
    ZEROS,
    Planned,
    Traced,
    constants_of,
    is_zero,
    no_chain,
)
from gatedcore.interop.onnx.node import Node

NODE = Node("gk.onnx.load: node 'n' (Squeeze)", "Squeeze", 11, {"axes": [1]}, (), (), 1000)


def test_rows_grow_and_change_at_their_end():
    dense, lstm = Planned(gk.Dense, {"units": 2}), Planned(gk.LSTM, {"units": 3})
    end = Traced("btf").then(dense).then(lstm, axes="tdbf")
    assert (end.axes, end.row) == ("tdbf", (dense, lstm))
    other = end.with_last(return_sequences=True)
    assert other.row[1].arguments == {"units": 3, "return_sequences": True}
    assert end.row[1].arguments == {"units": 3}
    assert other.row[1].make().return_sequences


def test_weights_say_what_they_take():
    w = np.ones((3, 2))
    assert Planned(gk.Dense, {}, (w,)).takes(3)
    assert not Planned(gk.Dense, {}, (w,)).takes(4)
    assert not Planned(gk.Dense, {}, (w,)).takes(None)
    assert Planned(gk.Embedding, {}, (w,)).takes(None)
    assert Planned(gk.Flatten, {}).takes(4)


def test_zeros_are_known_as_such():
    assert is_zero(ZEROS)
    assert is_zero(np.zeros(3))
    assert not any(is_zero(one) for one in (APART, None, np.ones(3), Traced("bf")))


def test_constants_are_inputs_or_attributes():
    assert constants_of(NODE, [None, np.array([0, 2])], 1, "axes") == [0, 2]
    assert constants_of(NODE, [None], 1, "axes") == [1]
    with pytest.raises(ValueError, match="starts are no constants, expected them in the model"):
        constants_of(NODE, [None, APART], 1, "starts")


def test_errors_name_the_node():
    error = no_chain(NODE, "does more")
    assert str(error) == (
        "gk.onnx.to_sequential: node 'n' (Squeeze): does more; keep the model as it was loaded"
    )

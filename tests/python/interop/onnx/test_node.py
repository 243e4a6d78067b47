"""Nodes of files: checked against what ONNX says of their operators."""

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed")

from onnx import helper

from gatedcore.interop.onnx.node import checked_node


def checked(operator, inputs, outputs=("y",), opset=17, **attributes):
    node = helper.make_node(operator, list(inputs), list(outputs), name="n", **attributes)
    return checked_node(node, 3, opset, 1000)


def test_what_is_left_out_has_its_default():
    node = checked("Gemm", "ab", alpha=2.0)
    assert node.attributes == {"alpha": 2.0, "beta": 1.0, "transA": 0, "transB": 0}
    assert (node.version, node.inputs, node.outputs) == (13, ("a", "b"), ("y",))


def test_the_version_is_that_of_the_operator():
    assert checked("Softmax", "x", opset=12).version == 11


def test_attributes_of_every_kind():
    node = checked("LSTM", "xwr", direction="reverse", activations=["Tanh"] * 3,
                   activation_alpha=[0.5], hidden_size=3)  # fmt: skip
    assert node.attributes["activations"] == ["Tanh"] * 3
    assert (node.attributes["activation_alpha"], node.attributes["hidden_size"]) == ([0.5], 3)
    value = helper.make_tensor("v", 1, [1], [3.0])
    assert checked("ConstantOfShape", "s", value=value).attributes["value"] == np.float32(3)


@pytest.mark.parametrize(
    ("operator", "given", "message"),
    [
        ("Foo", {}, r"node 'n' \(Foo\): opset 17 has no such operator"),
        ("Relu", {"inputs": "ab"}, "2 inputs, expected 1 to 1"),
        ("Relu", {"outputs": "yz"}, "2 outputs, expected 1 to 1"),
        ("Add", {"inputs": ["a", ""]}, "input B is left out, expected it"),
        ("Relu", {"alpha": 1.0}, "attribute 'alpha' is not known, expected one of none"),
        ("Concat", {"inputs": "ab"}, "attribute 'axis' is missing"),
        ("Concat", {"inputs": "ab", "axis": 1.0}, "attribute 'axis' has type FLOAT, expected INT"),
        ("Scatter", {"inputs": "abc"}, "operator is gone since opset 11"),
        ("Relu", {"domain": "com.microsoft"}, "operator of the domain 'com.microsoft'"),
    ],
)
def test_what_does_not_suit_is_named(operator, given, message):
    given = {"inputs": "a", **given}
    with pytest.raises(ValueError, match=message):
        checked(operator, **given)


def test_an_attribute_comes_once():
    node = helper.make_node("Elu", ["x"], ["y"], alpha=1.0)
    node.attribute.append(node.attribute[0])
    with pytest.raises(ValueError, match=r"node 0 \(Elu\): attribute 'alpha' comes twice"):
        checked_node(node, 0, 17, 1000)


def test_text_is_utf8():
    node = helper.make_node("LSTM", ["x", "w", "r"], ["y"], direction=b"\xff\xfe")
    with pytest.raises(ValueError, match=r"attribute 'direction' holds .* expected UTF-8"):
        checked_node(node, 0, 17, 1000)


def test_graphs_within_graphs_are_refused():
    inner = helper.make_graph([], "inner", [], [])
    with pytest.raises(ValueError, match=r"'else_branch' has type GRAPH.*If, Loop, Scan"):
        checked("If", "c", then_branch=inner, else_branch=inner)


def test_sizes_of_results():
    node = checked("Relu", "x")
    node.check_size((250,), np.dtype(np.float32))
    node.check_size((2**40, 0), np.dtype(np.float32))
    for shape in ((251,), (-1,), (2**40, 2**40)):
        with pytest.raises(ValueError, match="expected at most 1000; pass a larger max_memory"):
            node.check_size(shape, np.dtype(np.float32))

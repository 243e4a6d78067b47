"""Nodes that are layers, one by one: what they become, and when they are none."""

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed")

import gatedcore as gk
from gatedcore.interop.onnx.chain_layers import LAYERS
from gatedcore.interop.onnx.chain_values import Planned, Traced
from gatedcore.interop.onnx.node import Node

W = np.arange(6, dtype=np.float32).reshape(3, 2)


def follow(operator, inputs, **attributes):
    node = Node(f"gk.onnx.load: node 0 ({operator})", operator, 17, attributes, (), (), 1000)
    (found, *_) = LAYERS[operator](node, None, inputs)
    return found


def gemm(*inputs, alpha=1.0, beta=1.0, transA=0, transB=0):  # ONNX names them
    options = {"alpha": alpha, "beta": beta, "transA": transA, "transB": transB}
    return follow("Gemm", inputs, **options)


def test_a_product_and_its_bias_are_a_dense_layer():
    x, b = Traced("bf"), np.ones(2, np.float32)
    for found in (
        gemm(x, W, b),
        gemm(x, W.T.copy(), b, transB=1),
        follow("Add", [follow("MatMul", [x, W]), b]),
        follow("Add", [b, follow("MatMul", [x, W])]),
    ):
        (dense,) = found.row
        assert dense.kind is gk.Dense
        assert (dense.arguments["units"], dense.arguments["use_bias"]) == (2, True)
        np.testing.assert_array_equal(dense.weights[0], W)
    assert not gemm(x, W).row[0].arguments["use_bias"]


@pytest.mark.parametrize("options", [{"alpha": 2.0}, {"beta": 0.5}, {"transA": 1}])
def test_other_products_are_none(options):
    with pytest.raises(ValueError, match=r"node 0 .Gemm.: expected"):
        gemm(Traced("bf"), W, np.ones(2, np.float32), **options)


def test_an_activation_goes_into_the_dense_layer_before_it():
    after = follow("Tanh", [gemm(Traced("bf"), W)])
    assert [one.arguments["activation"] for one in after.row] == ["tanh"]
    again = follow("Relu", [after])
    assert [one.kind for one in again.row] == [gk.Dense, gk.Activation]


@pytest.mark.parametrize(
    ("operator", "attributes", "name"),
    [
        ("Gelu", {"approximate": "none"}, "gelu"),
        ("Gelu", {"approximate": "tanh"}, "gelu_tanh"),
        ("Elu", {"alpha": 1.0}, "elu"),
        ("HardSigmoid", {"alpha": float(np.float32(1 / 6)), "beta": 0.5}, "hard_sigmoid"),
        ("Softmax", {"axis": -1}, "softmax"),
    ],
)
def test_activations_with_the_options_of_the_library(operator, attributes, name):
    (layer,) = follow(operator, [Traced("btf")], **attributes).row
    assert layer.arguments == {"activation": name}


@pytest.mark.parametrize(
    ("operator", "attributes"),
    [
        ("Elu", {"alpha": 0.5}),
        ("HardSigmoid", {"alpha": 0.2, "beta": 0.5}),
        ("Softmax", {"axis": 1}),
    ],
)
def test_activations_with_others(operator, attributes):
    with pytest.raises(ValueError, match="has options, expected an activation of the library"):
        follow(operator, [Traced("btf")], **attributes)


def test_rows_of_a_table():
    found = follow("Gather", [W, Traced("bt")], axis=0)
    assert (found.axes, found.row[0].arguments["input_dim"]) == ("btf", 3)
    with pytest.raises(ValueError, match="expected a table of vectors for tokens"):
        follow("Gather", [W, Traced("bt")], axis=1)


def test_the_last_step_of_a_layer_that_runs_forward():
    sequences = Traced("btf", (Planned(gk.GRU, {"units": 3, "return_sequences": True}),))
    found = follow("Gather", [sequences, np.array(-1)], axis=1)
    assert (found.axes, found.row[0].arguments["return_sequences"]) == ("bf", False)
    for index, axis in ((np.array(0), 1), (np.array(-1), 2), (np.array([-1]), 1)):
        with pytest.raises(ValueError, match="picks a part, expected the last step"):
            follow("Gather", [sequences, index], axis=axis)


def test_means_and_extremes_over_time():
    for operator, kind in (
        ("ReduceMean", gk.layers.GlobalAveragePooling1D),
        ("ReduceMax", gk.layers.GlobalMaxPooling1D),
    ):
        found = follow(operator, [Traced("tbf")], axes=[0], keepdims=0)
        assert (found.axes, found.row[0].kind) == ("bf", kind)
        with pytest.raises(ValueError, match="expected time alone"):
            follow(operator, [Traced("tbf")], axes=[0], keepdims=1)


def test_layer_normalization_of_features():
    gamma = np.ones(3, np.float32)
    found = follow("LayerNormalization", [Traced("btf"), gamma], axis=-1, epsilon=0.25)
    assert found.row[0].arguments == {"epsilon": 0.25, "center": False}
    with pytest.raises(ValueError, match="expected features alone"):
        follow("LayerNormalization", [Traced("btf"), gamma], axis=1, epsilon=0.25)

"""Graphs as they are written: names, constants, and only what is needed."""

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed")

from onnx import TensorProto, numpy_helper

from gatedcore.interop.onnx import load
from gatedcore.interop.onnx.graph_writer import OPSET, GraphWriter, Signal, describe

X = np.arange(6, dtype=np.float32).reshape(2, 3)


def writer_of(*names):
    writer = GraphWriter("here", np.dtype(np.float32))
    for name in names:
        writer.reserve(name)
    writer.begin("layer")
    return writer


def run(writer, name):
    inputs = [describe("x", TensorProto.FLOAT, ["batch", None])]
    model = writer.model("graph", inputs, [writer.output("y", Signal(name, (None, None)))])
    return model, load(model)(X)


def test_names_do_not_meet():
    writer = writer_of("x", "y")
    assert [writer.new_name("x") for _ in range(2)] == ["x_1", "x_2"]
    first, second = writer.node("Neg", "x"), writer.node("Neg", "x")
    assert (first, second) == ("layer/Neg/out", "layer/Neg_1/out")
    assert writer.nodes("Split", ["x"], ("a", "b")) == ["layer/Split/a", "layer/Split/b"]


def test_constants_and_weights_are_written_once():
    writer = writer_of("x", "y")
    assert writer.number(0.5) == writer.number(0.5) != writer.integers(1)
    assert writer.integer(1) != writer.integers(1)
    assert writer.weight("layer/w", X) == writer.weight("layer/w", X) == "layer/w"
    y = writer.node("Mul", writer.node("Add", "x", writer.number(0.5)), "layer/w")
    model, found = run(writer, y)
    np.testing.assert_array_equal(found, (X + np.float32(0.5)) * X)
    assert len(model.graph.initializer) == 2  # the integers are not needed
    scalar = numpy_helper.to_array(model.graph.initializer[0])
    assert scalar.shape == ()


def test_what_no_output_needs_is_left_out():
    writer = writer_of("x", "y")
    writer.node("Exp", writer.node("Neg", "x"))
    model, found = run(writer, writer.node("Abs", "x"))
    assert [node.op_type for node in model.graph.node] == ["Abs", "Identity"]
    np.testing.assert_array_equal(found, X)


def test_pieces():
    for write, expected in (
        (lambda w: w.reversed("x", 1), X[:, ::-1]),
        (lambda w: w.squeeze(w.unsqueeze("x", 0, 3), 0, 3), X),
        (lambda w: w.reshape("x", 0, -1), X),
        (lambda w: w.cast(w.cast("x", np.int64), np.float32), X),
    ):
        writer = writer_of("x", "y")
        np.testing.assert_array_equal(run(writer, write(writer))[1], expected)


def test_inputs_left_out_at_the_end_are_not_written():
    writer = writer_of("x", "y")
    writer.node("Clip", "x", "", "")
    assert list(writer._nodes[0].input) == ["x"]
    writer.node("Clip", "x", "", "most")
    assert list(writer._nodes[1].input) == ["x", "", "most"]


def test_the_model_says_who_made_it():
    writer = writer_of("x", "y")
    model, _ = run(writer, writer.node("Neg", "x"))
    assert (model.producer_name, model.opset_import[0].version) == ("gatedcore", OPSET)


def test_onnx_checks_what_is_written():
    writer = writer_of("x", "y")
    with pytest.raises(Exception, match="rank 2"):
        run(writer, writer.node("Gemm", writer.unsqueeze("x", 0), "x"))

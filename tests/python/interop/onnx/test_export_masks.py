"""Masks of any pattern in graphs: steps that count go in front, and back to their places."""

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed")

from onnx import TensorProto, helper

from gatedcore.interop.onnx import load
from gatedcore.interop.onnx.export_masks import write_packed, write_packing, write_unpacked
from gatedcore.interop.onnx.graph_writer import GraphWriter, Signal, describe

X = np.arange(1, 11, dtype=np.float32).reshape(2, 5, 1)
MASK = np.array([[0, 1, 0, 1, 0], [0, 0, 0, 0, 0]], bool)


def results(write):
    """Return what a graph makes of a mask and a sequence."""
    writer = GraphWriter("here", np.dtype(np.float32))
    for name in ("mask", "x", "y"):
        writer.reserve(name)
    writer.begin("test")
    made = write(writer, write_packing(writer, "mask"))
    inputs = [
        describe("mask", TensorProto.BOOL, ["batch", "time"]),
        describe("x", TensorProto.FLOAT, ["batch", "time", 1]),
    ]
    outputs = [writer.output("y", Signal(made, (None, None, 1)))]
    model = load(writer.model("graph", inputs, outputs))
    return [model({"mask": mask, "x": X})[..., 0].tolist() for mask in (MASK, ~MASK)]


def test_steps_that_count_come_first_in_their_order():
    some, others = results(lambda writer, packing: write_packed(writer, packing, "x"))
    assert some == [[2, 4, 1, 3, 5], [6, 7, 8, 9, 10]]
    assert others == [[1, 3, 5, 2, 4], [6, 7, 8, 9, 10]]


@pytest.mark.parametrize(
    ("backwards", "zero_output", "expected"),
    [
        (False, False, [[0, 1, 1, 2, 2], [0, 0, 0, 0, 0]]),
        (False, True, [[0, 1, 0, 2, 0], [0, 0, 0, 0, 0]]),
        (True, False, [[1, 1, 2, 2, 0], [0, 0, 0, 0, 0]]),
        (True, True, [[0, 1, 0, 2, 0], [0, 0, 0, 0, 0]]),
    ],
)
def test_outputs_go_back_to_their_steps(backwards, zero_output, expected):
    # The packed outputs are 1 to 5 in each row; those behind the steps that count are never seen.
    def write(writer, packing):
        return write_unpacked(writer, packing, "x", backwards=backwards, zero_output=zero_output)

    some, others = results(write)
    assert some == expected
    assert others[1] == [6, 7, 8, 9, 10]


def test_what_follows_from_a_mask_is_written_once():
    writer = GraphWriter("here", np.dtype(np.float32))
    writer.begin("test")
    assert write_packing(writer, "mask") == write_packing(writer, "mask")
    assert [node.op_type for node in writer._nodes].count("TopK") == 1
    assert helper.np_dtype_to_tensor_dtype(writer.dtype) == TensorProto.FLOAT

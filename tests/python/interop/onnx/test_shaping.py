"""Operators that change shapes, against ONNX's own cases; what they refuse."""

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed")

from gatedcore.interop.onnx import Backend, load
from interop.onnx.models import one_node
from interop.onnx.node_cases import assert_agrees, cases_of

HERE = ["Constant", "ConstantOfShape", "Shape", "Size", "Reshape", "Flatten", "Squeeze"]
HERE += ["Unsqueeze", "Transpose", "Expand", "Tile", "Range"]
X = np.arange(6, dtype=np.float32).reshape(1, 2, 3)


@pytest.mark.parametrize("case", cases_of(*HERE))
def test_onnx_cases(case):
    assert_agrees(case, Backend.prepare(case.model).run)


@pytest.mark.parametrize(
    "shape", [[4], [-1, -1], [4, -1], [2, 0, -1], [0, 0, 0, 0], [-2, 3], [0, 0, 4]]
)
def test_shapes_hold_as_many_elements(shape):
    sizes = np.array(shape)
    # 0 means the size that the axis has: 2 and 2 leave no whole number.
    with pytest.raises(ValueError, match=r"Reshape.*expected"):
        load(one_node("Reshape", {"x": X, "n": sizes}))([X, sizes])


@pytest.mark.parametrize("name", ["Expand", "Tile", "ConstantOfShape", "Range"])
def test_results_that_are_too_large_are_not_made(name):
    huge = np.array([2**31, 2**31, 1])
    inputs = {"x": X, "n": huge}
    if name == "ConstantOfShape":
        inputs = {"n": huge}
    if name == "Range":
        inputs = {"a": np.array(0), "b": np.array(2**40), "c": np.array(1)}
    dtype = np.int64 if name == "Range" else np.float32
    with pytest.raises(ValueError, match="bytes, expected at most 4294967296"):
        load(one_node(name, inputs, dtype=dtype))(inputs)


def test_negative_sizes_are_refused():
    sizes = np.array([-1])
    with pytest.raises(ValueError, match=r"shape \(-1,\)"):
        load(one_node("ConstantOfShape", {"n": sizes}))(sizes)


def test_axes_as_attributes_of_old_models():
    assert load(one_node("Squeeze", {"x": X}, opset=11, axes=[0]))(X).shape == (2, 3)
    assert load(one_node("Unsqueeze", {"x": X}, opset=11, axes=[0, 4]))(X).shape == (1, 1, 2, 3, 1)


def test_an_axis_that_is_squeezed_has_size_one():
    axes = np.array([1])
    with pytest.raises(ValueError, match="expected axes of size 1"):
        load(one_node("Squeeze", {"x": X, "axes": axes}))([X, axes])


def test_axes_of_a_transpose_come_once():
    with pytest.raises(ValueError, match="expected each of 3 axes once"):
        load(one_node("Transpose", {"x": X}, perm=[0, 0, 1]))(X)

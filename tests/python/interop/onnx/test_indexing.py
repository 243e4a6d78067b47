"""Operators that pick elements, against ONNX's own cases; what they refuse."""

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed")

from gatedcore.interop.onnx import Backend, load
from interop.onnx.models import one_node
from interop.onnx.node_cases import assert_agrees, cases_of

HERE = [
    "Gather",
    "GatherElements",
    "GatherND",
    "TopK",
    "Slice",
    "Concat",
    "Split",
    "ReverseSequence",
]
X = np.arange(12, dtype=np.float32).reshape(3, 4)


@pytest.mark.parametrize("case", cases_of(*HERE))
def test_onnx_cases(case):
    assert_agrees(case, Backend.prepare(case.model).run)


@pytest.mark.parametrize("index", [3, -4])
def test_indices_lie_within(index):
    indices = np.array([0, index])
    with pytest.raises(ValueError, match=r"indices run from .*, expected -3 to 2"):
        load(one_node("Gather", {"x": X, "i": indices}))([X, indices])


def test_a_gathered_result_that_is_too_large_is_not_made():
    indices = np.zeros(10**5, np.int64)
    model = load(one_node("Gather", {"x": X, "i": indices}), max_memory=10**6)
    with pytest.raises(ValueError, match="takes 1600000 bytes"):
        model([X, indices])


@pytest.mark.parametrize(
    ("start", "end", "step", "expected"),
    [
        (3, 0, -1, [3, 2, 1]),
        (-1, -5, -2, [3, 1]),
        (100, -100, -3, [3, 0]),
        (-100, -200, -1, [0]),
        (1, 2**62, 2, [1, 3]),
    ],
)
def test_slices_as_onnx_cuts_them(start, end, step, expected):
    one = {"s": start, "e": end, "a": 0, "st": step}
    x = np.arange(4, dtype=np.float32)
    inputs = {"x": x, **{name: np.array([number]) for name, number in one.items()}}
    np.testing.assert_array_equal(load(one_node("Slice", inputs))(inputs), expected)


def test_slices_as_attributes_of_old_models():
    model = load(one_node("Slice", {"x": X}, opset=9, starts=[1], ends=[3], axes=[1]))
    np.testing.assert_array_equal(model(X), X[:, 1:3])


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"st": np.array([0])}, "steps are .0., expected none of 0"),
        ({"a": np.array([2])}, "axis is 2, expected one of 2 axes"),
        ({"a": np.array([0, 1])}, "differ in number"),
    ],
)
def test_bad_slices(bad, message):
    inputs = {
        "x": X,
        "s": np.array([0]),
        "e": np.array([1]),
        "a": np.array([0]),
        "st": np.array([1]),
    }
    inputs |= bad
    with pytest.raises(ValueError, match=message):
        load(one_node("Slice", inputs))(inputs)


def test_parts_make_up_the_whole():
    parts = np.array([1, 1])
    with pytest.raises(ValueError, match=r"parts are \[1, 1\], expected 2 that make up 3"):
        load(one_node("Split", {"x": X, "n": parts}, outputs=("a", "b")))([X, parts])


def test_what_is_joined_has_equal_sizes_elsewhere():
    other = np.ones((2, 5), np.float32)
    with pytest.raises(ValueError, match="expected equal sizes but on axis 0"):
        load(one_node("Concat", {"a": X, "b": other}, axis=0))([X, other])

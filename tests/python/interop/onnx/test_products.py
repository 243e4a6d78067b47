"""Matrix products, against ONNX's own cases; what they refuse."""

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed")

from gatedcore.interop.onnx import Backend, load
from interop.onnx.models import one_node
from interop.onnx.node_cases import assert_agrees, cases_of

A = np.arange(6, dtype=np.float32).reshape(2, 3)


@pytest.mark.parametrize("case", cases_of("MatMul", "Gemm"))
def test_onnx_cases(case):
    assert_agrees(case, Backend.prepare(case.model).run)


@pytest.mark.parametrize(
    "shapes", [((3,), (3,)), ((3,), (3, 2)), ((2, 3), (3,)), ((4, 2, 3), (3, 2))]
)
def test_products_as_numpy_has_them(shapes):
    a, b = (np.random.default_rng(0).normal(size=shape).astype(np.float32) for shape in shapes)
    np.testing.assert_array_equal(load(one_node("MatMul", {"a": a, "b": b}))([a, b]), a @ b)


@pytest.mark.parametrize("name", ["MatMul", "Gemm"])
def test_columns_meet_rows(name):
    with pytest.raises(ValueError, match="expected as many columns as rows"):
        load(one_node(name, {"a": A, "b": A}))([A, A])


def test_a_product_that_is_too_large_is_not_made():
    column, row = np.ones((3000, 1), np.float32), np.ones((1, 3000), np.float32)
    for name in ("MatMul", "Gemm"):
        model = load(one_node(name, {"a": column, "b": row}), max_memory=10**6)
        with pytest.raises(ValueError, match="takes 36000000 bytes"):
            model([column, row])


def test_what_is_added_repeats_to_the_product():
    c = np.ones((2, 3), np.float32)
    with pytest.raises(ValueError, match=r"input 2 has shape \(2, 3\), expected .* \(2, 2\)"):
        load(one_node("Gemm", {"a": A, "b": A.T.copy(), "c": c}))([A, A.T, c])

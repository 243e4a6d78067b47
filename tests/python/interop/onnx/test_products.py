"""Matrix products, against ONNX's own cases; what they refuse."""

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed")

import gatedcore as gk
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


def with_weights(operator, a, b, c=None, **attributes):
    """Return a model whose second input, and third, are constants."""
    model = one_node(operator, {"a": a, "b": b, "c": c}, **attributes)
    for name, array in (("b", b), ("c", c)):
        if array is not None:
            model.graph.initializer.append(onnx.numpy_helper.from_array(array, name))
    return load(model)


@pytest.mark.parametrize("transposed", [0, 1])
def test_weights_are_multiplied_by_the_core_as_layers_do(transposed):
    rng = np.random.default_rng(0)
    dense = gk.Dense(50, bias_initializer="uniform")
    x = rng.normal(size=(20, 300)).astype(np.float32)
    expected = dense(x)
    kernel, bias = dense.get_weights()
    given = kernel.T.copy() if transposed else kernel
    found = with_weights("Gemm", x, given, bias, transB=transposed)(x)
    np.testing.assert_array_equal(found, expected)
    product = with_weights("MatMul", x, kernel)(x)
    np.testing.assert_array_equal(product, gk.ops.dense(x, kernel))
    np.testing.assert_array_equal(with_weights("MatMul", x[0], kernel)(x[0]), x[0] @ kernel)


def test_weights_with_options_are_numpys():
    c = np.ones((2, 2), np.float32)
    found = with_weights("Gemm", A, A.T.copy(), c, alpha=2.0, beta=0.5)(A)
    np.testing.assert_array_equal(found, 2 * (A @ A.T) + 0.5)
    wide = A.astype(np.float16)
    model = one_node("MatMul", {"a": wide, "b": wide.T.copy()}, dtype=np.float16)
    assert load(model)([wide, wide.T]).dtype == np.float16

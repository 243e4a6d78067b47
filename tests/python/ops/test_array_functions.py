"""Few functions on arrays, against NumPy's."""

import re

import numpy as np
import pytest

import gatedcore as gk
from gatedcore import ops

RNG = np.random.default_rng(0)
A, B = RNG.normal(size=(2, 3, 4)), RNG.normal(size=(2, 3, 4))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("exp", np.exp), ("square", np.square), ("absolute", np.abs), ("tanh", np.tanh),
        ("sigmoid", lambda x: 1 / (1 + np.exp(-x))), ("relu", lambda x: np.maximum(x, 0)),
    ],
)  # fmt: skip
def test_of_elements(name: str, expected, dtype) -> None:
    y = getattr(ops, name)(A.astype(dtype))
    assert y.dtype == dtype
    np.testing.assert_allclose(y, expected(A.astype(dtype)), rtol=1e-5)


def test_roots_and_logarithms() -> None:
    np.testing.assert_array_equal(ops.sqrt(A**2), np.sqrt(A**2))
    np.testing.assert_array_equal(ops.log(A**2), np.log(A**2))
    np.testing.assert_array_equal(ops.maximum(A, B), np.maximum(A, B))
    np.testing.assert_array_equal(ops.minimum(A, 0), np.minimum(A, 0))
    np.testing.assert_array_equal(ops.where(A > B, A, B), np.maximum(A, B))


@pytest.mark.parametrize("name", ["sum", "mean", "max"])
@pytest.mark.parametrize("options", [{}, {"axis": 1}, {"axis": (0, 2), "keepdims": True}])
def test_along_axes(name: str, options: dict) -> None:
    expected = getattr(np, name)(A, **options)
    np.testing.assert_array_equal(getattr(ops, name)(A, **options), expected)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_softmax(axis: int) -> None:
    e = np.exp(A)
    expected = e / e.sum(axis=axis, keepdims=True)
    np.testing.assert_allclose(ops.softmax(A, axis), expected, rtol=1e-12)


def test_apart_and_together() -> None:
    parts = ops.split(A, 2, axis=-1)
    assert [p.shape for p in parts] == [(2, 3, 2)] * 2
    np.testing.assert_array_equal(ops.concatenate(parts), A)
    assert [p.shape[1] for p in ops.split(A, [1], axis=1)] == [1, 2]
    joined = ops.concatenate([A, B.astype(np.float32)], axis=0)
    assert (joined.shape, joined.dtype) == ((4, 3, 4), np.float64)


def test_matmul_is_the_product_with_the_same_bits_on_any_number_of_threads() -> None:
    w = RNG.normal(size=(4, 5))
    np.testing.assert_allclose(ops.matmul(A, w), A @ w, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(ops.matmul(A[0], A[1].T), A[0] @ A[1].T, rtol=1e-12, atol=1e-14)
    stacked = B.swapaxes(1, 2)
    np.testing.assert_allclose(ops.matmul(A, stacked), A @ stacked, rtol=1e-12, atol=1e-14)
    assert ops.matmul(A[:, :0], w).shape == (2, 0, 5)
    assert ops.matmul(A[..., :0], w[:0]).shape == (2, 3, 5)
    big, square = RNG.normal(size=(300, 200)), RNG.normal(size=(200, 150))
    before = gk.get_num_threads()
    try:
        gk.set_num_threads(1)
        one = ops.matmul(big, square)
        gk.set_num_threads(3)
        np.testing.assert_array_equal(ops.matmul(big, square), one)
    finally:
        gk.set_num_threads(before)


def test_what_is_no_array_of_numbers_or_does_not_fit() -> None:
    with pytest.raises(ValueError, match=re.escape("matmul: x1 has shape (2, 3, 4) and x2 (3, 4)")):
        ops.matmul(A, A[0])
    with pytest.raises(ValueError, match=r"expected .* two axes or more"):
        ops.matmul(A, A[0, 0])
    for call in (
        lambda: ops.exp("a"), lambda: ops.sum(["a"]), lambda: ops.maximum("a", 1),
        lambda: ops.concatenate([A, "a"]), lambda: ops.split("a", 2), lambda: ops.softmax("a"),
    ):  # fmt: skip
        with pytest.raises(TypeError, match=r"expected real numbers|expected an array"):
            call()

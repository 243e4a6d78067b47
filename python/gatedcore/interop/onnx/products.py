"""Operators that multiply matrices: weights in the core, as layers do, others in NumPy."""

from functools import partial
from typing import Any

import numpy as np

from gatedcore import ops
from gatedcore.interop.onnx.elementwise import check_same_dtype
from gatedcore.interop.onnx.node import Constants, Node, Run
from gatedcore.interop.onnx.operators import prepared
from gatedcore.interop.onnx.tensors import Tensor


def _as_kernel(b: Tensor | None, transposed: object = False) -> Tensor | None:
    """Return weights as the core takes them, None if they are not known or of another kind."""
    if b is None or b.ndim != 2 or not b.size or b.dtype not in (np.float32, np.float64):
        return None
    return np.ascontiguousarray(b.T if transposed else b)


@prepared("MatMul")
def _prepare_product(node: Node, constants: Constants) -> Run:
    return partial(_multiply, node, _as_kernel(constants[1]))


def _multiply(node: Node, kernel: Tensor | None, a: Tensor, b: Tensor) -> Any:
    check_same_dtype(node, a, b)
    _check_numbers(node, a)
    rows, columns = a.shape[-2:-1], b.shape[-1:] if b.ndim > 1 else ()
    inner = b.shape[-2] if b.ndim > 1 else b.shape[0] if b.ndim else -1
    if not a.ndim or a.shape[-1] != inner:
        raise node.error(
            f"inputs have shapes {a.shape} and {b.shape}, expected as many columns as rows"
        )
    try:
        outer = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    except ValueError:
        raise node.error(
            f"inputs have shapes {a.shape} and {b.shape}, expected outer sizes that are equal, or 1"
        ) from None
    node.check_size((*outer, *rows, *columns), a.dtype)
    return np.matmul(a, b) if kernel is None or a.ndim < 2 else ops.dense(a, kernel)


@prepared("Gemm")
def _prepare_product_and_sum(node: Node, constants: Constants) -> Run:
    return partial(_multiply_and_add, node, _as_kernel(constants[1], node.attributes["transB"]))


def _multiply_and_add(
    node: Node, kernel: Tensor | None, a: Tensor, b: Tensor, c: Tensor | None = None
) -> Any:
    check_same_dtype(node, *(one for one in (a, b, c) if one is not None))
    _check_numbers(node, a)
    if a.ndim != 2 or b.ndim != 2:
        raise node.error(f"inputs have shapes {a.shape} and {b.shape}, expected matrices")
    left = a.T if node.attributes["transA"] else a
    right = b.T if node.attributes["transB"] else b
    shape = (left.shape[0], right.shape[1])
    if left.shape[1] != right.shape[0]:
        raise node.error(
            f"matrices have shapes {left.shape} and {right.shape}, expected as many columns as rows"
        )
    node.check_size(shape, a.dtype)
    alpha, beta = (a.dtype.type(node.attributes[name]) for name in ("alpha", "beta"))
    if kernel is not None and alpha == beta == 1 and (c is None or c.shape == shape[1:]):
        return ops.dense(left, kernel, c)
    y = np.matmul(left, right)
    if alpha != 1:
        y = alpha * y
    if c is None:
        return y
    if len(c.shape) > 2 or any(
        size not in (1, n) for size, n in zip(c.shape[::-1], shape[::-1], strict=False)
    ):
        raise node.error(f"input 2 has shape {c.shape}, expected one that repeats to {shape}")
    return y + (c if beta == 1 else beta * c)


def _check_numbers(node: Node, a: Tensor) -> None:
    if a.dtype.kind not in "fiu":
        raise node.error(f"inputs have dtype {a.dtype}, expected numbers")

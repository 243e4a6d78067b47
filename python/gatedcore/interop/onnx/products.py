"""Operators that multiply matrices."""

from typing import Any

import numpy as np

from gatedcore.interop.onnx.elementwise import check_same_dtype
from gatedcore.interop.onnx.node import Node
from gatedcore.interop.onnx.operators import operator
from gatedcore.interop.onnx.tensors import Tensor


@operator("MatMul")
def _multiply(node: Node, a: Tensor, b: Tensor) -> Any:
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
    return np.matmul(a, b)


@operator("Gemm")
def _multiply_and_add(node: Node, a: Tensor, b: Tensor, c: Tensor | None = None) -> Any:
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

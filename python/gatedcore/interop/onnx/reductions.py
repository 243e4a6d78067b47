"""Operators that make one number of many along axes: sums, extremes, pooling, normalisation."""

from collections.abc import Callable
from typing import Any

import numpy as np

from gatedcore.interop.onnx.elementwise import check_same_dtype, floating, fused
from gatedcore.interop.onnx.node import Node
from gatedcore.interop.onnx.operators import operator
from gatedcore.interop.onnx.tensors import Tensor


def axis_of(node: Node, axis: int, axes: int) -> int:
    """Return an axis as a number from 0 on.

    Raises
    ------
    ValueError
        If there is none of that number.
    """
    if not -axes <= axis < axes:
        raise node.error(f"axis is {axis}, expected one of {axes} axes")
    return axis % axes


def _squares(x: Tensor, **along: Any) -> Any:
    return np.sum(np.square(x), **along)


def _logarithm_of_exponentials(x: Tensor, **along: Any) -> Any:
    largest = np.max(x, axis=along["axis"], keepdims=True, initial=-np.inf)
    base = np.where(np.isfinite(largest), largest, x.dtype.type(0))
    total = np.log(np.sum(np.exp(x - base), **along))
    return total + base.reshape(total.shape)


# What reduces, and what is left of no elements at all where NumPy does not say.
_REDUCTIONS: dict[str, Callable[..., Any]] = {
    "ReduceSum": np.sum,
    "ReduceMean": np.mean,
    "ReduceProd": np.prod,
    "ReduceMax": np.max,
    "ReduceMin": np.min,
    "ReduceL1": lambda x, **along: np.sum(np.abs(x), **along),
    "ReduceL2": lambda x, **along: np.sqrt(_squares(x, **along)),
    "ReduceSumSquare": _squares,
    "ReduceLogSum": lambda x, **along: np.log(np.sum(x, **along)),
    "ReduceLogSumExp": _logarithm_of_exponentials,
}


@operator(*_REDUCTIONS)
def _reduce(node: Node, x: Tensor, axes: Tensor | None = None) -> Any:
    given = node.attributes.get("axes") if axes is None else axes.reshape(-1).tolist()
    if not given:
        if node.attributes.get("noop_with_empty_axes", 0):
            return _REDUCTIONS[node.operator](x, axis=())
        given = range(x.ndim)
    along = tuple(sorted({axis_of(node, axis, x.ndim) for axis in given}))
    keep = bool(node.attributes["keepdims"])
    options: dict[str, Any] = {"axis": along, "keepdims": keep}
    if node.operator in ("ReduceMax", "ReduceMin"):
        if x.dtype == np.bool_:
            function = np.any if node.operator == "ReduceMax" else np.all
            return function(x, **options)
        if not x.size:
            least, most = _range(x.dtype)
            options["initial"] = least if node.operator == "ReduceMax" else most
    if node.operator == "ReduceMean" and not all(x.shape[axis] for axis in along):
        raise node.error(f"input has shape {x.shape}, expected elements along axes {along}")
    return np.asarray(_REDUCTIONS[node.operator](x, **options)).astype(x.dtype, copy=False)


def _range(dtype: np.dtype[Any]) -> tuple[Any, Any]:
    if dtype.kind == "f":
        return -np.inf, np.inf
    return np.iinfo(dtype).min, np.iinfo(dtype).max


@operator("ArgMax", "ArgMin")
def _place_of_extreme(node: Node, x: Tensor) -> Any:
    axis = axis_of(node, node.attributes["axis"], x.ndim)
    if not x.shape[axis]:
        raise node.error(f"input has shape {x.shape}, expected elements along axis {axis}")
    last = bool(node.attributes.get("select_last_index", 0))
    along = np.flip(x, axis) if last else x
    found = np.argmax(along, axis) if node.operator == "ArgMax" else np.argmin(along, axis)
    places = x.shape[axis] - 1 - found if last else found
    return np.expand_dims(places, axis) if node.attributes["keepdims"] else places


@operator("CumSum")
def _running_sum(node: Node, x: Tensor, axis: Tensor) -> Any:
    along = axis_of(node, int(np.reshape(axis, -1)[0]) if axis.size == 1 else x.ndim, x.ndim)
    backwards = bool(node.attributes["reverse"])
    steps = np.flip(x, along) if backwards else x
    total = np.cumsum(steps, along, dtype=x.dtype)
    if node.attributes["exclusive"]:
        total = total - steps
    return np.flip(total, along) if backwards else total


@operator("GlobalAveragePool", "GlobalMaxPool")
def _pool(node: Node, x: Tensor) -> Any:
    if x.ndim < 3 or not x.size:
        raise node.error(f"input has shape {x.shape}, expected (N, C, ...) with elements")
    function = np.mean if node.operator == "GlobalAveragePool" else np.max
    return function(floating(node, x), axis=tuple(range(2, x.ndim)), keepdims=True)


@operator("Softmax", "LogSoftmax", "Hardmax")
def _softmax(node: Node, x: Tensor) -> Any:
    if not x.ndim:
        raise node.error("input has no axes, expected one or more")
    axis = axis_of(node, node.attributes["axis"], x.ndim)
    rows = floating(node, x)
    if node.version < 13:  # then along all axes from this one on
        rows = x.reshape(int(np.prod(x.shape[:axis])), -1) if x.size else x
        axis = rows.ndim - 1
    if not x.size:
        return x
    rows = np.moveaxis(rows, axis, -1)
    if node.operator == "Hardmax":
        found = np.zeros(rows.shape, x.dtype)
        np.put_along_axis(found, rows.argmax(-1)[..., None], 1, axis=-1)
    else:
        found = fused("softmax" if node.operator == "Softmax" else "log_softmax", rows)
    return np.moveaxis(found, -1, axis).reshape(x.shape)


@operator("LayerNormalization", "RMSNormalization")
def _normalize(node: Node, x: Tensor, scale: Tensor, bias: Tensor | None = None) -> Any:
    first = axis_of(node, node.attributes["axis"], x.ndim)
    check_same_dtype(node, *(one for one in (x, scale, bias) if one is not None))
    along = tuple(range(first, x.ndim))
    if not all(x.shape[first:]):
        raise node.error(f"input has shape {x.shape}, expected elements along axes {along}")
    # ONNX computes in float32 unless told otherwise, of float64 as well; more digits do no harm.
    wide = floating(node, x).astype(np.result_type(x.dtype, np.float32))
    mean = wide.mean(axis=along, keepdims=True)
    if node.operator == "RMSNormalization":
        mean = np.zeros_like(mean)
    centered = wide - mean
    variance = np.square(centered).mean(axis=along, keepdims=True)
    factor = 1 / np.sqrt(variance + wide.dtype.type(node.attributes["epsilon"]))
    try:
        y = centered * factor * scale
        y = y if bias is None else y + bias
    except ValueError:
        raise node.error(
            f"scale or bias does not repeat to {x.shape}, expected shapes that do"
        ) from None
    if y.shape != x.shape:
        raise node.error(f"scale or bias has more axes than {x.shape}, expected at most as many")
    y = y.astype(x.dtype)
    return y if node.operator == "RMSNormalization" else (y, mean, factor)


@operator("BatchNormalization")
def _normalize_by_known(
    node: Node, x: Tensor, scale: Tensor, bias: Tensor, mean: Tensor, variance: Tensor
) -> Any:
    if node.attributes.get("training_mode", 0) or len(node.outputs) > 1:
        raise node.error("training_mode is 1, expected a model for inference; export it so")
    if x.ndim < 2:
        raise node.error(f"input has shape {x.shape}, expected (N, C, ...)")
    shape = (x.shape[1], *(1,) * (x.ndim - 2))
    for one in (scale, bias, mean, variance):
        if one.shape != (x.shape[1],):
            raise node.error(f"an input has shape {one.shape}, expected ({x.shape[1]},)")
    factor = scale / np.sqrt(variance + variance.dtype.type(node.attributes["epsilon"]))
    y = (x - mean.reshape(shape)) * factor.reshape(shape) + bias.reshape(shape)
    return y.astype(x.dtype, copy=False)

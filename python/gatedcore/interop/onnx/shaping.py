"""Operators that make, measure and change shapes; elements stay as they are."""

import math
from typing import Any

import numpy as np

from gatedcore.interop.onnx.node import Constants, Node, Run
from gatedcore.interop.onnx.operators import operator, prepared
from gatedcore.interop.onnx.reductions import axis_of
from gatedcore.interop.onnx.tensors import MAX_AXES, Tensor


def integers(node: Node, name: str, array: Tensor) -> list[int]:
    """Return what an input of few integers holds.

    Raises
    ------
    ValueError
        If it holds something else, or more than an array may have axes.
    """
    if array.dtype.kind not in "iu" or array.ndim > 1 or array.size > MAX_AXES:
        raise node.error(
            f"{name} has shape {array.shape} and dtype {array.dtype}, expected at most {MAX_AXES} "
            "integers"
        )
    return [int(one) for one in array.reshape(-1)]


@prepared("Constant")
def _constant(node: Node, constants: Constants) -> Run:
    if len(node.attributes) != 1:
        raise node.error(f"has {len(node.attributes)} attributes, expected one")
    ((name, value),) = node.attributes.items()
    if name in ("value_string", "value_strings", "sparse_value"):
        raise node.error(f"attribute {name!r}, expected numbers in an array")
    kind = np.float32 if name.startswith("value_float") else np.int64
    array = value if name == "value" else _as_array(node, value, kind)
    return lambda: array


def _as_array(node: Node, value: Any, kind: Any) -> Tensor:
    return np.array(value, kind)


@operator("ConstantOfShape")
def _constant_of_shape(node: Node, shape: Tensor) -> Any:
    value = node.attributes.get("value", np.zeros(1, np.float32))
    if value.size != 1:
        raise node.error(f"attribute 'value' has shape {value.shape}, expected one element")
    sizes = integers(node, "input 0", shape)
    node.check_size(sizes, value.dtype)
    return np.full(sizes, value.reshape(()), value.dtype)


@operator("Shape")
def _shape(node: Node, x: Tensor) -> Any:
    start, end = node.attributes.get("start", 0), node.attributes.get("end")
    return np.array(x.shape[start:end], np.int64)


@operator("Size")
def _size(node: Node, x: Tensor) -> Any:
    return np.array(x.size, np.int64)


@operator("Reshape")
def _reshape(node: Node, x: Tensor, shape: Tensor) -> Any:
    sizes = integers(node, "input 1", shape)
    if not node.attributes.get("allowzero", 0):
        if any(not size and k >= x.ndim for k, size in enumerate(sizes)):
            raise node.error(f"shape is {sizes} for an input {x.shape}, expected 0 for its axes")
        sizes = [size if size else x.shape[k] for k, size in enumerate(sizes)]
    known = math.prod(size for size in sizes if size != -1)
    if (
        sizes.count(-1) > 1
        or min(sizes, default=0) < -1
        or (x.size % known if -1 in sizes and known else x.size != known and -1 not in sizes)
        or (-1 in sizes and not known)
    ):
        raise node.error(f"shape is {sizes} for an input {x.shape}, expected as many elements")
    return x.reshape([x.size // known if size == -1 else size for size in sizes])


@operator("Flatten")
def _flatten(node: Node, x: Tensor) -> Any:
    axis = node.attributes["axis"]
    if not -x.ndim <= axis <= x.ndim:
        raise node.error(f"axis is {axis}, expected one of {x.ndim} axes, or {x.ndim}")
    axis = axis + x.ndim if axis < 0 else axis
    return x.reshape(math.prod(x.shape[:axis]), math.prod(x.shape[axis:]))


def _axes(node: Node, given: Tensor | None) -> list[int] | None:
    """Return axes as they are given, as an input or, before opset 13, as an attribute."""
    if given is not None:
        return integers(node, "input 1", given)
    return node.attributes.get("axes")


@operator("Squeeze")
def _squeeze(node: Node, x: Tensor, axes: Tensor | None = None) -> Any:
    given = _axes(node, axes)
    if given is None:
        return np.squeeze(x)
    places = tuple(axis_of(node, axis, x.ndim) for axis in given)
    if len(set(places)) < len(places) or any(x.shape[place] != 1 for place in places):
        raise node.error(f"axes are {given} for an input {x.shape}, expected axes of size 1")
    return np.squeeze(x, places)


@operator("Unsqueeze")
def _unsqueeze(node: Node, x: Tensor, axes: Tensor | None = None) -> Any:
    given = _axes(node, axes) or []
    count = x.ndim + len(given)
    places = [axis_of(node, axis, count) for axis in given]
    if len(set(places)) < len(places) or count > MAX_AXES:
        raise node.error(f"axes are {given}, expected different ones, {MAX_AXES} at most in all")
    return np.expand_dims(x, tuple(places))


@operator("Transpose")
def _transpose(node: Node, x: Tensor) -> Any:
    order = node.attributes.get("perm", list(range(x.ndim))[::-1])
    if sorted(order) != list(range(x.ndim)):
        raise node.error(f"perm is {order}, expected each of {x.ndim} axes once")
    return x.transpose(order)


@operator("Expand")
def _expand(node: Node, x: Tensor, shape: Tensor) -> Any:
    sizes = integers(node, "input 1", shape)
    node.check_size(sizes, x.dtype)
    try:
        full = np.broadcast_shapes(x.shape, tuple(sizes))
    except ValueError:
        raise node.error(
            f"shape is {sizes} for an input {x.shape}, expected sizes that are equal, or 1"
        ) from None
    node.check_size(full, x.dtype)
    return np.broadcast_to(x, full)


@operator("Tile")
def _tile(node: Node, x: Tensor, repeats: Tensor) -> Any:
    times = integers(node, "input 1", repeats)
    if len(times) != x.ndim or min(times, default=0) < 0:
        raise node.error(f"repeats are {times}, expected {x.ndim} of at least 0")
    node.check_size([n * size for n, size in zip(times, x.shape, strict=True)], x.dtype)
    return np.tile(x, times)


@operator("Range")
def _range(node: Node, start: Tensor, limit: Tensor, delta: Tensor) -> Any:
    if any(one.size != 1 for one in (start, limit, delta)):
        raise node.error("an input is no single number, expected start, limit and delta")
    first, last, step = (one.reshape(()).item() for one in (start, limit, delta))
    if not step or not all(math.isfinite(one) for one in (first, last, step)):
        raise node.error(f"start, limit and delta are {first}, {last}, {step}, expected a step")
    count = max(0, math.ceil((last - first) / step))
    node.check_size((count,), start.dtype)
    return (first + step * np.arange(count)).astype(start.dtype)

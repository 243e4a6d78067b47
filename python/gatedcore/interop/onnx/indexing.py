"""Operators that pick elements, and put them side by side."""

from typing import Any

import numpy as np

from gatedcore.interop.onnx.elementwise import check_same_dtype
from gatedcore.interop.onnx.node import Node
from gatedcore.interop.onnx.operators import operator
from gatedcore.interop.onnx.reductions import axis_of
from gatedcore.interop.onnx.shaping import integers
from gatedcore.interop.onnx.tensors import Tensor


def places_in(node: Node, indices: Tensor, size: int) -> Tensor:
    """Return indices along an axis of that size as numbers from 0 on.

    Raises
    ------
    ValueError
        If one lies outside.
    """
    if indices.dtype.kind not in "iu":
        raise node.error(f"indices have dtype {indices.dtype}, expected integers")
    if indices.size and not (-size <= indices.min() and indices.max() < size):
        raise node.error(
            f"indices run from {indices.min()} to {indices.max()}, expected {-size} to {size - 1}"
        )
    return np.where(indices < 0, indices + size, indices).astype(np.intp)


@operator("Gather")
def _gather(node: Node, x: Tensor, indices: Tensor) -> Any:
    axis = axis_of(node, node.attributes["axis"], x.ndim)
    node.check_size((*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]), x.dtype)
    return np.take(x, places_in(node, indices, x.shape[axis]), axis)


@operator("GatherElements")
def _gather_elements(node: Node, x: Tensor, indices: Tensor) -> Any:
    axis = axis_of(node, node.attributes["axis"], x.ndim)
    fits = indices.ndim == x.ndim and all(
        n <= size
        for k, (n, size) in enumerate(zip(indices.shape, x.shape, strict=True))
        if k != axis
    )
    if not fits:
        raise node.error(f"indices have shape {indices.shape} for an input {x.shape}")
    node.check_size(indices.shape, x.dtype)
    part = x[tuple(slice(None if k == axis else n) for k, n in enumerate(indices.shape))]
    return np.take_along_axis(part, places_in(node, indices, x.shape[axis]), axis)


@operator("GatherND")
def _gather_blocks(node: Node, x: Tensor, indices: Tensor) -> Any:
    shared = node.attributes.get("batch_dims", 0)
    depth = indices.shape[-1] if indices.ndim else 0
    fits = (
        0 <= shared < min(x.ndim, indices.ndim)
        and 1 <= depth <= x.ndim - shared
        and x.shape[:shared] == indices.shape[:shared]
    )
    if not fits:
        raise node.error(
            f"indices have shape {indices.shape} for an input {x.shape} with batch_dims={shared}"
        )
    node.check_size((*indices.shape[:-1], *x.shape[shared + depth :]), x.dtype)
    rest = (1,) * (indices.ndim - 1 - shared)
    shares: tuple[Tensor, ...] = np.indices(x.shape[:shared], sparse=True)
    picked = [one.reshape(*one.shape, *rest) for one in shares]
    picked += [places_in(node, indices[..., k], x.shape[shared + k]) for k in range(depth)]
    return x[tuple(picked)]


@operator("TopK")
def _largest(node: Node, x: Tensor, k: Tensor) -> Any:
    axis = axis_of(node, node.attributes["axis"], x.ndim)
    (count,) = integers(node, "input 1", k) or (-1,)
    if not 0 <= count <= x.shape[axis]:
        raise node.error(f"k is {count}, expected 0 to {x.shape[axis]}")
    if node.attributes.get("largest", 1):  # of equal ones the first
        order = x.shape[axis] - 1 - np.flip(np.argsort(np.flip(x, axis), axis, kind="stable"), axis)
    else:
        order = np.argsort(x, axis, kind="stable")
    chosen = np.take(order, np.arange(count), axis)
    return np.take_along_axis(x, chosen, axis), chosen.astype(np.int64)


@operator("Slice")
def _slice(
    node: Node,
    x: Tensor,
    starts: Tensor | None = None,
    ends: Tensor | None = None,
    axes: Tensor | None = None,
    steps: Tensor | None = None,
) -> Any:
    given: dict[str, list[int] | None] = {
        name: node.attributes.get(name) if array is None else integers(node, name, array)
        for name, array in (("starts", starts), ("ends", ends), ("axes", axes), ("steps", steps))
    }
    first, last = given["starts"], given["ends"]
    if first is None or last is None:
        raise node.error("starts or ends are missing, expected both")
    along = list(range(len(first))) if given["axes"] is None else given["axes"]
    by = [1] * len(first) if given["steps"] is None else given["steps"]
    places = [axis_of(node, axis, x.ndim) for axis in along]
    if not len(first) == len(last) == len(places) == len(by) or len(set(places)) < len(places):
        raise node.error("starts, ends, axes and steps differ in number, expected one of each")
    if not all(by):
        raise node.error(f"steps are {by}, expected none of 0")
    cut: list[slice] = [slice(None)] * x.ndim
    for place, start, end, step in zip(places, first, last, by, strict=True):
        size = x.shape[place]
        if step > 0:
            cut[place] = slice(start, end, step)
            continue
        # Backwards, ONNX moves a start before the first element up to it; Python would take none.
        begin = min(max(start + size if start < 0 else start, 0), size - 1)
        stop = end + size if end < 0 else end
        cut[place] = slice(begin, None if stop < 0 else stop, step) if size else slice(0)
    return x[tuple(cut)]


@operator("Concat")
def _concatenate(node: Node, *arrays: Tensor) -> Any:
    check_same_dtype(node, *arrays)
    axis = axis_of(node, node.attributes["axis"], arrays[0].ndim)
    rests = {(*one.shape[:axis], *one.shape[axis + 1 :]) for one in arrays}
    if len(rests) > 1 or len({one.ndim for one in arrays}) > 1:
        shapes = ", ".join(str(one.shape) for one in arrays)
        raise node.error(f"inputs have shapes {shapes}, expected equal sizes but on axis {axis}")
    size = sum(one.shape[axis] for one in arrays)
    node.check_size((*arrays[0].shape[:axis], size, *arrays[0].shape[axis + 1 :]), arrays[0].dtype)
    return np.concatenate(arrays, axis)


@operator("Split")
def _split(node: Node, x: Tensor, split: Tensor | None = None) -> Any:
    axis, count = axis_of(node, node.attributes["axis"], x.ndim), len(node.outputs)
    size = x.shape[axis]
    parts = node.attributes.get("split") if split is None else [int(n) for n in split.reshape(-1)]
    if parts is None:
        each = -(-size // count)  # the last one may be smaller
        parts = [min(each, max(0, size - k * each)) for k in range(count)]
    if len(parts) != count or sum(parts) != size or min(parts) < 0:
        raise node.error(f"parts are {parts}, expected {count} that make up {size}")
    return tuple(np.split(x, np.cumsum(parts)[:-1], axis))


@operator("ReverseSequence")
def _reverse_sequence(node: Node, x: Tensor, lengths: Tensor) -> Any:
    axes = node.attributes["time_axis"], node.attributes["batch_axis"]
    if sorted(axes) != [0, 1] or x.ndim < 2:
        raise node.error(f"time_axis and batch_axis are {axes}, expected 0 and 1 in some order")
    rows = x if axes == (1, 0) else x.swapaxes(0, 1)
    batch, steps = rows.shape[:2]
    if lengths.shape != (batch,) or np.any(lengths < 0) or np.any(lengths > steps):
        raise node.error(f"sequence_lens are {lengths}, expected {batch} of 0 to {steps}")
    place = np.arange(steps)
    order = np.where(place < lengths[:, None], lengths[:, None] - 1 - place, place)
    y = np.take_along_axis(rows, order.reshape(batch, steps, *(1,) * (x.ndim - 2)), 1)
    return y if axes == (1, 0) else y.swapaxes(0, 1)

"""Graphs that are a row of layers, as a model of this library that can be trained.

The nodes are followed from the input on. What one makes is known by the layers that lead to it, and
by what its axes mean: ``b`` the batch, ``t`` time, ``f`` features, ``d`` and ``D`` one direction or
two, and ``r`` time in the other order than that in which the last layer ran.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from gatedcore import layers
from gatedcore.arrays import Shape
from gatedcore.interop.onnx.chain_layers import LAYERS, Follow
from gatedcore.interop.onnx.chain_values import (
    APART,
    WHERE,
    ZEROS,
    Known,
    NoChainError,
    Planned,
    Traced,
    constants_of,
    is_zero,
    no_chain,
)
from gatedcore.interop.onnx.inference import InferenceModel, Value
from gatedcore.interop.onnx.node import Node
from gatedcore.model import Sequential


def to_sequential(model: InferenceModel) -> Sequential:
    """Return a model of a graph as a ``Sequential``.

    Parameters
    ----------
    model : InferenceModel
        With one input and one output, between which nodes stand in a row.

    Returns
    -------
    Sequential
        Built; its input has the batch first, whatever the graph has.

    Raises
    ------
    ValueError
        If the graph is no row of layers, or one of them has what layers here have not.
    """
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ValueError(
            f"{WHERE}: model has {len(model.inputs)} inputs and {len(model.outputs)} outputs, "
            "expected one of each, as a row of layers has"
        )
    (value,) = model.inputs
    failures = []
    for axes in _meanings(value):
        known: dict[str, Known] = {**model.constants, value.name: Traced(axes)}
        try:
            return _made(value, axes, _follow(model, known, axes))
        except NoChainError as error:
            failures.append((len(known), str(error)))
    _, message = max(failures, key=lambda failure: failure[0])  # the meaning that led farthest
    raise ValueError(message)


def _meanings(value: Value) -> Sequence[str]:
    """Return what the axes of an input may mean."""
    rank = None if value.shape is None else len(value.shape)
    if value.dtype.kind in "iu" and rank == 2:
        return ("bt", "tb")
    if value.dtype.kind == "f" and rank in (2, 3):
        return ("btf", "tbf") if rank == 3 else ("bf",)
    raise ValueError(
        f"{WHERE}: input {value.name!r} has shape {value.shape} and dtype {value.dtype}, expected "
        "(batch, time, features) or (batch, features), or tokens (batch, time)"
    )


def _follow(model: InferenceModel, known: dict[str, Known], axes: str) -> Traced:
    """Add to what is known what each node makes, and return the output."""
    for node, run, _ in model.steps:
        inputs = [known.get(name) for name in node.inputs]
        traced = [one for one in inputs if isinstance(one, Traced)]
        if len(traced) > 1:
            raise no_chain(node, "takes two values that follow from the input, expected one")
        if not traced or node.operator in ("Shape", "Size"):
            known |= dict.fromkeys(node.outputs, _apart(node, inputs))
            continue
        follow = _FOLLOWED.get(node.operator)
        if follow is None:
            raise no_chain(node, "expected an operator that is a layer, or part of one")
        try:
            known |= zip(node.outputs, follow(node, run, inputs), strict=False)
        except NoChainError:
            raise
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise no_chain(node, f"is no layer here ({error}), expected one") from error
    end = known[model.outputs[0].name]
    if not isinstance(end, Traced) or end.axes not in ("btf", "tbf", "bf", "bt"):
        means = end.axes if isinstance(end, Traced) else "nothing of the input"
        raise NoChainError(f"{WHERE}: output has the axes {means}, expected those of a layer")
    if "t" in end.axes and (end.axes[0] == "t") != (axes[0] == "t"):
        raise NoChainError(f"{WHERE}: output has the axes {end.axes}, expected {axes} in order")
    return end


def _made(value: Value, axes: str, end: Traced) -> Sequential:
    assert value.shape is not None
    sizes = dict(zip(axes, value.shape, strict=True))
    shape: Shape = tuple(sizes[axis] for axis in ("tf" if "f" in axes else "t") if axis in sizes)
    dtype = value.dtype.name if value.dtype.kind == "f" else "int64"
    first = layers.Input(shape, dtype=dtype, name=value.name)
    if not end.row:
        raise NoChainError(f"{WHERE}: output is the input, expected layers between")
    try:
        made = [planned.make() for planned in end.row]
        sizes_along: Shape = (None, *shape)
        for layer, planned in zip(made, end.row, strict=True):
            # Before a layer makes weights for whatever size the file claims.
            if not planned.takes(sizes_along[-1]):
                raise ValueError(f"{layer.name} has weights for other inputs than {sizes_along}")
            sizes_along = layer.compute_output_shape(sizes_along)
        model = Sequential([first, *made])
        for layer, planned in zip(made, end.row, strict=True):
            layer.set_weights(planned.weights)
    except (TypeError, ValueError) as error:  # the file's shapes do not go together
        raise NoChainError(f"{WHERE}: layers do not make a row ({error})") from error
    return model


# What does not follow from the input's numbers.


def _apart(node: Node, inputs: Sequence[Known | None]) -> Known:
    """Return what is known of a value that is made of sizes and constants alone."""
    if node.operator == "ConstantOfShape":
        value = node.attributes.get("value")
        return ZEROS if value is None or not value.any() else APART
    same = ("Expand", "Concat", "Slice", "Unsqueeze", "Squeeze", "Reshape", "Transpose", "Gather")
    parts = inputs if node.operator == "Concat" else inputs[:1]
    nothing = all(is_zero(part) for part in parts)
    return ZEROS if node.operator in (*same, "Identity", "Cast") and nothing else APART


# Nodes that only move axes.


def _same(node: Node, run: Any, inputs: Sequence[Any]) -> list[Traced]:
    return [inputs[0]]


def _transpose(node: Node, run: Any, inputs: Sequence[Any]) -> list[Traced]:
    x = inputs[0]
    order = node.attributes.get("perm", list(range(len(x.axes)))[::-1])
    return [replace(x, axes="".join(x.axes[k] for k in order))]


def _squeeze(node: Node, run: Any, inputs: Sequence[Any]) -> list[Traced]:
    x = inputs[0]
    places = {axis % len(x.axes) for axis in constants_of(node, inputs, 1, "axes")}
    if any(x.axes[place] != "d" for place in places):
        raise no_chain(node, f"takes an axis from {x.axes}, expected that of a single direction")
    return [replace(x, axes="".join(a for k, a in enumerate(x.axes) if k not in places))]


def _reshape(node: Node, run: Any, inputs: Sequence[Any]) -> list[Traced]:
    x = inputs[0]
    sizes = constants_of(node, inputs, 1, "shape")
    if x.axes[-2:] in ("Df", "df") and len(sizes) == len(x.axes) - 1 and not any(sizes[:-1]):
        return [replace(x, axes=f"{x.axes[:-2]}f")]
    if x.axes == "btf" and sizes == [0, -1]:
        return [x.then(Planned(layers.Flatten, {}), axes="bf")]
    raise no_chain(node, f"shapes the axes {x.axes} to {sizes}, expected directions side by side")


def _flatten(node: Node, run: Any, inputs: Sequence[Any]) -> list[Traced]:
    x = inputs[0]
    if x.axes not in ("btf", "bf") or node.attributes["axis"] != 1:
        raise no_chain(node, f"flattens the axes {x.axes}, expected those behind the batch")
    return [x.then(Planned(layers.Flatten, {}), axes="bf")]


def _slice(node: Node, run: Any, inputs: Sequence[Any]) -> list[Traced]:
    """Turn time round, as behind a layer that runs backwards."""
    x = inputs[0]
    start, end, axis, step = (
        constants_of(node, inputs, place, name)
        for place, name in enumerate(("starts", "ends", "axes", "steps"), 1)
    )
    place = axis[0] % len(x.axes)
    if len(axis) > 1 or step != [-1] or start != [-1] or end[0] > -(2**31) or x.axes[place] != "r":
        raise no_chain(node, "cuts a part out, expected the steps of a layer that runs backwards")
    return [replace(x, axes=x.axes.replace("r", "t"))]


_FOLLOWED: dict[str, Follow] = {
    **LAYERS,
    **dict.fromkeys(("Identity", "Dropout", "Cast"), _same),
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Slice": _slice,
    "Squeeze": _squeeze,
    "Transpose": _transpose,
}

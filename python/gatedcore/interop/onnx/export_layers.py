"""Layers without states as nodes of a graph."""

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import numpy as np

from gatedcore import layers
from gatedcore.interop.onnx.export_activations import write_activation
from gatedcore.interop.onnx.graph_writer import GraphWriter, Signal
from gatedcore.layers import Layer

Write = Callable[[GraphWriter, Any, Sequence[Signal]], list[Signal]]


def as_numbers(writer: GraphWriter, x: Signal) -> str:
    """Return the name of a value as floating numbers, which tokens are not."""
    return writer.cast(x.name, writer.dtype) if x.integer else x.name


# Weights.


def write_dense(writer: GraphWriter, layer: layers.Dense, inputs: Sequence[Signal]) -> list[Signal]:
    """Write a product with the last axis, a bias and an activation."""
    (x,) = inputs
    kernel = writer.weight(f"{layer.name}/kernel", layer.parameters["kernel"])
    given = [as_numbers(writer, x), kernel]
    if layer.use_bias:
        given.append(writer.weight(f"{layer.name}/bias", layer.parameters["bias"]))
    if layer.use_bias and len(x.shape) == 2:
        a = writer.node("Gemm", *given)
    else:
        a = writer.node("MatMul", *given[:2])
        a = writer.node("Add", a, given[2]) if layer.use_bias else a
    y = write_activation(writer, layer.activation, a)
    return [x.become(y, (*x.shape[:-1], layer.units))]


def write_embedding(
    writer: GraphWriter, layer: layers.Embedding, inputs: Sequence[Signal]
) -> list[Signal]:
    """Write rows of a table for tokens, and the mask where token 0 is padding."""
    (x,) = inputs
    tokens = x.name if x.integer else writer.cast(x.name, np.int64)
    table = writer.weight(f"{layer.name}/embeddings", layer.parameters["embeddings"])
    y = writer.node("Gather", table, tokens, axis=0)
    mask = x.mask
    if layer.mask_zero and len(x.shape) == 2:
        zero = writer.node("CastLike", writer.integer(0), tokens)
        own = writer.node("Not", writer.node("Equal", tokens, zero))
        mask = own if mask is None else writer.node("And", own, mask)
    return [Signal(y, (*x.shape, layer.output_dim), mask)]


def write_layer_normalization(
    writer: GraphWriter, layer: layers.LayerNormalization, inputs: Sequence[Signal]
) -> list[Signal]:
    """Write mean 0 and variance 1 over the last axis."""
    (x,) = inputs
    features = x.shape[-1]
    assert features is not None
    gamma = layer.parameters.get("gamma", np.ones(features, writer.dtype))
    given = [as_numbers(writer, x), writer.weight(f"{layer.name}/gamma", gamma)]
    if layer.center:
        given.append(writer.weight(f"{layer.name}/beta", layer.parameters["beta"]))
    y = writer.node("LayerNormalization", *given, axis=-1, epsilon=layer.epsilon)
    return [x.become(y)]


def write_normalization(
    writer: GraphWriter, layer: layers.Normalization, inputs: Sequence[Signal]
) -> list[Signal]:
    """Write a shift and a scale by known moments."""
    (x,) = inputs
    kept = {axis % len(x.shape) for axis in layer.scaler.axis}
    if any(x.shape[axis] is None for axis in kept):
        raise ValueError(
            f"{writer.where}: {layer.name} has axis={layer.scaler.axis} and an input of shape "
            f"{x.shape}, expected known sizes there; build the model with them"
        )
    sizes = tuple(1 if size is None else size for size in x.shape)
    mean, deviation = layer.scaler.moments_for(layer.name, sizes)
    shift = writer.weight(f"{layer.name}/mean", mean.astype(writer.dtype))
    scale = writer.weight(f"{layer.name}/deviation", deviation.astype(writer.dtype))
    given = as_numbers(writer, x)
    if layer.scaler.invert:
        y = writer.node("Add", writer.node("Mul", given, scale), shift)
    else:
        y = writer.node("Div", writer.node("Sub", given, shift), scale)
    return [x.become(y)]


# Functions of elements.


def write_activation_layer(
    writer: GraphWriter, layer: layers.Activation, inputs: Sequence[Signal]
) -> list[Signal]:
    """Write an activation."""
    (x,) = inputs
    return [x.become(write_activation(writer, layer.activation, as_numbers(writer, x)))]


def write_relu(writer: GraphWriter, layer: layers.ReLU, inputs: Sequence[Signal]) -> list[Signal]:
    """Write a rectifier with its options."""
    (x,) = inputs
    given = as_numbers(writer, x)
    if not layer.threshold:
        slope = layer.negative_slope
        y = writer.node("LeakyRelu", given, alpha=slope) if slope else writer.node("Relu", given)
    else:
        threshold = writer.number(layer.threshold)
        below = writer.node("Sub", given, threshold)
        below = writer.node("Mul", below, writer.number(layer.negative_slope))
        above = writer.node("GreaterOrEqual", given, threshold)
        y = writer.node("Where", above, given, below)
    if layer.max_value is not None:
        y = writer.node("Min", y, writer.number(layer.max_value))
    return [x.become(y)]


def write_leaky_relu(
    writer: GraphWriter, layer: layers.LeakyReLU, inputs: Sequence[Signal]
) -> list[Signal]:
    """Write a leaky rectifier."""
    (x,) = inputs
    y = writer.node("LeakyRelu", as_numbers(writer, x), alpha=layer.negative_slope)
    return [x.become(y)]


def write_elu(writer: GraphWriter, layer: layers.ELU, inputs: Sequence[Signal]) -> list[Signal]:
    """Write an exponential linear unit."""
    (x,) = inputs
    return [x.become(writer.node("Elu", as_numbers(writer, x), alpha=layer.alpha))]


def write_nothing(writer: GraphWriter, layer: Layer, inputs: Sequence[Signal]) -> list[Signal]:
    """Write nothing, for what acts in training alone."""
    return list(inputs)


def write_masking(
    writer: GraphWriter, layer: layers.Masking, inputs: Sequence[Signal]
) -> list[Signal]:
    """Write zeros over the steps whose features all have one value, and the mask."""
    (x,) = inputs
    given = as_numbers(writer, x)
    same = writer.node("Equal", given, writer.number(layer.mask_value))
    other = writer.cast(writer.node("Not", same), writer.dtype)
    counts = writer.node("ReduceMax", other, axes=[2], keepdims=1)
    mask = writer.cast(writer.squeeze(counts, 2), np.bool_)
    y = writer.node("Mul", given, counts)
    if x.mask is not None:
        mask = writer.node("And", mask, x.mask)
    return [Signal(y, x.shape, mask)]


# Shapes; the axis of time is another one behind them, so that there is no mask.


def _shaped(x: Signal, layer: Layer, name: str) -> list[Signal]:
    return [Signal(name, layer.compute_output_shape(x.shape), None, x.integer)]


def write_flatten(
    writer: GraphWriter, layer: layers.Flatten, inputs: Sequence[Signal]
) -> list[Signal]:
    """Write all axes but the batch as one."""
    (x,) = inputs
    return _shaped(x, layer, writer.node("Flatten", x.name, axis=1))


def write_reshape(
    writer: GraphWriter, layer: layers.Reshape, inputs: Sequence[Signal]
) -> list[Signal]:
    """Write samples in another shape."""
    (x,) = inputs
    return _shaped(x, layer, writer.reshape(x.name, 0, *layer.target_shape))


def write_permute(
    writer: GraphWriter, layer: layers.Permute, inputs: Sequence[Signal]
) -> list[Signal]:
    """Write the axes of samples in another order."""
    (x,) = inputs
    return _shaped(x, layer, writer.node("Transpose", x.name, perm=[0, *layer.dims]))


def write_repeat_vector(
    writer: GraphWriter, layer: layers.RepeatVector, inputs: Sequence[Signal]
) -> list[Signal]:
    """Write each sample as a sequence of equal steps."""
    (x,) = inputs
    step = writer.unsqueeze(x.name, 1)
    return _shaped(x, layer, writer.node("Expand", step, writer.integers(1, layer.n, 1)))


# Several inputs.

_ELEMENTS: dict[type, str] = {
    layers.Add: "Add",
    layers.Average: "Add",
    layers.Subtract: "Sub",
    layers.Multiply: "Mul",
    layers.Maximum: "Max",
    layers.Minimum: "Min",
}


def write_elements(writer: GraphWriter, layer: Layer, inputs: Sequence[Signal]) -> list[Signal]:
    """Write what merges element by element; a step counts if it counts in any input."""
    names = [as_numbers(writer, x) for x in inputs]
    operator = _ELEMENTS[type(layer)]
    y = reduce(lambda a, b: writer.node(operator, a, b), names)
    if type(layer) is layers.Average:
        y = writer.node("Mul", y, writer.number(1.0 / len(names)))
    masks = [x.mask for x in inputs if x.mask is not None]
    mask = reduce(lambda a, b: writer.node("Or", a, b), masks) if len(masks) == len(names) else None
    (shape,) = layer.output_shapes([x.shape for x in inputs])
    return [Signal(y, shape, mask)]


def write_concatenate(
    writer: GraphWriter, layer: layers.Concatenate, inputs: Sequence[Signal]
) -> list[Signal]:
    """Write inputs side by side; a step counts if it counts in any input."""
    y = writer.node("Concat", *(as_numbers(writer, x) for x in inputs), axis=layer.axis)
    (shape,) = layer.output_shapes([x.shape for x in inputs])
    mask = None
    if any(x.mask is not None for x in inputs):
        full = [x.mask or _all_steps(writer, x) for x in inputs]
        if layer.axis % len(shape) == 1:
            mask = writer.node("Concat", *full, axis=1)
        else:
            mask = reduce(lambda a, b: writer.node("Or", a, b), full)
    return [Signal(y, shape, mask)]


def _all_steps(writer: GraphWriter, x: Signal) -> str:
    sizes = writer.node("Shape", x.name, start=0, end=2)
    one = writer.cast(writer.integers(1), np.bool_)
    return writer.node("Expand", one, sizes)


def write_dot(writer: GraphWriter, layer: layers.Dot, inputs: Sequence[Signal]) -> list[Signal]:
    """Write the products along an axis of each input."""
    rows = []
    for x, axis in zip(inputs, layer._pair, strict=True):
        name = as_numbers(writer, x)
        if len(x.shape) == 2:
            name = writer.unsqueeze(name, 1)
        elif axis % 3 == 1:
            name = writer.node("Transpose", name, perm=[0, 2, 1])
        if layer.normalize:
            squares = writer.node("Mul", name, name)
            total = writer.node("ReduceSum", squares, writer.integers(-1), keepdims=1)
            least = writer.node("Max", total, writer.number(1e-14))  # as the layer has it
            name = writer.node("Div", name, writer.node("Sqrt", least))
        rows.append(name)
    turned = writer.node("Transpose", rows[1], perm=[0, 2, 1])
    y = writer.node("MatMul", rows[0], turned)
    (shape,) = layer.output_shapes([x.shape for x in inputs])
    lone = [axis for axis, x in enumerate(inputs, 1) if len(x.shape) == 2]
    if len(lone) == 2:
        lone = lone[:1]  # (B, 1) is left of two vectors
    return [Signal(writer.squeeze(y, *lone) if lone else y, shape)]


# Pooling.


def write_average(
    writer: GraphWriter, layer: layers.GlobalAveragePooling1D, inputs: Sequence[Signal]
) -> list[Signal]:
    """Write the mean over the steps that count."""
    (x,) = inputs
    given, keep = as_numbers(writer, x), int(layer.keepdims)
    if x.mask is None:
        y = writer.node("ReduceMean", given, axes=[1], keepdims=keep)
        return _shaped(x, layer, y)
    counts = writer.unsqueeze(writer.cast(x.mask, writer.dtype), 2)
    total = writer.node("ReduceSum", counts, writer.integers(1), keepdims=1)
    shares = writer.node("Div", counts, writer.node("Max", total, writer.number(1.0)))
    weighted = writer.node("Mul", given, shares)
    y = writer.node("ReduceSum", weighted, writer.integers(1), keepdims=keep)
    return _shaped(x, layer, y)


def write_largest(
    writer: GraphWriter, layer: layers.GlobalMaxPooling1D, inputs: Sequence[Signal]
) -> list[Signal]:
    """Write the largest value of each feature over all steps."""
    (x,) = inputs
    keep = int(layer.keepdims)
    return _shaped(
        x, layer, writer.node("ReduceMax", as_numbers(writer, x), axes=[1], keepdims=keep)
    )


WRITERS: dict[type, Write] = {
    layers.Activation: write_activation_layer,
    layers.Concatenate: write_concatenate,
    layers.Dense: write_dense,
    layers.Dot: write_dot,
    layers.Dropout: write_nothing,
    layers.ELU: write_elu,
    layers.Embedding: write_embedding,
    layers.Flatten: write_flatten,
    layers.GaussianDropout: write_nothing,
    layers.GaussianNoise: write_nothing,
    layers.GlobalAveragePooling1D: write_average,
    layers.GlobalMaxPooling1D: write_largest,
    layers.LayerNormalization: write_layer_normalization,
    layers.LeakyReLU: write_leaky_relu,
    layers.Masking: write_masking,
    layers.Normalization: write_normalization,
    layers.Permute: write_permute,
    layers.ReLU: write_relu,
    layers.RepeatVector: write_repeat_vector,
    layers.Reshape: write_reshape,
    layers.Softmax: write_activation_layer,
    layers.SpatialDropout1D: write_nothing,
    **dict.fromkeys(_ELEMENTS, write_elements),
}

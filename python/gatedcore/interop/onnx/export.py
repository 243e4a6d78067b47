"""Writes models as ONNX files."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from onnx import ModelProto, TensorProto

from gatedcore import layers
from gatedcore.archive import write_whole
from gatedcore.graph import Model
from gatedcore.interop.onnx.export_layers import WRITERS, Write
from gatedcore.interop.onnx.export_recurrent import write_bidirectional, write_sequence_layer
from gatedcore.interop.onnx.graph_writer import GraphWriter, Signal, describe
from gatedcore.interop.onnx.tensors import element_type_of
from gatedcore.layers.input import Input
from gatedcore.layers.tensor import Tensor, calls_before
from gatedcore.model import Sequential

WHERE = "gk.onnx.export"


def export(model: Sequential | Model, path: str | os.PathLike[str] | None = None) -> ModelProto:
    """Write a model as an ONNX file, for inference.

    The graph computes what ``model.predict`` does, for any batch and, where the model leaves it
    open, any number of steps. It is checked by ONNX before it is written.

    Parameters
    ----------
    model : Sequential or Model
        Built.
    path : str or path, optional
        Where; nothing is written by default.

    Returns
    -------
    onnx.ModelProto
        The model, of opset 17.

    Raises
    ------
    TypeError
        If it is no such model.
    ValueError
        If the model is not built, or a layer cannot be expressed: one of your own, ``stateful``,
        zoneout, an activation that ONNX's recurrent operators do not have.
    OSError
        If the file cannot be written; one that was there is then as it was.

    References
    ----------
    docs/onnx.md; https://onnx.ai/onnx/operators.
    """
    if not isinstance(model, Sequential | Model):
        raise TypeError(
            f"{WHERE}: model has type {type(model).__name__}, expected a Sequential or a Model; "
            "put a layer into one of these"
        )
    model.need_built(WHERE)
    made = _written(model)
    if path is not None:
        write_whole(os.fspath(path), made.SerializeToString())
    return made


def _written(model: Sequential | Model) -> ModelProto:
    writer = GraphWriter(WHERE, model.dtype)
    values: dict[Tensor, Signal] = {}
    given = []
    for tensor, name in zip(model.inputs, _input_names(model), strict=True):
        integer = _takes_tokens(model, tensor)
        writer.reserve(name)
        values[tensor] = Signal(name, tensor.shape, None, integer)
        kind = _token_type(tensor) if integer else element_type_of(writer.dtype)
        given.append(describe(name, kind, _axes(name, tensor.shape, len(model.inputs) == 1)))
    names = _output_names(model)
    for name in names:
        writer.reserve(name)
    for call in calls_before(model.outputs):
        inputs = [values[tensor] for tensor in call.inputs]
        writer.begin(call.layer.name)
        values |= zip(call.outputs, write_layer(writer, call.layer, inputs), strict=True)
    outputs = [
        writer.output(name, values[tensor])
        for name, tensor in zip(names, model.outputs, strict=True)
    ]
    return writer.model(model.name, given, outputs)


def write_layer(writer: GraphWriter, layer: Any, inputs: Sequence[Signal]) -> list[Signal]:
    """Write a call of a layer and return what it makes.

    Raises
    ------
    ValueError
        If the layer cannot be expressed.
    """
    write = _WRITERS.get(type(layer))
    if write is None:
        raise ValueError(
            f"{writer.where}: {layer.name} is a {type(layer).__name__}, expected one of "
            "gatedcore's own layers, without code of yours, which ONNX cannot hold; put layers in "
            "its place that say the same"
        )
    return write(writer, layer, inputs)


def write_time_distributed(
    writer: GraphWriter, layer: layers.TimeDistributed, inputs: Sequence[Signal]
) -> list[Signal]:
    """Write a layer over every step: steps become rows of the batch, and steps again."""
    (x,) = inputs
    outer = writer.node("Shape", x.name, start=0, end=2)
    inner = writer.node("Shape", x.name, start=2)
    rows = writer.node("Reshape", x.name, writer.node("Concat", writer.integers(-1), inner, axis=0))
    step = Signal(rows, (None, *x.shape[2:]), None, x.integer)
    (y,) = write_layer(writer, layer.layer, [step])
    after = writer.node("Shape", y.name, start=1)
    sizes = writer.node("Concat", outer, after, axis=0)
    name = writer.node("Reshape", y.name, sizes)
    return [Signal(name, (*x.shape[:2], *y.shape[1:]), x.mask, y.integer)]


_WRITERS: dict[type, Write] = {
    **WRITERS,
    layers.LSTM: write_sequence_layer,
    layers.GRU: write_sequence_layer,
    layers.SimpleRNN: write_sequence_layer,
    layers.RNN: write_sequence_layer,
    layers.Bidirectional: write_bidirectional,
    layers.TimeDistributed: write_time_distributed,
}


# The ends of the graph.


def _input_names(model: Sequential | Model) -> list[str]:
    if isinstance(model, Sequential):
        return ["input" if model._input is None else model._input.name]
    return model.input_names


def _output_names(model: Sequential | Model) -> list[str]:
    """Return the names of the outputs, which are different here."""
    given = [model.layers[-1].name] if isinstance(model, Sequential) else model.output_names
    names: list[str] = []
    for name in given:
        new, count = name, 1
        while new in (*names, *_input_names(model)):
            new = f"{name}_{count}"
            count += 1
        names.append(new)
    return names


def _takes_tokens(model: Sequential | Model, tensor: Tensor) -> bool:
    """Return whether all layers that an input feeds take it as tokens."""
    fed = [call.layer for call in calls_before(model.outputs) if tensor in call.inputs]
    probe = np.zeros(1, np.int32)
    return all(layer.as_input(WHERE, probe).dtype.kind == "i" for layer in fed)


def _token_type(tensor: Tensor) -> int:
    """Return the element type of tokens: int64, which NumPy makes of lists, unless it is told."""
    int32 = isinstance(tensor, Input) and tensor._tokens == "int32"
    return int(TensorProto.INT32 if int32 else TensorProto.INT64)


def _axes(name: str, shape: Sequence[int | None], alone: bool) -> list[int | str | None]:
    """Return the sizes of an input's axes, names for those that are open."""
    sizes: list[int | str | None] = ["batch"]
    for axis, size in enumerate(shape[1:], 1):
        stem = "time" if axis == 1 else f"axis_{axis}"
        sizes.append(size if size is not None else stem if alone else f"{name}_{stem}")
    return sizes

"""Reads ONNX files: every part is checked, and what is not supported is named."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError
from onnx import GraphProto, ModelProto, ValueInfoProto, defs

from gatedcore.arrays import Shape
from gatedcore.checks import check_count
from gatedcore.interop.onnx.catalogue import computing
from gatedcore.interop.onnx.external import Beside
from gatedcore.interop.onnx.inference import InferenceModel, Step, Value
from gatedcore.interop.onnx.node import Node, checked_node
from gatedcore.interop.onnx.tensors import Tensor, dtype_of, to_array
from gatedcore.interop.onnx.wire import check_wire

OLDEST_OPSET = 7  # from here on operators repeat axes of size 1 as NumPy does
NEWEST_OPSET = 28  # whose operators are compared with ONNX's own tests
MAX_FILE = 2**31 - 1  # what a protocol buffer may hold
MAX_MEMORY = 2**32

WHERE = "gk.onnx.load"


def load(
    source: object, *, max_file: int = MAX_FILE, max_memory: int = MAX_MEMORY
) -> InferenceModel:
    """Read a model from an ONNX file, for inference.

    Parameters
    ----------
    source : str, path, bytes or onnx.ModelProto
        The file, what is in it, or the model.
    max_file : int
        Bytes that the file may have.
    max_memory : int
        Bytes that the results of nodes may take together while the model runs.

    Returns
    -------
    InferenceModel
        Called with arrays, it returns arrays. LSTM and GRU run on the fused kernels.

    Raises
    ------
    TypeError
        If ``source`` is none of these.
    ValueError
        If the file is damaged or too large, or holds what is not supported: another domain, an
        operator that is not known here, graphs within graphs. Elements may stand in files beside
        that of the path, and nowhere else.
    OSError
        If the file cannot be read.

    References
    ----------
    docs/onnx.md has the operators; https://onnx.ai/onnx/operators.
    """
    model = read(source, check_count(WHERE, "max_file", max_file))
    folder = Path(source).parent if isinstance(source, str | os.PathLike) else None
    most = check_count(WHERE, "max_memory", max_memory)
    return prepare_model(model, most, Beside(folder))


def read(source: object, max_file: int) -> ModelProto:
    """Return the model of a file, of bytes, or itself.

    Raises
    ------
    TypeError, ValueError, OSError
        As ``load``.
    """
    if isinstance(source, ModelProto):
        return source
    if isinstance(source, bytes | bytearray | memoryview):
        data = bytes(source)
        size = len(data)
    elif isinstance(source, str | os.PathLike):
        path = Path(source)
        size = path.stat().st_size
        data = b"" if size > max_file else path.read_bytes()
    else:
        raise TypeError(
            f"{WHERE}: source has type {type(source).__name__}, expected a path, bytes or a "
            "ModelProto; pass one of these"
        )
    if size > max_file:
        raise ValueError(
            f"{WHERE}: file has {size} bytes, expected at most {max_file}; pass a larger max_file "
            "if it is to be trusted"
        )
    if size == 0:
        raise ValueError(f"{WHERE}: file is empty, expected an ONNX model; export it anew")
    check_wire(WHERE, data)
    try:
        return ModelProto.FromString(data)
    except DecodeError as error:
        raise ValueError(
            f"{WHERE}: file is no ONNX model ({error}), expected one; export it anew"
        ) from None


def prepare_model(model: ModelProto, max_memory: int, beside: Beside) -> InferenceModel:
    """Return a model ready to run, whose elements may stand in files beside it.

    Raises
    ------
    ValueError
        As ``load``.
    """
    opset = _opset_of(model)
    graph = model.graph
    _refuse_extras(model)
    constants = _initializers(graph, beside)
    # Before version 4 of the format, initializers stand among the inputs too.
    inputs = [_value(one, "input") for one in graph.input if one.name not in constants]
    known = _unique([*constants, *(one.name for one in inputs)])
    nodes = []
    for index, proto in enumerate(graph.node):
        node = checked_node(proto, index, opset, max_memory)
        for name in node.inputs:
            if name and name not in known:
                raise node.error(
                    f"input {name!r} comes from nothing before the node, expected an input, an "
                    "initializer or an earlier node's output; a graph has no cycles"
                )
        _add(known, node)
        run = computing(node, [constants.get(name) for name in node.inputs])
        if node.operator == "Constant":
            constants[node.outputs[0]] = run()
        else:
            nodes.append((node, run))
    outputs = [_value(one, "output") for one in graph.output]
    for output in outputs:
        if output.name not in known:
            raise ValueError(
                f"{WHERE}: output {output.name!r} comes from no node, expected one; repair the file"
            )
    if not outputs:
        raise ValueError(f"{WHERE}: graph has no outputs, expected one or more; repair the file")
    steps = _with_last_uses(nodes, {one.name for one in outputs})
    return InferenceModel(graph.name or "model", inputs, outputs, constants, steps, max_memory)


def _opset_of(model: ModelProto) -> int:
    versions = [one.version for one in model.opset_import if one.domain in ("", "ai.onnx")]
    newest = min(NEWEST_OPSET, defs.onnx_opset_version())
    if len(versions) != 1 or not OLDEST_OPSET <= versions[0] <= newest:
        raise ValueError(
            f"{WHERE}: opset is {', '.join(map(str, versions)) or 'missing'}, expected one from "
            f"{OLDEST_OPSET} to {newest}; export the model for one of these"
            + ("" if newest == NEWEST_OPSET else ", or install a newer onnx")
        )
    return int(versions[0])


def _refuse_extras(model: ModelProto) -> None:
    """Raise if a model holds what would change what it computes, and is not read."""
    for what, there in (
        ("functions of its own", len(model.functions)),
        ("a training part", len(model.training_info)),
        ("sparse initializers", len(model.graph.sparse_initializer)),
    ):
        if there:
            raise ValueError(
                f"{WHERE}: model has {what}, expected a plain graph; export it for inference"
            )


def _initializers(graph: GraphProto, beside: Beside) -> dict[str, Tensor]:
    found: dict[str, Tensor] = {}
    for tensor in graph.initializer:
        if not tensor.name or tensor.name in found:
            raise ValueError(
                f"{WHERE}: initializer {tensor.name!r} has no name of its own, expected one; "
                "repair the file"
            )
        where = f"{WHERE}: initializer {tensor.name!r}"
        found[tensor.name] = to_array(where, tensor, beside)
    return found


def _value(info: ValueInfoProto, what: str) -> Value:
    where = f"{WHERE}: {what} {info.name!r}"
    if not info.name or info.type.WhichOneof("value") != "tensor_type":
        raise ValueError(f"{where} is no tensor with a name, expected one; repair the file")
    tensor = info.type.tensor_type
    shape: Shape | None = None
    if tensor.HasField("shape"):
        shape = tuple(
            axis.dim_value if axis.HasField("dim_value") and axis.dim_value > 0 else None
            for axis in tensor.shape.dim
        )
    return Value(info.name, shape, dtype_of(where, tensor.elem_type))


def _unique(names: Iterable[str]) -> set[str]:
    known: set[str] = set()
    for name in names:
        if name in known:
            raise ValueError(f"{WHERE}: two values have the name {name!r}, expected different ones")
        known.add(name)
    return known


def _add(known: set[str], node: Node) -> None:
    """Add what a node makes to the values that are known."""
    for name in node.outputs:
        if name in known:
            raise node.error(f"output {name!r} is a value already, expected a new name")
        if name:
            known.add(name)


def _with_last_uses(nodes: list[tuple[Node, Any]], kept: set[str]) -> list[Step]:
    """Return the nodes as steps that say which values may go after them."""
    last: dict[str, int] = {}
    for index, (node, _) in enumerate(nodes):
        last |= {name: index for name in (*node.outputs, *node.inputs) if name}
    made = {name for node, _ in nodes for name in node.outputs}
    done: list[list[str]] = [[] for _ in nodes]
    for name, index in last.items():
        if name in made and name not in kept:
            done[index].append(name)
    return [Step(node, run, tuple(gone)) for (node, run), gone in zip(nodes, done, strict=True)]

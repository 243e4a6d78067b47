"""One node of a graph, checked against ONNX's own description of its operator."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from onnx import AttributeProto, NodeProto, defs

from gatedcore.interop.onnx.tensors import Tensor, to_array

Constants = Sequence[Tensor | None]  # a node's inputs as far as they are known before it runs
Run = Callable[..., Any]  # what computes a node: arrays in, one or a tuple of them out


@dataclass(frozen=True)
class Node:
    """What an operator needs to know of its node.

    Attributes
    ----------
    where : str
        The node by name and operator, for errors.
    operator : str
        Name of the operator.
    version : int
        The opset that brought the operator in the form that it has in this model.
    attributes : dict
        By name, those left out with their defaults where ONNX has one, else missing.
    inputs, outputs : tuple of str
        Names of values; empty for one that is left out.
    max_bytes : int
        What a result may take.
    """

    where: str
    operator: str
    version: int
    attributes: dict[str, Any]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    max_bytes: int

    def error(self, what: str) -> ValueError:
        """Return an error about this node."""
        return ValueError(f"{self.where}: {what}")

    def check_size(self, shape: Sequence[int], dtype: np.dtype[Any]) -> None:
        """Raise unless a result of that shape may be made.

        Raises
        ------
        ValueError
            If it has a negative size or takes too much memory.
        """
        size = math.prod(shape) * dtype.itemsize
        if any(one < 0 for one in shape) or size > self.max_bytes:
            raise self.error(
                f"result of shape {tuple(shape)} takes {size} bytes, expected at most "
                f"{self.max_bytes}; pass a larger max_memory if the model is to be trusted"
            )


def describe(proto: NodeProto, index: int) -> str:
    """Return how errors call a node."""
    name = f"{proto.name!r}" if proto.name else f"{index}"
    return f"gk.onnx.load: node {name} ({proto.op_type or 'without an operator'})"


def checked_node(proto: NodeProto, index: int, opset: int, max_bytes: int) -> Node:
    """Return a node of a file.

    Parameters
    ----------
    proto : NodeProto
        The node.
    index : int
        Its place in the graph.
    opset : int
        Version of ONNX's operators that the model was written for.
    max_bytes : int
        What a result may take.

    Raises
    ------
    ValueError
        If ONNX knows no such operator, attribute, or number of inputs or outputs.
    """
    where = describe(proto, index)
    if proto.domain not in ("", "ai.onnx"):
        raise ValueError(
            f"{where}: operator of the domain {proto.domain!r}, expected one of ONNX itself; "
            "export the model without operators of a runtime's own"
        )
    try:
        schema = defs.get_schema(proto.op_type, opset, "")
    except defs.SchemaError:
        raise ValueError(
            f"{where}: opset {opset} has no such operator, expected one of ONNX's; repair the file"
        ) from None
    if schema.deprecated:
        raise ValueError(
            f"{where}: operator is gone since opset {schema.since_version}, expected one that is "
            f"in opset {opset}; export the model anew"
        )
    for kind, names, least, most in (
        ("input", proto.input, schema.min_input, schema.max_input),
        ("output", proto.output, schema.min_output, schema.max_output),
    ):
        if not least <= len(names) <= most:
            raise ValueError(
                f"{where}: {len(names)} {kind}s, expected {least} to {most}; repair the file"
            )
    required = [
        one.name
        for one, given in zip(schema.inputs, proto.input, strict=False)
        if not given and one.option == defs.OpSchema.FormalParameterOption.Single
    ]
    if required:
        raise ValueError(f"{where}: input {required[0]} is left out, expected it; repair the file")
    return Node(
        where,
        proto.op_type,
        schema.since_version,
        _attributes(where, proto, schema),
        tuple(proto.input),
        tuple(proto.output),
        max_bytes,
    )


def _attributes(where: str, proto: NodeProto, schema: defs.OpSchema) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, known in schema.attributes.items():
        if known.default_value.type != AttributeProto.UNDEFINED:
            values[name] = _value(where, known.default_value)
    given = set()
    for attribute in proto.attribute:
        name = attribute.name
        if name in given:
            raise ValueError(f"{where}: attribute {name!r} comes twice, expected it once")
        given.add(name)
        described = schema.attributes.get(name)
        if described is None:
            raise ValueError(
                f"{where}: attribute {name!r} is not known, expected one of "
                f"{sorted(schema.attributes) or 'none'} in opset {schema.since_version}"
            )
        if int(described.type) != attribute.type:
            kinds = AttributeProto.AttributeType.Name
            raise ValueError(
                f"{where}: attribute {name!r} has type {kinds(attribute.type)}, expected "
                f"{described.type.name}; repair the file"
            )
        values[name] = _value(where, attribute)
    for name, described in schema.attributes.items():
        if described.required and name not in values:
            raise ValueError(f"{where}: attribute {name!r} is missing, expected it")
    return values


def _value(where: str, attribute: AttributeProto) -> Any:
    """Return an attribute's value as Python has it."""
    kind = attribute.type
    if kind == AttributeProto.FLOAT:
        return float(attribute.f)
    if kind == AttributeProto.INT:
        return int(attribute.i)
    if kind == AttributeProto.STRING:
        return _text(where, attribute.name, attribute.s)
    if kind == AttributeProto.TENSOR:
        return to_array(f"{where}: attribute {attribute.name!r}", attribute.t)
    if kind == AttributeProto.FLOATS:
        return [float(one) for one in attribute.floats]
    if kind == AttributeProto.INTS:
        return [int(one) for one in attribute.ints]
    if kind == AttributeProto.STRINGS:
        return [_text(where, attribute.name, one) for one in attribute.strings]
    name = AttributeProto.AttributeType.Name(kind)
    raise ValueError(
        f"{where}: attribute {attribute.name!r} has type {name}, expected numbers, texts or a "
        "tensor; models with graphs within graphs (If, Loop, Scan) are not read"
    )


def _text(where: str, name: str, raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise ValueError(
            f"{where}: attribute {name!r} holds {raw!r}, expected UTF-8; repair the file"
        ) from None

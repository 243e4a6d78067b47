"""Writes an ONNX graph: nodes, constants, and names for what they make."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, checker, helper, numpy_helper

from gatedcore._core import __version__
from gatedcore.arrays import Shape
from gatedcore.interop.onnx.tensors import Tensor, element_type_of

OPSET = 17  # the first with LayerNormalization; every runtime of the last years has it
IR_VERSION = 8  # the format that came with it


@dataclass(frozen=True)
class Signal:
    """A value of the graph.

    Attributes
    ----------
    name : str
        Its name.
    shape : tuple
        As layers know it, None for any size.
    mask : str or None
        Name of the value (B, T) that tells which steps count.
    integer : bool
        Whether it holds tokens.
    """

    name: str
    shape: Shape
    mask: str | None = None
    integer: bool = False

    def become(self, name: str, shape: Shape | None = None) -> "Signal":
        """Return what a layer makes of it, with the same mask."""
        return replace(self, name=name, shape=self.shape if shape is None else shape, integer=False)


@dataclass
class GraphWriter:
    """A graph on its way.

    Attributes
    ----------
    where : str
        Who writes, for errors.
    dtype : dtype
        Of numbers and weights.
    """

    where: str
    dtype: np.dtype[Any]
    _nodes: list[NodeProto] = field(default_factory=list)
    _tensors: dict[str, TensorProto] = field(default_factory=dict)
    _names: set[str] = field(default_factory=set)
    _stem: str = ""
    _known: dict[tuple[str, str], str] = field(default_factory=dict)

    def begin(self, stem: str) -> None:
        """Say what is written now: names of nodes and values begin so."""
        self._stem = stem

    def reserve(self, name: str) -> None:
        """Keep a name for an input or output of the graph."""
        self._names.add(name)

    def new_name(self, name: str) -> str:
        """Return a name that is not used yet, made from one that may be."""
        new, count = name, 1
        while new in self._names:
            new = f"{name}_{count}"
            count += 1
        self._names.add(new)
        return new

    # What is written.

    def node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Write a node and return the name of what it makes."""
        return self.nodes(operator, inputs, ("",), **attributes)[0]

    def nodes(
        self, operator: str, inputs: Sequence[str], outputs: Sequence[str], **attributes: Any
    ) -> list[str]:
        """Write a node and return the names of its outputs, which end as ``outputs`` says."""
        name = self.new_name(f"{self._stem}/{operator}")
        made = [self.new_name(f"{name}/{end}" if end else f"{name}/out") for end in outputs]
        given = list(inputs)
        while given and not given[-1]:
            given.pop()
        self._nodes.append(helper.make_node(operator, given, made, name, **attributes))
        return made

    def once(self, what: str, of: str, *made: str) -> str | None:
        """Return or keep what was made of a value, so that it need not be made again."""
        if made:
            self._known[what, of] = made[0]
        return self._known.get((what, of))

    def weight(self, name: str, array: Tensor) -> str:
        """Write an array under a name that is the layer's own; the second time it is there."""
        if name not in self._tensors:
            self.reserve(name)
            self._tensors[name] = numpy_helper.from_array(np.asarray(array, order="C"), name)
        return name

    def number(self, value: float) -> str:
        """Write a number of the graph's dtype."""
        return self._constant(np.array(value, self.dtype))

    def integers(self, *values: int) -> str:
        """Write a list of integers, such as a shape or axes."""
        return self._constant(np.array(values, np.int64))

    def integer(self, value: int) -> str:
        """Write one integer."""
        return self._constant(np.array(value, np.int64))

    def _constant(self, array: Tensor) -> str:
        known = self.once("constant", f"{array.dtype} {array.tolist()}")
        if known is None:
            known = self.weight(self.new_name("constant"), array)
            self.once("constant", f"{array.dtype} {array.tolist()}", known)
        return known

    # Pieces that several layers need.

    def cast(self, name: str, dtype: Any) -> str:
        """Write a value's elements in another dtype."""
        return self.node("Cast", name, to=element_type_of(np.dtype(dtype)))

    def reshape(self, name: str, *sizes: int) -> str:
        """Write a value in another shape; 0 leaves the size of that axis, -1 takes the rest."""
        return self.node("Reshape", name, self.integers(*sizes))

    def unsqueeze(self, name: str, *axes: int) -> str:
        """Write a value with axes of size 1 more."""
        return self.node("Unsqueeze", name, self.integers(*axes))

    def squeeze(self, name: str, *axes: int) -> str:
        """Write a value without axes of size 1."""
        return self.node("Squeeze", name, self.integers(*axes))

    def reversed(self, name: str, axis: int) -> str:
        """Write a value with the elements along an axis in the other order."""
        far = self.integers(-(2**31))  # before the first, however many there are
        last, back = self.integers(-1), self.integers(-1)
        return self.node("Slice", name, last, far, self.integers(axis), back)

    # The end.

    def model(self, name: str, inputs: Sequence[Any], outputs: Sequence[Any]) -> ModelProto:
        """Return the model, without what no output needs, after ONNX's own check of it."""
        nodes = _needed(self._nodes, [output.name for output in outputs])
        used = {one for node in nodes for one in node.input}
        tensors = [tensor for key, tensor in self._tensors.items() if key in used]
        graph = helper.make_graph(nodes, name, list(inputs), list(outputs), tensors)
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="gatedcore",
            producer_version=__version__,
        )
        checker.check_model(model, full_check=True)
        return model

    def output(self, name: str, signal: Signal) -> ValueInfoProto:
        """Write a value under the name of an output, and return its description."""
        kind = element_type_of(self.dtype)
        # Tokens that are an output too become numbers of the model's.
        operator, to = ("Cast", {"to": kind}) if signal.integer else ("Identity", {})
        node = helper.make_node(operator, [signal.name], [name], f"{name}/output", **to)
        self._nodes.append(node)
        return describe(name, kind, ("batch", *signal.shape[1:]))


def describe(name: str, element_type: int, sizes: Sequence[int | str | None]) -> ValueInfoProto:
    """Return the description of an input or output; None for a size that has no name."""
    return helper.make_tensor_value_info(name, element_type, list(sizes))


def _needed(nodes: Sequence[NodeProto], outputs: Sequence[str]) -> list[NodeProto]:
    """Return the nodes that outputs follow from, in order."""
    wanted = set(outputs)
    kept = []
    for node in reversed(nodes):
        if wanted & set(node.output):
            kept.append(node)
            wanted |= set(node.input)
    return kept[::-1]

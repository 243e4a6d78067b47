"""What is known of the values of a graph while it is followed as a row of layers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gatedcore.interop.onnx.node import Node
from gatedcore.interop.onnx.tensors import Tensor
from gatedcore.layers import Embedding, Layer

WHERE = "gk.onnx.to_sequential"


class NoChainError(ValueError):
    """A node says something else than a layer of a row."""


@dataclass(frozen=True)
class Planned:
    """A layer to make, and its weights in Keras's order."""

    kind: Callable[..., Layer]
    arguments: dict[str, Any]
    weights: tuple[Tensor, ...] = ()

    def make(self) -> Layer:
        """Return the layer."""
        return self.kind(**self.arguments)

    def takes(self, features: int | None) -> bool:
        """Return whether the weights are for inputs of so many features."""
        tokens = self.kind is Embedding
        return tokens or not self.weights or self.weights[0].shape[0] == features


@dataclass(frozen=True)
class Traced:
    """A value: what its axes mean, and the layers that lead to it."""

    axes: str
    row: tuple[Planned, ...] = ()

    def then(self, *planned: Planned, axes: str | None = None) -> "Traced":
        """Return what more layers make of it."""
        return Traced(self.axes if axes is None else axes, (*self.row, *planned))

    def with_last(self, **arguments: Any) -> "Traced":
        """Return the same with other arguments of the last layer."""
        *before, last = self.row
        changed = replace(last, arguments={**last.arguments, **arguments})
        return replace(self, row=(*before, changed))


ZEROS = "zeros"  # what is known to hold nothing else
APART = "apart"  # what does not follow from the input's numbers: sizes, and what is made of them
Known = Traced | str | Tensor


def is_zero(value: Known | None) -> bool:
    """Return whether a value is known to hold zeros alone."""
    if isinstance(value, str):
        return value == ZEROS
    return isinstance(value, np.ndarray) and not value.any()


def no_chain(node: Node, what: str) -> NoChainError:
    """Return an error about a node."""
    where = node.where.removeprefix("gk.onnx.load")
    return NoChainError(f"{WHERE}{where}: {what}; keep the model as it was loaded")


def constants_of(node: Node, inputs: Sequence[Any], place: int, name: str) -> list[int]:
    """Return integers that are an input, or, in older models, an attribute."""
    given = inputs[place] if place < len(inputs) else node.attributes.get(name)
    if isinstance(given, np.ndarray):
        return [int(one) for one in given.reshape(-1)]
    if isinstance(given, list):
        return given
    raise no_chain(node, f"{name} are no constants, expected them in the model")

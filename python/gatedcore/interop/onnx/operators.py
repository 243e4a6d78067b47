"""The operators that are known: by name, what makes of a node a function that computes it."""

from collections.abc import Callable
from functools import partial
from typing import Any

from gatedcore.interop.onnx.node import Constants, Node, Run

Prepare = Callable[[Node, Constants], Run]
Compute = Callable[..., Any]

OPERATORS: dict[str, Prepare] = {}


def operator(*names: str) -> Callable[[Compute], Compute]:
    """Return a decorator for ``compute(node, *inputs)``; an input left out is None."""

    def register(compute: Compute) -> Compute:
        for name in names:
            OPERATORS[name] = lambda node, constants: partial(compute, node)
        return compute

    return register


def prepared(*names: str) -> Callable[[Prepare], Prepare]:
    """Return a decorator for ``prepare(node, constants)``, which returns what computes the node."""

    def register(prepare: Prepare) -> Prepare:
        for name in names:
            OPERATORS[name] = prepare
        return prepare

    return register

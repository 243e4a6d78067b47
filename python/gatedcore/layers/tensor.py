"""Symbolic tensors: shapes that layers are called on, and the calls that they come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from gatedcore.arrays import Shape

if TYPE_CHECKING:
    from gatedcore.layers.calling import Called


class Tensor:
    """What a layer will compute: a shape without numbers, from ``Input`` or a call on tensors.

    Attributes
    ----------
    shape : tuple
        The batch first; None for any size.
    dtype : dtype or None
        None where only an ``Input`` without a dtype came before.
    call : LayerCall or None
        What computes it; None of an ``Input``.
    """

    def __init__(
        self, shape: Shape, dtype: np.dtype[Any] | None, call: LayerCall | None = None
    ) -> None:
        self.shape = shape
        self.dtype = dtype
        self.call = call

    def __array__(self, *_: object, **__: object) -> NoReturn:
        raise TypeError(
            f"{self!r} holds no numbers, expected an array; pass the tensor to layers and make a "
            "gatedcore.Model of what they return"
        )

    def __iter__(self) -> NoReturn:
        raise TypeError(
            f"{self!r} is one tensor, expected several; give the layer return_state=True, or take "
            "the tensor as it is"
        )

    def __getitem__(self, key: object) -> NoReturn:
        self._refuse("parts", "Lambda(lambda x: x[:, -1])(x), or return_sequences=False")

    def __add__(self, other: object) -> NoReturn:
        self._refuse("+", "Add()([x, y])")

    def __sub__(self, other: object) -> NoReturn:
        self._refuse("-", "Subtract()([x, y])")

    def __mul__(self, other: object) -> NoReturn:
        self._refuse("*", "Multiply()([x, y])")

    def __matmul__(self, other: object) -> NoReturn:
        self._refuse("@", "Dot((2, 1))([x, y])")

    __radd__, __rsub__, __rmul__, __rmatmul__ = __add__, __sub__, __mul__, __matmul__

    def __truediv__(self, other: object) -> NoReturn:
        self._refuse("/", "Lambda(lambda x: x / 2, backward=lambda d_y, x: d_y / 2)(x)")

    def __neg__(self) -> NoReturn:
        self._refuse("-", "Lambda(lambda x: -x, backward=lambda d_y, x: -d_y)(x)")

    def __pow__(self, other: object) -> NoReturn:
        self._refuse("**", "Lambda(lambda x: x**2, backward=lambda d_y, x: 2 * x * d_y)(x)")

    __rtruediv__, __rpow__ = __truediv__, __pow__

    def _refuse(self, what: str, advice: str) -> NoReturn:
        raise TypeError(f"{self!r} has no {what}, expected layers that are called; write {advice}")

    def __repr__(self) -> str:
        source = "" if self.call is None else f" of {self.call.layer.name}"
        return f"<Tensor {self.shape}{source}>"


class LayerCall:
    """One call of a layer on symbolic tensors.

    Attributes
    ----------
    layer : Layer
        What is called.
    inputs : tuple of Tensor
        The inputs, then the initial states if they are given.
    outputs : tuple of Tensor
        What the call returns.
    """

    def __init__(self, layer: Called, inputs: Sequence[Tensor], shapes: Sequence[Shape]) -> None:
        self.layer = layer
        self.inputs = tuple(inputs)
        self.outputs = tuple(Tensor(shape, layer.dtype, self) for shape in shapes)


def is_symbolic(value: object) -> bool:
    """Return whether a call's input is a symbolic tensor, or a list with one in it."""
    if isinstance(value, list | tuple):
        return any(isinstance(item, Tensor) for item in value)
    return isinstance(value, Tensor)


def as_tensors(where: str, name: str, value: object) -> list[Tensor]:
    """Return a tensor, or a list of tensors, as a list.

    Raises
    ------
    TypeError
        If it is, or holds, something else.
    """
    tensors: list[Tensor] = []
    for item in value if isinstance(value, list | tuple) else [value]:
        if not isinstance(item, Tensor):
            raise TypeError(
                f"{where}: {name} has a {type(item).__name__} where symbolic tensors are, expected "
                "one of these; start from gatedcore.Input(shape)"
            )
        tensors.append(item)
    return tensors


def calls_before(outputs: Sequence[Tensor]) -> list[LayerCall]:
    """Return the calls that tensors come from, each after those that it needs."""
    ordered: list[LayerCall] = []
    seen: set[LayerCall] = set()
    # Without recursion: a graph may be deeper than Python's stack.
    waiting = [(tensor.call, False) for tensor in reversed(outputs) if tensor.call is not None]
    while waiting:
        call, ready = waiting.pop()
        if ready:
            ordered.append(call)
        elif call not in seen:
            seen.add(call)
            waiting.append((call, True))
            waiting += [(t.call, False) for t in reversed(call.inputs) if t.call is not None]
    return ordered

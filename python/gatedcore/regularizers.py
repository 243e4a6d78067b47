"""Regularizers: what large weights add to the loss."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gatedcore import configs
from gatedcore.arrays import Array
from gatedcore.checks import check_number
from gatedcore.configs import Configurable


class Regularizer(Configurable):
    """Base of the regularizers: a number for an array of weights, and its gradient.

    Derive from it for one of your own; both methods are needed for training.
    """

    def __call__(self, weights: Array) -> float:
        """Return what these weights add to the loss."""
        raise NotImplementedError

    def gradient(self, weights: Array) -> Array:
        """Return the gradient of that by the weights."""
        raise NotImplementedError


class L1L2(Regularizer):
    """``l1 * sum |w| + l2 * sum w**2``.

    Parameters
    ----------
    l1, l2 : float
        At least 0.

    Raises
    ------
    TypeError, ValueError
        If one is no such number.
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        where = type(self).__name__
        self.l1 = check_number(where, "l1", l1, 0.0)
        self.l2 = check_number(where, "l2", l2, 0.0)

    def __call__(self, weights: Array) -> float:
        flat = weights.reshape(-1)
        penalty = self.l1 * float(np.abs(flat).sum(dtype=np.float64)) if self.l1 else 0.0
        return penalty + (self.l2 * float(np.dot(flat, flat)) if self.l2 else 0.0)

    def gradient(self, weights: Array) -> Array:
        d: Array = weights * weights.dtype.type(2 * self.l2)
        return d + weights.dtype.type(self.l1) * np.sign(weights) if self.l1 else d

    def __repr__(self) -> str:
        return f"{type(self).__name__}(l1={self.l1:g}, l2={self.l2:g})"


class L1(L1L2):
    """``l1 * sum |w|``.

    Parameters
    ----------
    l1 : float
        At least 0.

    Raises
    ------
    TypeError, ValueError
        If it is no such number.
    """

    def __init__(self, l1: float = 0.01) -> None:
        super().__init__(l1=l1)


class L2(L1L2):
    """``l2 * sum w**2``.

    Parameters
    ----------
    l2 : float
        At least 0.

    Raises
    ------
    TypeError, ValueError
        If it is no such number.
    """

    def __init__(self, l2: float = 0.01) -> None:
        super().__init__(l2=l2)


l1, l2 = L1, L2


def l1_l2(l1: float = 0.01, l2: float = 0.01) -> L1L2:
    """Return an ``L1L2`` with Keras's defaults."""
    return L1L2(l1, l2)


_BY_NAME: dict[str, Callable[[], Regularizer]] = {
    "l1": L1,
    "L1": L1,
    "l2": L2,
    "L2": L2,
    "l1_l2": l1_l2,
    "L1L2": l1_l2,
}


def get(identifier: object, argument: str = "identifier") -> Regularizer | None:
    """Return a regularizer by its name or config, or the object itself; None stays None.

    Raises
    ------
    ValueError
        If the name is unknown.
    TypeError
        If it is neither name nor regularizer.
    """
    if isinstance(identifier, Mapping):
        identifier = configs.deserialize(identifier)
    if identifier is None or isinstance(identifier, Regularizer):
        return identifier
    if isinstance(identifier, str):
        if identifier in _BY_NAME:
            return _BY_NAME[identifier]()
        raise ValueError(
            f"regularizers.get: {argument} is {identifier!r}, expected l1, l2 or l1_l2; or pass an "
            "object such as gatedcore.regularizers.L2(0.01)"
        )
    raise TypeError(
        f"regularizers.get: {argument} has type {type(identifier).__name__}, expected a name or a "
        "Regularizer, which knows its gradient too; pass gatedcore.regularizers.L2(0.01), say"
    )


def serialize(regularizer: Regularizer | None) -> Any:
    """Return a regularizer as data for JSON, in a ``get_config`` say; ``get`` reads it."""
    return configs.encode(regularizer, "regularizers.serialize: regularizer")


deserialize = get  # Keras's name for reading what serialize returned

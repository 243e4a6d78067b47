"""Constraints: what weights are made into after every training step."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from gatedcore import configs
from gatedcore.arrays import Array
from gatedcore.checks import check_count, check_number
from gatedcore.configs import Configurable

_TINY = 1e-7  # added to norms, as Keras does, so that zeros stay zeros
_FIRST_AXIS = -64  # of as many as NumPy's arrays can have


class Constraint(Configurable):
    """Base of the constraints; derive from it for one of your own."""

    def __call__(self, weights: Array) -> Array:
        """Return the weights that are allowed instead of these."""
        raise NotImplementedError

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({given})"


class NonNeg(Constraint):
    """Zeros instead of negative weights."""

    def __call__(self, weights: Array) -> Array:
        return np.maximum(weights, 0)


class MinMaxNorm(Constraint):
    """Weights scaled so that their norms lie in a range.

    Parameters
    ----------
    min_value, max_value : float
        The range; 0 <= min_value <= max_value.
    rate : float
        In [0, 1]: how much of the way to the range a step takes.
    axis : int or tuple of int
        Axes along which norms are taken: 0 for those of the weights into each unit.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range.
    """

    def __init__(
        self,
        min_value: float = 0.0,
        max_value: float = 1.0,
        rate: float = 1.0,
        axis: int | Sequence[int] = 0,
    ) -> None:
        where = type(self).__name__
        self.max_value = check_number(where, "max_value", max_value, 0.0)
        self.min_value = check_number(where, "min_value", min_value, 0.0)
        if self.min_value > self.max_value:
            raise ValueError(
                f"{where}: min_value is {min_value:g}, expected at most max_value={max_value:g}; "
                "choose one there"
            )
        self.rate = check_number(where, "rate", rate, 0.0, np.nextafter(1.0, 2.0))
        self.axis = _axis(where, axis)

    def __call__(self, weights: Array) -> Array:
        norms = np.sqrt(np.square(weights).sum(axis=self.axis, keepdims=True))
        wanted = np.clip(norms, self.min_value, self.max_value)
        scale = (self.rate * wanted + (1 - self.rate) * norms) / (norms + _TINY)
        scaled: Array = (weights * scale).astype(weights.dtype, copy=False)
        return scaled


def _axis(where: str, axis: object) -> int | tuple[int, ...]:
    """Return one axis or several."""
    if isinstance(axis, Sequence):
        return tuple(check_count(where, "axis", one, _FIRST_AXIS) for one in axis)
    return check_count(where, "axis", axis, _FIRST_AXIS)


class MaxNorm(MinMaxNorm):
    """Weights whose norms exceed a value scaled down to it.

    Parameters
    ----------
    max_value : float
        Largest norm.
    axis : int or tuple of int
        As of ``MinMaxNorm``.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range.

    References
    ----------
    Srivastava et al. (2014).
    """

    def __init__(self, max_value: float = 2.0, axis: int | Sequence[int] = 0) -> None:
        super().__init__(0.0, max_value, axis=axis)


class UnitNorm(Constraint):
    """Weights scaled to norm 1.

    Parameters
    ----------
    axis : int or tuple of int
        As of ``MinMaxNorm``.

    Raises
    ------
    TypeError
        If it is none.
    """

    def __init__(self, axis: int | Sequence[int] = 0) -> None:
        self.axis = _axis("UnitNorm", axis)

    def __call__(self, weights: Array) -> Array:
        norms = np.sqrt(np.square(weights).sum(axis=self.axis, keepdims=True))
        scaled: Array = (weights / (norms + _TINY)).astype(weights.dtype, copy=False)
        return scaled


max_norm, min_max_norm, non_neg, unit_norm = MaxNorm, MinMaxNorm, NonNeg, UnitNorm

_BY_NAME: dict[str, Callable[[], Constraint]] = {
    "max_norm": MaxNorm,
    "MaxNorm": MaxNorm,
    "min_max_norm": MinMaxNorm,
    "MinMaxNorm": MinMaxNorm,
    "non_neg": NonNeg,
    "NonNeg": NonNeg,
    "unit_norm": UnitNorm,
    "UnitNorm": UnitNorm,
}


def get(identifier: object, argument: str = "identifier") -> Callable[[Array], Array] | None:
    """Return a constraint by its name or config, or the object itself; None stays None.

    Raises
    ------
    ValueError
        If the name is unknown.
    TypeError
        If it is neither name nor callable.
    """
    if isinstance(identifier, Mapping):
        identifier = configs.deserialize(identifier)
    if identifier is None or isinstance(identifier, Constraint):
        return identifier
    if isinstance(identifier, str):
        if identifier in _BY_NAME:
            return _BY_NAME[identifier]()
        raise ValueError(
            f"constraints.get: {argument} is {identifier!r}, expected max_norm, min_max_norm, "
            "non_neg or unit_norm; or pass an object such as gatedcore.constraints.MaxNorm(3)"
        )
    if callable(identifier):
        found: Callable[[Array], Array] = identifier
        return found
    raise TypeError(
        f"constraints.get: {argument} has type {type(identifier).__name__}, expected a name or a "
        "callable; pass gatedcore.constraints.MaxNorm(3), say"
    )


def serialize(constraint: Callable[[Array], Array] | None) -> Any:
    """Return a constraint as data for JSON, in a ``get_config`` say; ``get`` reads it."""
    return configs.encode(constraint, "constraints.serialize: constraint")


deserialize = get  # Keras's name for reading what serialize returned

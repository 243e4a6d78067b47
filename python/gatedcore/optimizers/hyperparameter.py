"""Numbers of an optimizer as attributes that are checked whenever they are set."""

from __future__ import annotations

import math
from typing import Any, cast, overload

from gatedcore.checks import check_number


class Hyperparameter:
    """A number in [least, below), or in (least, below).

    The optimizer keeps it under the name with an underscore before it.
    """

    def __init__(
        self, doc: str, least: float = 0.0, below: float = math.inf, *, open_start: bool = False
    ) -> None:
        self.__doc__ = doc
        self._range = (least, below)
        self._open_start = open_start

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, optimizer: None, owner: type) -> Hyperparameter: ...
    @overload
    def __get__(self, optimizer: object, owner: type) -> float: ...
    def __get__(self, optimizer: object | None, owner: type) -> Hyperparameter | float:
        if optimizer is None:
            return self
        return cast(float, optimizer.__dict__[f"_{self._name}"])

    def __set__(self, optimizer: object, value: float) -> None:
        where, (least, below) = type(optimizer).__name__, self._range
        checked = check_number(where, self._name, value, least, below, open_start=self._open_start)
        optimizer.__dict__[f"_{self._name}"] = checked


class WeightDecay:
    """A number of 0 or more, or None for no decay."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name
        self.__doc__ = "What parameters lose at a step, as a share of them times the learning rate."

    @overload
    def __get__(self, optimizer: None, owner: type) -> WeightDecay: ...
    @overload
    def __get__(self, optimizer: object, owner: type) -> float | None: ...
    def __get__(self, optimizer: object | None, owner: type) -> WeightDecay | float | None:
        if optimizer is None:
            return self
        return cast("float | None", optimizer.__dict__["_weight_decay"])

    def __set__(self, optimizer: object, value: float | None) -> None:
        if value is not None:
            value = check_number(type(optimizer).__name__, self._name, value, 0.0)
        optimizer.__dict__["_weight_decay"] = value


class ClipLimit:
    """One of the ways to clip gradients, of which an optimizer uses one or none: above 0, or None.

    The optimizer keeps the way in use, its name and its limit, as ``_clip``.
    """

    def __init__(self, doc: str) -> None:
        self.__doc__ = doc

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, optimizer: None, owner: type) -> ClipLimit: ...
    @overload
    def __get__(self, optimizer: object, owner: type) -> float | None: ...
    def __get__(self, optimizer: Any, owner: type) -> ClipLimit | float | None:
        if optimizer is None:
            return self
        name, limit = optimizer._clip or (None, 0.0)
        return limit if name == self._name else None

    def __set__(self, optimizer: Any, value: float | None) -> None:
        other = optimizer._clip is not None and optimizer._clip[0] != self._name
        if value is None:
            optimizer._clip = optimizer._clip if other else None
            return
        where = type(optimizer).__name__
        limit = check_number(where, self._name, value, 0.0, open_start=True)
        if other:
            raise ValueError(
                f"{where}: {self._name} is {limit:g} beside {optimizer._clip[0]}, expected one way "
                "of clipping; leave out one of the two"
            )
        optimizer._clip = (self._name, limit)

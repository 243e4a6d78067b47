"""Checks of arguments that several modules share, with errors that say what to do."""

import operator
import sys
import warnings
from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np

from gatedcore.arrays import Array, Shape


def check_name(where: str, name: object) -> str | None:
    """Return the name that an object is to have, or None where it is to have its class's.

    Raises
    ------
    TypeError
        If it is no string, or empty.
    """
    if name is None or (isinstance(name, str) and name):
        return name
    raise TypeError(f"{where}: name is {name!r}, expected a string; pass one, or leave it")


def is_one_of(value: object, choices: Iterable[object]) -> bool:
    """Return whether a value is among some; an array, which compares by element, is not."""
    return any(isinstance(value, type(choice)) and value == choice for choice in choices)


def check_count(where: str, name: str, value: object, least: int = 1) -> int:
    """Return ``value`` as an int of at least ``least``.

    Raises
    ------
    TypeError
        If it is no integer.
    ValueError
        If it is too small.
    """
    try:
        if isinstance(value, bool):
            raise TypeError
        count = operator.index(value)  # type: ignore[arg-type]  # what has no __index__ raises
    except TypeError:
        raise TypeError(
            f"{where}: {name} is {value!r}, expected an integer of at least {least}; pass an int"
        ) from None
    if count < least:
        raise ValueError(
            f"{where}: {name} is {count}, expected an integer of at least {least}; "
            "pass a larger one"
        )
    return count


def check_number(
    where: str,
    name: str,
    value: object,
    least: float,
    below: float = float("inf"),
    *,
    open_start: bool = False,
) -> float:
    """Return ``value`` as a float in [least, below), or in (least, below) with ``open_start``.

    Raises
    ------
    TypeError
        If it is no number.
    ValueError
        If it lies outside.
    """
    expected = f"a number in {'(' if open_start else '['}{least:g}, {below:g})"
    try:
        if isinstance(value, bool | str):
            raise TypeError
        number = float(value)  # type: ignore[arg-type]  # what has no __float__ raises
    except (TypeError, ValueError):
        raise TypeError(
            f"{where}: {name} is {value!r}, expected {expected}; pass a float"
        ) from None
    if not least <= number < below or (open_start and number == least):
        raise ValueError(f"{where}: {name} is {number:g}, expected {expected}; choose one there")
    return number


def check_bool(where: str, name: str, value: object) -> bool:
    """Return ``value`` if it is True or False.

    Raises
    ------
    TypeError
        If it is anything else; ``"False"`` would count as true.
    """
    if value is True or value is False:
        return value
    if isinstance(value, np.bool_):
        return bool(value)
    raise TypeError(f"{where}: {name} is {value!r}, expected True or False; pass one of these")


def check_list(where: str, name: str, value: object) -> list[Any]:
    """Return the items of ``value``.

    Raises
    ------
    TypeError
        If it has none, or is a text.
    """
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise TypeError(f"{where}: {name} is {value!r}, expected a list; pass one")
    return list(value)


def check_rank(where: str, name: str, array: Array, formula: str, advice: str) -> None:
    """Raise unless ``array`` has as many axes as ``formula``, such as ``(B, T, I)``, names.

    Raises
    ------
    ValueError
        If it has not.
    """
    if array.ndim != _axes(formula):
        raise ValueError(f"{where}: {name} has shape {array.shape}, expected {formula}; {advice}")


@cache
def _axes(formula: str) -> int:
    return formula.count(",") + (not formula.endswith(",)"))


def check_shape(
    where: str, name: str, array: Array, expected: tuple[int, ...], formula: str, advice: str
) -> None:
    """Raise unless ``array`` has exactly the expected shape.

    Raises
    ------
    ValueError
        If it has another.
    """
    if array.shape != expected:
        raise ValueError(
            f"{where}: {name} has shape {array.shape}, expected {formula} = {expected}; {advice}"
        )


def fits(shape: Shape, pattern: Shape) -> bool:
    """Return whether ``shape`` agrees with ``pattern``, None in either standing for any size."""
    return len(shape) == len(pattern) and all(
        p is None or s is None or p == s for s, p in zip(shape, pattern, strict=True)
    )


def warn(message: str, packages: tuple[str, ...] = ("gatedcore",)) -> None:
    """Warn at the caller's own line, however many calls of these packages lie between."""
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_globals["__name__"].split(".")[0] in packages:
        level, frame = level + 1, frame.f_back
    warnings.warn(message, stacklevel=level)

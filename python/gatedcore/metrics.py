"""Metrics: pure functions of targets and predictions, averaged over samples."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from gatedcore.arrays import Array


class Metric(NamedTuple):
    """A number to watch: ``finish`` of the mean of ``function`` over all samples.

    Attributes
    ----------
    name : str
        Key in ``History.history``.
    function : callable
        ``f(y_true, y_pred)``, a number for a batch, or an array whose mean is that number.
    finish : callable
        What happens to the mean at last.
    """

    name: str
    function: Callable[[Array, Array], object]
    finish: Callable[[float], float] = float


def mean_squared_error(y_true: Array, y_pred: Array) -> float:
    """Return the mean of ``(y_pred - y_true)**2``."""
    return float(np.add.reduce(np.square(y_pred - y_true), axis=None, dtype=float)) / y_pred.size


def mean_absolute_error(y_true: Array, y_pred: Array) -> float:
    """Return the mean of ``|y_pred - y_true|``."""
    return float(np.add.reduce(np.abs(y_pred - y_true), axis=None, dtype=float)) / y_pred.size


def root_mean_squared_error(y_true: Array, y_pred: Array) -> float:
    """Return the square root of the mean of ``(y_pred - y_true)**2``."""
    return math.sqrt(mean_squared_error(y_true, y_pred))


mse = mean_squared_error
mae = mean_absolute_error
rmse = root_mean_squared_error

_BY_NAME: dict[str, tuple[Callable[[Array, Array], float], Callable[[float], float]]] = {
    "mse": (mean_squared_error, float),
    "mean_squared_error": (mean_squared_error, float),
    "mae": (mean_absolute_error, float),
    "mean_absolute_error": (mean_absolute_error, float),
    "rmse": (mean_squared_error, math.sqrt),
    "root_mean_squared_error": (mean_squared_error, math.sqrt),
}


def get(identifier: object) -> Metric:
    """Return a metric by its name, of a function, or the object itself.

    Parameters
    ----------
    identifier : str, callable or Metric
        ``"mse"``, ``"mae"``, ``"rmse"`` or their long names, or any ``f(y_true, y_pred)`` that
        returns a number, or an array whose mean is that number.

    Raises
    ------
    ValueError
        If the name is unknown.
    TypeError
        If it is neither name nor function.
    """
    if isinstance(identifier, Metric):
        return identifier
    if isinstance(identifier, str):
        if identifier in _BY_NAME:
            return Metric(identifier, *_BY_NAME[identifier])
        raise ValueError(
            f"metrics.get: metric is {identifier!r}, expected one of {', '.join(_BY_NAME)}; "
            "or pass a function of (y_true, y_pred)"
        )
    if identifier is root_mean_squared_error:  # of all samples, not the mean of batches' roots
        return get("root_mean_squared_error")
    if callable(identifier):
        return Metric(getattr(identifier, "__name__", type(identifier).__name__), identifier)
    raise TypeError(
        f"metrics.get: metric has type {type(identifier).__name__}, expected a name or a function; "
        "pass 'mae', say"
    )

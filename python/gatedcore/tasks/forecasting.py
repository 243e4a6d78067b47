"""Forecasts of a series beside those that need no model: the last value, the last season's."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Series = npt.NDArray[np.floating[Any]]


def rmse(actual: Series, predicted: Series) -> float:
    """Return the root mean square error, in the unit of the series."""
    return float(np.sqrt(np.mean((predicted - actual) ** 2)))


def targets(series: Series, first: npt.NDArray[np.intp], horizon: int) -> Series:
    """Return what came, (N, horizon): ``horizon`` values from each place of ``first`` on."""
    return np.asarray(series[first[:, None] + np.arange(horizon)])


def naive(
    series: Series, first: npt.NDArray[np.intp], horizon: int, season: int
) -> dict[str, Series]:
    """Return forecasts that need no model, each (N, horizon).

    Parameters
    ----------
    series : ndarray, (T,)
        Values at equal steps, without gaps.
    first : ndarray of int, (N,)
        Where each forecast begins: the values before this place are known.
    horizon : int
        How many values are forecast, at most ``season``.
    season : int
        Steps after which the series repeats.

    Returns
    -------
    dict of str to ndarray
        Persistence repeats the last known value; seasonal persistence the values one season
        before, and is left out where the series does not reach back so far.
    """
    forecasts = {"persistence": np.repeat(series[first - 1, None], horizon, axis=1)}
    if first.min() >= season:
        forecasts["seasonal persistence"] = targets(series, first - season, horizon)
    return forecasts


def score_rows(
    by_horizon: Mapping[int, tuple[Series, Mapping[str, Series]]],
) -> list[list[object]]:
    """Return rows for ``print_table``: of each forecast its name and its RMSE for each horizon."""
    names = list(dict.fromkeys(name for _, lines in by_horizon.values() for name in lines))
    return [
        [name, *(rmse(actual, lines[name]) for actual, lines in by_horizon.values())]
        for name in names
    ]

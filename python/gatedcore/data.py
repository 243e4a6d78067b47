"""Windows of time series, and other batches of data, for a model to learn from."""

from __future__ import annotations  # numpy.random is imported when first used, not here

from typing import Any

import numpy as np

from gatedcore.arrays import Array, as_array
from gatedcore.batches import WindowBatches
from gatedcore.bucketing import bucket_by_length
from gatedcore.checks import check_bool, check_count
from gatedcore.random import make_generator

__all__ = ["bucket_by_length", "timeseries_dataset_from_array", "windows"]


def windows(series: object, length: int, horizon: int = 1) -> tuple[Array, Array]:
    """Cut a series into all its windows and what follows each.

    Parameters
    ----------
    series : array-like, (N,) or (N, F)
        Values at equal steps, oldest first; any unit.
    length : int
        Steps in a window.
    horizon : int
        Steps to predict.

    Returns
    -------
    x : ndarray, (M, length, F)
        The M = N - length - horizon + 1 windows, oldest first; F is 1 for a series (N,). They share
        the memory of the series, which is why the array is read-only; ``x.copy()`` is not.
    y : ndarray, (M, horizon), or (M, horizon, F) for a series (N, F)
        The steps after each window.

    Raises
    ------
    TypeError
        If the series does not hold real numbers, or a length is no integer.
    ValueError
        If the series is too short or has more axes.

    Examples
    --------
    >>> x, y = windows([0.0, 1.0, 2.0, 3.0], length=2)
    >>> x[:, :, 0].tolist(), y.tolist()
    ([[0.0, 1.0], [1.0, 2.0]], [[2.0], [3.0]])
    """
    values = as_array("windows", "series", series)
    length = check_count("windows", "length", length)
    horizon = check_count("windows", "horizon", horizon)
    if values.ndim not in (1, 2):
        raise ValueError(
            f"windows: series has shape {values.shape}, expected (N,) or (N, F); "
            "pass one series, a column for each feature"
        )
    if len(values) < length + horizon:
        raise ValueError(
            f"windows: series has {len(values)} steps, expected at least length + horizon = "
            f"{length + horizon}; pass a longer series or a shorter length"
        )
    columns = values if values.ndim == 2 else values[:, None]
    view = np.lib.stride_tricks.sliding_window_view
    x = view(columns[: len(columns) - horizon], length, axis=0)
    y = view(values[length:], horizon, axis=0)
    return x.swapaxes(1, 2), y if values.ndim == 1 else y.swapaxes(1, 2)


def timeseries_dataset_from_array(
    data: object,
    targets: object,
    sequence_length: int,
    sequence_stride: int = 1,
    sampling_rate: int = 1,
    batch_size: int = 128,
    shuffle: bool = False,
    seed: int | np.random.Generator | None = None,
    start_index: int | None = None,
    end_index: int | None = None,
) -> WindowBatches:
    """Return batches of windows of a series, as Keras's function of this name.

    Parameters
    ----------
    data : array-like, (N, ...)
        Values at equal steps, oldest first; any unit.
    targets : array-like, (N, ...), or None
        ``targets[i]`` belongs to the window that starts at ``data[i]``; for several steps ahead
        pass the ``y`` of ``windows(data, sequence_length, horizon)``.
    sequence_length : int
        Steps in a window.
    sequence_stride : int
        Steps between the starts of two windows.
    sampling_rate : int
        Steps between two values of a window.
    batch_size : int
        Windows in a batch.
    shuffle : bool
        Whether each iteration gives the windows in a new order.
    seed : int or numpy.random.Generator, optional
        For that order; by default the library's generator.
    start_index, end_index : int, optional
        Use ``data[start_index:end_index]`` alone.

    Returns
    -------
    WindowBatches
        To iterate over, or to hand to ``fit``, ``evaluate`` and ``predict`` as ``x``. Windows are
        cut batch by batch, so that memory holds the series only once.

    Raises
    ------
    TypeError
        If an array does not hold real numbers, or a length is no integer.
    ValueError
        If no window fits, or a range is out of bounds.

    References
    ----------
    ``keras.utils.timeseries_dataset_from_array``.
    """
    where = "timeseries_dataset_from_array"
    series = _at_least_one_axis(where, "data", data)
    length = check_count(where, "sequence_length", sequence_length)
    stride = check_count(where, "sequence_stride", sequence_stride)
    rate = check_count(where, "sampling_rate", sampling_rate)
    size = check_count(where, "batch_size", batch_size)
    rng = make_generator(where, seed)
    start = 0 if start_index is None else check_count(where, "start_index", start_index, 0)
    end = len(series) if end_index is None else check_count(where, "end_index", end_index, 1)
    if not start < end <= len(series):
        raise ValueError(
            f"{where}: start_index is {start} and end_index {end}, expected start_index "
            f"< end_index <= {len(series)}; choose a part of the series"
        )
    count = end - start - (length - 1) * rate
    wanted = None
    if targets is not None:
        wanted = _at_least_one_axis(where, "targets", targets)[start:end]
        count = min(count, len(wanted))
    if count < 1:
        raise ValueError(
            f"{where}: no window of {length} values, {rate} apart, fits into {end - start} steps"
            f"{'' if wanted is None else f' with {len(wanted)} targets'}, expected at least one; "
            "pass a longer series or a smaller sequence_length"
        )
    return WindowBatches(
        series[start:end],
        wanted,
        np.arange(0, count, stride),
        np.arange(length) * rate,
        size,
        rng if check_bool(where, "shuffle", shuffle) else None,
    )


def _at_least_one_axis(where: str, name: str, value: Any) -> Array:
    array = as_array(where, name, value)
    if not array.ndim:
        raise ValueError(
            f"{where}: {name} is a single number, expected an array (N, ...); pass a series"
        )
    return array

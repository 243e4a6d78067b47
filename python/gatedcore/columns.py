"""Several arrays with a row for each sample, cut together: the inputs or outputs of a graph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from gatedcore.arrays import Array


class Columns:
    """Arrays of the same number of rows; what selects rows of an array selects them of all.

    Parameters
    ----------
    arrays : sequence of ndarray, each (N, ...)
        The arrays.
    """

    def __init__(self, arrays: Sequence[Array]) -> None:
        self.arrays = tuple(arrays)

    @property
    def shape(self) -> Any:
        """The shapes of all arrays."""
        return tuple(array.shape for array in self.arrays)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Dtype of the first array."""
        return self.arrays[0].dtype

    def __len__(self) -> int:
        return len(self.arrays[0])

    def __iter__(self) -> Iterator[Array]:
        return iter(self.arrays)

    def __getitem__(self, rows: Any) -> Columns:
        return Columns([array[rows] for array in self.arrays])

    def __setitem__(self, rows: Any, columns: Columns) -> None:
        for array, values in zip(self.arrays, columns.arrays, strict=True):
            array[rows] = values


def each(x: Any) -> tuple[Array, ...]:
    """Return the arrays of columns, or the array itself."""
    return x.arrays if isinstance(x, Columns) else (x,)


def for_any_batch(x: Any) -> Any:
    """Return the shape of an array, or those of columns, with None for the samples."""
    if isinstance(x, Columns):
        return tuple((None, *array.shape[1:]) for array in x.arrays)
    return (None, *x.shape[1:])


def together(where: str, names: Sequence[str], arrays: Sequence[Array]) -> Columns:
    """Return arrays as columns.

    Raises
    ------
    ValueError
        If they have different numbers of rows.
    """
    counts = [len(array) if array.ndim else 0 for array in arrays]
    if len(set(counts)) > 1:
        shown = ", ".join(f"{name} {n}" for name, n in zip(names, counts, strict=True))
        raise ValueError(
            f"{where}: inputs have different numbers of samples ({shown}), expected one number; "
            "pass a row of each input for each sample"
        )
    return Columns(arrays)

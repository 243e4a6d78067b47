"""One column out of a CSV file, as texts or as numbers."""

import csv
import io
from collections.abc import Iterator
from math import isfinite, nan
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gatedcore.tasks.files import read_text


def read_cells(path: str | Path, column: str | None) -> list[tuple[int, str]]:
    """Read the texts of one column, each behind the number of its row.

    Parameters
    ----------
    path : str or Path
        UTF-8 text, ``.gz`` too, cells separated by commas, names of the columns in the first row.
    column : str, or None
        Name of the column; None raises the error that lists them.

    Returns
    -------
    list of (int, str)
        The column from top to bottom; empty rows are skipped, of a row too short comes "".

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is no such text or has no such column.
    """
    lines = io.StringIO(read_text(path), newline="")
    try:
        return list(_cells(path, csv.reader(lines), column))
    except csv.Error as error:
        raise ValueError(
            f"read_column: {path} cannot be read ({error}), expected a CSV file; convert it first"
        ) from error


def read_column(
    path: str | Path, column: str | None, gap: str | None = None
) -> npt.NDArray[np.float64]:
    """Read the numbers of one column.

    Parameters
    ----------
    path, column
        As of ``read_cells``.
    gap : str, optional
        What stands where a number is not known; it becomes NaN. By default all must be known.

    Returns
    -------
    ndarray of float64, (N,)
        The column from top to bottom; empty rows are skipped.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is no such text, has no such column, or a cell of it holds no number.
    """
    numbers = [
        nan if cell == gap else _number(path, column, row, cell)
        for row, cell in read_cells(path, column)
    ]
    return np.array(numbers, np.float64)


def _cells(
    path: str | Path, rows: Iterator[list[str]], column: str | None
) -> Iterator[tuple[int, str]]:
    """Yield the cells of a column; the first row holds the names."""
    names = [name.strip() for name in next(rows, [])]
    if not names:
        raise ValueError(
            f"read_column: {path} is empty, expected a first row with the names of the columns; "
            "check the file"
        )
    if column is None or names.count(column) != 1:
        came = "no column is named" if column is None else f"column is {column!r}"
        raise ValueError(
            f"read_column: {came}, expected one of those in {path}: {', '.join(names)}; "
            "name a column that is there once"
        )
    index = names.index(column)
    for number, row in enumerate(rows, start=2):
        if row:
            yield number, row[index] if index < len(row) else ""


def _number(path: str | Path, column: str | None, row: int, cell: str) -> float:
    """Return the number in a cell."""
    try:
        value = float(cell)
    except ValueError:
        value = nan
    if not isfinite(value):
        raise ValueError(
            f"read_column: row {row} of {path} has {cell!r} in column {column!r}, expected "
            "a number; fill the gap or leave the row out"
        )
    return value

"""One column of numbers out of a CSV file."""

import csv
from collections.abc import Iterator
from math import isfinite
from pathlib import Path

import numpy as np
import numpy.typing as npt


def read_column(path: str | Path, column: str | None) -> npt.NDArray[np.float64]:
    """Read the numbers of one column.

    Parameters
    ----------
    path : str or Path
        UTF-8 text, cells separated by commas, names of the columns in the first row.
    column : str, or None
        Name of the column; None raises the error that lists them.

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
    try:
        with Path(path).open(newline="", encoding="utf-8-sig") as file:
            return np.array(list(_numbers(path, csv.reader(file), column)), np.float64)
    except UnicodeDecodeError as error:
        raise ValueError(
            f"read_column: {path} is no UTF-8 text ({error.reason}), expected a CSV file; "
            "unpack or convert it first"
        ) from error
    except csv.Error as error:
        raise ValueError(
            f"read_column: {path} cannot be read ({error}), expected a CSV file; convert it first"
        ) from error


def _numbers(path: str | Path, rows: Iterator[list[str]], column: str | None) -> Iterator[float]:
    """Yield the numbers of a column; the first row holds the names."""
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
        if not row:
            continue
        cell = row[index] if index < len(row) else ""
        try:
            value = float(cell)
        except ValueError:
            value = float("nan")
        if not isfinite(value):
            raise ValueError(
                f"read_column: row {number} of {path} has {cell!r} in column {column!r}, expected "
                "a number; fill the gap or leave the row out"
            )
        yield value

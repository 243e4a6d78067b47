"""A part of flat vectors as vectors of their own, for steps that leave the rest as it is."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from gatedcore.arrays import Array

Span = tuple[int, int]  # where something begins in a vector, and where it ends
Tokens = npt.NDArray[np.integer[Any]]

_NO_ROWS: Tokens = np.zeros(0, np.int32)


class Table(NamedTuple):
    """A parameter array of which a step changes no more than some rows."""

    number: int  # among all parameter arrays
    width: int  # of a row
    touched: list[Tokens]  # rows that gradients were added to, as backward passes note them


class Part:
    """Some of the parameter arrays that flat vectors hold, of tables some rows.

    An optimizer that is given one sees these alone, side by side, so clipping, decay and averages
    are as if there were nothing else. Where they lie in one stretch they are used in place, else
    copied out before a step and back after it.

    Parameters
    ----------
    ends : sequence of int
        Where each parameter array ends in the vectors.
    chosen : sequence of bool
        Which of them are of the part.
    tables : sequence of Table
        Those among all arrays of which only rows with gradients are.

    Attributes
    ----------
    first : int
        The number of the first array of the part; if there is none, how many arrays there are.
    has_tables : bool
        Whether rows of tables are of the part.
    is_empty : bool
        Whether no array is of the part.
    """

    def __init__(
        self, ends: Sequence[int], chosen: Sequence[bool], tables: Sequence[Table] = ()
    ) -> None:
        arrays = list(zip([0, *ends], ends, strict=False))
        by_rows = {table.number for table in tables}
        self.first = list(chosen).index(True) if any(chosen) else len(chosen)
        whole = [n for n, taken in enumerate(chosen) if taken and n not in by_rows]
        self._runs = joined([arrays[n] for n in whole])
        # Of layers before the first array nobody computes gradients.
        self._cleared = joined(
            [arrays[n] for n in range(self.first, len(arrays)) if n not in by_rows]
        )
        self._all = joined([span for span, taken in zip(arrays, chosen, strict=True) if taken])
        self._sizes = [arrays[n][1] - arrays[n][0] for n in whole]
        self._places = [(*arrays[table.number], table.width) for table in tables]
        self._touched = [table.touched for table in tables]
        # Rows of a table that is not trained are noted, and nobody takes them.
        self._taken = [n for n, table in enumerate(tables) if chosen[table.number]]
        self._rows: list[Tokens] = [_NO_ROWS] * len(tables)
        self.has_tables = bool(self._taken)
        self.is_empty = not any(chosen)

    @property
    def ends(self) -> tuple[int, ...]:
        """Where each parameter array ends in what ``take`` returns."""
        rows = [self._rows[n].size * self._places[n][2] for n in self._taken]
        return tuple(accumulate([*self._sizes, *rows]))

    def clear(self, gradients: Array) -> None:
        """Set the gradients that the next backward pass adds to to zero."""
        for start, stop in self._cleared:
            gradients[start:stop] = 0.0
        for place, touched in zip(self._places, self._touched, strict=True):
            for rows in touched:
                _table(gradients, place)[rows] = 0.0
            touched.clear()

    def rows_touched(self) -> npt.NDArray[np.uint8]:
        """Return 1 for each row that backward added to, of all tables one after the other."""
        counts = [(stop - start) // width for start, stop, width in self._places]
        marks = np.zeros(sum(counts), np.uint8)
        begin = 0
        for count, touched in zip(counts, self._touched, strict=True):
            for rows in touched:
                marks[begin : begin + count][rows] = 1
            begin += count
        return marks

    def touch(self, marks: npt.NDArray[np.uint8]) -> None:
        """Take it that backward added to these rows, as ``rows_touched`` says them."""
        begin = 0
        for (start, stop, width), touched in zip(self._places, self._touched, strict=True):
            count = (stop - start) // width
            touched[:] = [np.flatnonzero(marks[begin : begin + count]).astype(np.int32)]
            begin += count

    def find_rows(self) -> None:
        """Learn from the last backward pass which rows are of the part in the coming step."""
        for n in self._taken:
            touched = self._touched[n]
            self._rows[n] = np.unique(np.concatenate(touched)) if touched else _NO_ROWS

    def take(self, vector: Array) -> Array:
        """Return the part of a vector: a view of one stretch, else a copy."""
        if len(self._runs) == 1 and not self.has_tables:
            ((start, stop),) = self._runs
            return vector[start:stop]
        pieces = [vector[start:stop] for start, stop in self._runs]
        for n in self._taken:
            pieces.append(_table(vector, self._places[n])[self._rows[n]].ravel())
        return np.concatenate([vector[:0], *pieces])

    def give(self, vector: Array, taken: Array) -> None:
        """Write what ``take`` returned, changed since, back into the vector."""
        if np.may_share_memory(vector, taken):
            return
        begin = 0
        for start, stop in self._runs:
            vector[start:stop] = taken[begin : begin + stop - start]
            begin += stop - start
        for n in self._taken:
            rows, place = self._rows[n], self._places[n]
            size = rows.size * place[2]
            _table(vector, place)[rows] = taken[begin : begin + size].reshape(-1, place[2])
            begin += size

    def rest(self, count: int) -> list[Span]:
        """Return the stretches of a vector of so many elements that are never of the part."""
        starts = [0, *(stop for _, stop in self._all)]
        stops = [*(start for start, _ in self._all), count]
        return [span for span in zip(starts, stops, strict=True) if span[0] < span[1]]


def _table(vector: Array, place: tuple[int, int, int]) -> Array:
    start, stop, width = place
    return vector[start:stop].reshape(-1, width)


def joined(spans: Sequence[Span]) -> list[Span]:
    """Return the same stretches, those that touch as one, and no empty ones."""
    runs: list[Span] = []
    for start, stop in spans:
        if start == stop:
            continue
        if runs and runs[-1][1] == start:
            runs[-1] = runs[-1][0], stop
        else:
            runs.append((start, stop))
    return runs

"""A part of flat vectors as vectors of their own, for steps that leave the rest as it is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gatedcore.arrays import Array

Span = tuple[int, int]  # where something begins in a vector, and where it ends


class Part:
    """Some of the parameter arrays that flat vectors hold.

    An optimizer that is given one sees these arrays alone, side by side, so clipping, decay and
    averages are as if there were nothing else. Where they lie in one stretch they are used in
    place, else copied out before a step and back after it.

    Parameters
    ----------
    ends : sequence of int
        Where each parameter array ends in the vectors.
    chosen : sequence of bool
        Which of them are of the part.

    Attributes
    ----------
    first : int
        The number of the first array of the part; if there is none, how many arrays there are.
    """

    def __init__(self, ends: Sequence[int], chosen: Sequence[bool]) -> None:
        arrays = list(zip([0, *ends], ends, strict=False))
        own = [span for span, taken in zip(arrays, chosen, strict=True) if taken]
        self.first = list(chosen).index(True) if own else len(chosen)
        # Of layers before the first array nobody computes gradients.
        self._cleared = joined(arrays[self.first :])
        self._runs = joined(own)
        self._ends = tuple(int(end) for end in np.cumsum([stop - start for start, stop in own]))

    @property
    def ends(self) -> tuple[int, ...]:
        """Where each parameter array ends in what ``take`` returns."""
        return self._ends

    def clear(self, gradients: Array) -> None:
        """Set the gradients that the next backward pass adds to to zero."""
        for start, stop in self._cleared:
            gradients[start:stop] = 0.0

    def take(self, vector: Array) -> Array:
        """Return the part of a vector: a view of one stretch, a copy of several."""
        if len(self._runs) == 1:
            ((start, stop),) = self._runs
            return vector[start:stop]
        pieces = [vector[start:stop] for start, stop in self._runs]
        return np.concatenate([vector[:0], *pieces])

    def give(self, vector: Array, taken: Array) -> None:
        """Write what ``take`` returned, changed since, back into the vector."""
        if np.may_share_memory(vector, taken):
            return
        begin = 0
        for start, stop in self._runs:
            vector[start:stop] = taken[begin : begin + stop - start]
            begin += stop - start

    def rest(self, count: int) -> list[Span]:
        """Return the stretches of a vector of so many elements that are not of the part."""
        starts = [0, *(stop for _, stop in self._runs)]
        stops = [*(start for start, _ in self._runs), count]
        return [span for span in zip(starts, stops, strict=True) if span[0] < span[1]]


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

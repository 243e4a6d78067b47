"""A step whose bits do not depend on how many ranks take it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from gatedcore.batches import Step
from gatedcore.random import Rows
from gatedcore.run_state import draws_again
from gatedcore.shared_means import SharedMeans
from gatedcore.shared_step import DIVISOR, Seen, SharedStep


class OrderedStep(SharedStep):
    """A step over rows in chunks, whose gradients are added in one order on any number of ranks.

    Each chunk goes forward and back alone, with the draws that the whole batch would have.
    Arguments as of ``SharedStep``.

    References
    ----------
    docs/decisions/0013-one-sum-a-step.md.
    """

    def __init__(self, *alone: Any, **options: Any) -> None:
        super().__init__(*alone, **options)
        self._sums = np.zeros((self.team.chunks, self._exchanged.size), self._exchanged.dtype)
        self._touched = self._rows_touched()

    def _begin(self) -> None:
        super()._begin()
        self._sums.fill(0.0)
        self._touched.fill(0)

    def _pieces(self, means: SharedMeans, batch: Step) -> Iterator[tuple[int, Step, Rows]]:
        rewind = draws_again(self.model.computing_layers)
        for count, piece in enumerate(super()._pieces(means, batch)):
            if count:
                rewind()
            yield piece

    def _keep(self, number: int) -> None:
        self._sums[number] += self._exchanged
        self._touched |= self._rows_touched()
        self.clear()
        self._tail.fill(0.0)

    def _scales(self, seen: Seen | None, rows: Rows) -> list[float]:
        if not self._several:
            return super()._scales(seen, rows)
        if seen is None:
            return []
        self._guarded(self._check_even, seen)
        self._tail[DIVISOR] += rows.own
        return [float(rows.total if is_sum else rows.own) for is_sum in self.objective.sums]

    def _check_even(self, seen: Seen) -> None:
        """Raise unless every row counts as much in each output's loss."""
        for sums, divisor, y_pred in zip(
            self.objective.sums, seen.divisors, seen.y_pred, strict=True
        ):
            if not sums and divisor != math.prod(y_pred.shape[:-1]):
                raise ValueError(
                    "fit: reduction='ordered' came with several outputs, of which one has a mask "
                    "or divides by weights, expected all rows to count alike; take 'fast'"
                )

    def _exchange(self) -> None:
        self._sums[0] += self._exchanged  # what the tail says
        self._share_rows(self._touched)
        self._exchanged[:] = self.team.add_up(self._sums)

"""A step that several ranks take together, each on its rows of the batch."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from gatedcore.batches import Feed, Step
from gatedcore.callbacks import Logs
from gatedcore.columns import Columns
from gatedcore.layers.base import Mask
from gatedcore.objective import Means
from gatedcore.random import Rows, drawing_for
from gatedcore.run_state import carried_kept_on_error
from gatedcore.shared_batches import SharedBatches
from gatedcore.shared_means import PartMeans, SharedMeans
from gatedcore.step import TrainingStep, add_penalties
from gatedcore.team import Team

R = TypeVar("R")

_NONE = np.zeros(0, np.uint8)

# What stands behind the gradients when they are added up over the ranks.
DIVISOR, STOP, INTERRUPT, LAST, FAILED, END = range(6)


class Seen(NamedTuple):
    """What the way forward came to on some rows."""

    part: PartMeans
    batch: Step
    y_pred: Any
    mask: Mask | None
    loss: float
    d_y_pred: Any
    divisors: list[float]


class SharedStep(TrainingStep):
    """One sum over all ranks for each step: of the gradients, and of a few numbers behind them.

    Each rank's gradients are of the sum of its losses; with them travels what that sum is to be
    divided by, so that the step is that of all rows at once, also where masks or weights let some
    ranks' rows count more. An error, Ctrl-C, ``stop_training`` and the end of a source travel
    along, so that all ranks act on them in the same step. Of several outputs, whose losses are
    divided by different numbers, these are exchanged before the way back.

    Parameters
    ----------
    team : Team
        The ranks.
    feed : SharedBatches
        What the batches come from.
    batches : int
        How many make a step.
    *alone, **options
        As of ``TrainingStep``.
    """

    def __init__(
        self, *alone: Any, team: Team, feed: SharedBatches, batches: int = 1, **options: Any
    ) -> None:
        super().__init__(*alone, **options)
        self.team, self.feed, self._batches = team, feed, batches
        self._several = len(self.objective.shares) > 1
        first = 0 if self.part is None else self.part.first
        start = self.vector.ends[first - 1] if first else 0
        # Below the first array that is trained nobody computes gradients.
        self._exchanged = self.vector.exchanged[start:]
        self._tail = self.vector.exchanged[self.vector.gradients.size :]
        self._waiting = 0  # batches whose gradients wait for the step
        self._rows = 0.0  # this rank's, in these
        self._failure: Exception | None = None
        self._stop = self._interrupted = self._last = False  # as all ranks know it

    # What a loop over batches asks.

    def means(self) -> Means:
        self._last = False
        return SharedMeans(self.objective, self.team, self.feed)

    def means_of(self, validated: Feed | None) -> Means:
        assert isinstance(validated, SharedBatches)
        return SharedMeans(self.objective, self.team, validated)

    def ends_epoch(self) -> bool:
        # Others learn of a stop with the next sum; where there are none it acts at once.
        alone = self.team.size == 1 and self.model.stop_training
        return alone or self._stop or self._interrupted or self._last

    def settled(self) -> bool:
        return not self._waiting

    def interrupted(self) -> bool:
        return self._interrupted

    def logs(self, means: Means) -> Logs:
        if self._waiting:
            self._finish(means)
        return means.total_logs()

    def ends_run(self) -> bool:
        flags = np.array([self.model.stop_training, self.interrupt.pending], np.uint8)
        self.team.comm.allreduce_(flags, "max")
        self._take_flags(*flags)
        return self._stop or self._interrupted

    def _take_flags(self, stop: float, interrupt: float) -> None:
        self._stop, self._interrupted = bool(stop), bool(interrupt)
        if self._stop:
            self.model.stop_training = True
        if self._interrupted:
            self.interrupt.pending = True

    # One step.

    def take(self, means: Any, batch: Step, share: float = 1) -> None:
        self._waiting += 1
        if self._waiting == 1:
            self._begin()
        with np.errstate(over="ignore", invalid="ignore"):  # reported by themselves
            for k, piece, rows in self._pieces(means, batch):
                self._rows += rows.own * share
                part = means.parts[k] if rows.own else None
                seen = self._guarded(self._forward, part, piece, rows)
                scales = self._scales(seen, rows)
                if seen is not None:
                    self._guarded(self._backward, seen, scales, share)
                self._keep(k)
        if self._waiting == self._batches:
            self._finish(means)

    def _begin(self) -> None:
        self.clear()
        self._tail.fill(0.0)
        self._rows = 0.0

    def _pieces(self, means: SharedMeans, batch: Step) -> Iterator[tuple[int, Step, Rows]]:
        """Yield number, batch and rows of each part; of no rows one to draw for."""
        if not self.feed.rows.own:
            means.skip()
            yield 0, batch, self.feed.rows
            return
        yield from means.numbered_pieces(batch)

    def _keep(self, number: int) -> None:
        """Keep the gradients of a part; here they stay where they are."""

    def _guarded(self, call: Callable[..., R], *arguments: Any) -> R | None:
        """Return what a call returns; an error waits until all ranks know of it."""
        if self._failure is not None:
            return None
        try:
            if not self.stateful:
                return call(*arguments)
            with carried_kept_on_error(self.stateful):
                return call(*arguments)
        except Exception as error:
            self._failure = error
            return None

    def _forward(self, part: PartMeans | None, batch: Step, rows: Rows) -> Seen | None:
        """Go forward; without a part only for what layers draw."""
        x, y, weights = batch
        with drawing_for(rows):
            y_pred, mask = self.model.forward_masked(x, True)
        if part is None:
            return None
        loss, d_y_pred = self.objective.loss_of(y, y_pred, weights, mask)
        if not math.isfinite(loss):
            raise self.not_finite(f"loss is {loss}", x, y, backward=False)
        divisors = self.objective.divisors(y, y_pred, weights, mask)
        return Seen(part, batch, y_pred, mask, loss, d_y_pred, divisors)

    def _scales(self, seen: Seen | None, rows: Rows) -> list[float]:
        """Return what makes sums of the losses' means, and count in what divides them later."""
        if not self._several:
            if seen is not None:
                self._tail[DIVISOR] += seen.divisors[0]
            return [] if seen is None else seen.divisors
        sums = self.objective.sums
        own = [0.0] * len(sums) if seen is None else seen.divisors
        flags = self._failure is not None, self.feed.is_last
        told = np.array([*flags, rows.own, *own], np.float64)
        self.team.comm.allreduce_(told)
        failed, last, all_rows, *totals = told.tolist()
        if failed:
            self._fail()
        self._last = bool(last)  # else a rank might exchange these where another takes the step
        self._tail[DIVISOR] += rows.own
        both = zip(own, totals, sums, strict=True)
        return [
            all_rows * (1.0 if is_sum or not total else mine / total)
            for mine, total, is_sum in both
        ]

    def _backward(self, seen: Seen, scales: list[float], share: float) -> None:
        x, y, weights = seen.batch
        self.model.backward(_scaled(seen.d_y_pred, scales))
        self.check_finite(self._exchanged, x, y)
        seen.part.add(seen.loss, y, seen.y_pred, weights, seen.mask, share)

    def _finish(self, means: Any) -> None:
        """Add up what all ranks have, and take the step."""
        self._waiting = 0
        flags = (self.model.stop_training, self.interrupt.pending, self.feed.is_last)
        self._tail[STOP:END] = (*flags, self._failure is not None)
        self._exchange()
        divisor, stop, interrupt, last, failed = self._tail[:END].tolist()
        if failed:
            self._fail()
        self._take_flags(stop, interrupt)
        self._last = bool(last)
        if divisor and (self._several or not self.objective.sums[0]):
            self._exchanged /= divisor
        if self.ruled:
            means.parts[0].penalties += add_penalties(self.ruled) * self._rows
        self.update(self.gradients())

    def _exchange(self) -> None:
        """Replace gradients and tail by their sums over all ranks."""
        self._share_rows(self._rows_touched())
        self.team.comm.allreduce_(self._exchanged)

    def _rows_touched(self) -> npt.NDArray[np.uint8]:
        """Return of which rows of tables backward noted gradients."""
        return _NONE if self.part is None else self.part.rows_touched()

    def _share_rows(self, touched: npt.NDArray[np.uint8]) -> None:
        """Let rows of tables be of the step that have gradients on any rank."""
        if self.part is not None and touched.size:
            self.team.comm.allreduce_(touched, "max")
            self.part.touch(touched)

    def _fail(self) -> None:
        """Raise on all ranks what one of them has met."""
        failure, self._failure = self._failure, None
        self.vector.exchanged.fill(0.0)  # others' rows of tables have not been noted
        self.team.raise_alike(failure)


def _scaled(slopes: Any, scales: list[float]) -> Any:
    """Return gradients by predictions times a number for each output."""
    if isinstance(slopes, Columns):
        return Columns([a * a.dtype.type(b) for a, b in zip(slopes, scales, strict=True)])
    return slopes * slopes.dtype.type(scales[0])

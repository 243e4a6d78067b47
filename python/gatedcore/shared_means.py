"""Loss and metrics over the samples of all ranks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from gatedcore.arrays import Array
from gatedcore.batches import Step
from gatedcore.callbacks import Logs
from gatedcore.distributed.exchange import broadcast, gather
from gatedcore.objective import Means, Objective, Weights
from gatedcore.random import Rows
from gatedcore.shared_batches import SharedBatches
from gatedcore.team import Team


class PartMeans:
    """What a rank counts of one part of its rows.

    Attributes
    ----------
    means : Means
        Of these rows alone.
    sums : list of list of float
        For each batch the sum of the losses of each output, what each is to be divided by, and the
        rows.
    penalties : float
        What regularizers add, times the rows.
    """

    def __init__(self, objective: Objective) -> None:
        self._objective = objective
        self.means = objective.means()
        self.sums: list[list[float]] = []
        self.penalties = 0.0

    def skip(self) -> None:
        """Count in a batch of which there are no rows here."""
        self.sums.append([0.0] * (2 * len(self._objective.shares) + 1))

    def add(
        self,
        loss: float,
        y_true: Array,
        y_pred: Array,
        weights: Weights = None,
        mask: Weights = None,
        share: float = 1,
        penalty: float = 0.0,
    ) -> None:
        """Count a batch in, as ``Means``."""
        rows = len(y_pred) * share
        divisors = self._objective.divisors(y_true, y_pred, weights, mask)
        losses = self._objective.each_loss(loss)
        totals = [one * divisor for one, divisor in zip(losses, divisors, strict=True)]
        self.means.add(loss, y_true, y_pred, weights, mask, share, penalty)
        self.sums.append([*totals, *divisors, rows])
        self.penalties += penalty * rows


class SharedMeans(Means):
    """Loss and metrics of all ranks; while batches come, those of this rank's rows.

    Parameters
    ----------
    objective : Objective
        Whose.
    team : Team
        The ranks.
    feed : SharedBatches
        What the batches come from.
    """

    def __init__(self, objective: Objective, team: Team, feed: SharedBatches) -> None:
        self._objective, self._team, self._feed = objective, team, feed
        self.parts = [PartMeans(objective) for _ in range(team.chunks)]
        self._before: Mapping[str, Any] | None = None

    def pieces(self, batch: Step) -> Iterator[tuple[Any, Step]]:
        for number, piece, _ in self.numbered_pieces(batch):
            yield self.parts[number], piece

    def numbered_pieces(self, batch: Step) -> Iterator[tuple[int, Step, Rows]]:
        """Yield number, batch and rows of each part that has rows in this batch."""
        x, y, weights = batch
        for number, (place, rows) in enumerate(self._team.pieces(self._feed.rows)):
            if rows.own:
                own = None if weights is None else weights[place]
                yield number, (x[place], y[place], own), rows
            else:
                self.parts[number].skip()

    @contextmanager
    def alike(self) -> Iterator[None]:
        failure = None
        try:
            yield
        except Exception as error:
            failure = error
        self._team.raise_alike(failure)

    def logs(self) -> Logs:
        """Return the figures of this rank's rows so far; ``total_logs`` are of all ranks."""
        own = self.parts[0].means
        if len(self.parts) > 1:
            own = self._objective.means()
            self._merge_into(own, [part.means.get_state() for part in self.parts])
        return own.logs() if own.has_samples else {}

    def total_logs(self) -> Logs:
        """Return the figures of all ranks, to the same bits on each; all of them call this."""
        logs = self._total().logs()
        told: Logs = broadcast(self._team.comm, logs)  # processors may round differently
        return told

    def _total(self) -> Means:
        """Return the means over the samples of all ranks; all of them call this."""
        whole = self._objective.means()
        told = gather(self._team.comm, [part.means.get_state() for part in self.parts])
        self._merge_into(whole, [state for of_rank in told for state in of_rank])
        steps = max(gather(self._team.comm, max(len(part.sums) for part in self.parts)))
        outputs = len(self._objective.shares)
        sums = np.zeros((len(self.parts), steps, 2 * outputs + 1))
        for k, part in enumerate(self.parts):
            if part.sums:
                sums[k, : len(part.sums)] = part.sums
        totals = self._team.add_up(sums)
        penalty = float(self._team.add_up(np.array([[p.penalties] for p in self.parts]))[0])
        rows = totals[:, -1]
        divisors = np.where(totals[:, outputs:-1] == 0.0, 1.0, totals[:, outputs:-1])
        divisors[:, np.array(self._objective.sums)] = 1.0
        losses = (totals[:, :outputs] / divisors * rows[:, None]).sum(axis=0)
        total = float(losses @ np.array(self._objective.shares)) + penalty
        whole.set_losses([float(loss) for loss in losses], total, float(rows.sum()))
        if self._before is not None:
            whole.merge(self._before)
        return whole

    def _merge_into(self, whole: Means, states: list[Any]) -> None:
        for state in states:
            if state["samples"]:
                whole.merge(state)

    def skip(self) -> None:
        """Count in a batch of which this rank has no rows."""
        for part in self.parts:
            part.skip()

    def get_state(self) -> dict[str, Any]:
        """Return what all ranks have counted in; all of them call this."""
        return self._total().get_state()

    def set_state(self, state: Mapping[str, Any]) -> None:
        self.parts = [PartMeans(self._objective) for _ in range(self._team.chunks)]
        self._before = state

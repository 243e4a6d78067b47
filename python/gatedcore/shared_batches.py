"""What a rank takes of the batches that all ranks go over together."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gatedcore.arrays import Shape
from gatedcore.batches import Batches, Feed, Step
from gatedcore.random import Rows
from gatedcore.team import Team

_FEW = 8  # samples: enough to tell another order or other draws from the same data


class SharedBatches(Feed):
    """A rank's rows of each batch; of a batch with too few for all ranks, its last one to look at.

    Parameters
    ----------
    feed : Feed
        Batches of arrays or of a dataset, of which each rank has its rows; or those of a source.
    team : Team
        The ranks.

    Attributes
    ----------
    is_own : bool
        Whether the source is this rank's alone, so that it takes all rows, which follow those of
        the ranks before it.
    rows : Rows
        Which of all rows those of the last batch are.
    is_last : bool
        Whether this rank's own source has no further batch.
    """

    def __init__(self, feed: Feed, team: Team) -> None:
        self._feed, self._team = feed, team
        self.of_all_ranks, self.is_own = feed.of_all_ranks, not feed.of_all_ranks
        self.samples, self.batch_size, self.rng = feed.samples, feed.batch_size, feed.rng
        self.rows, self.is_last = Rows(0, 0, 0), False

    @property
    def input_shape(self) -> Shape:
        return self._feed.input_shape

    @property
    def steps(self) -> int | None:
        return self._feed.steps

    def a_few(self) -> Step | None:
        """Return some samples from the first to the last, of all ranks; None of a source."""
        if not isinstance(self._feed, Batches):
            return None
        return self._feed.step_of(np.linspace(0, self._feed.samples - 1, _FEW).astype(np.intp))

    def weighted(self) -> Iterator[Step]:
        if self.is_own:
            return self._own_batches()
        if isinstance(self._feed, Batches):
            return self._rows_of_samples(self._feed)
        return self._rows_of_batches()

    def _rows_of_samples(self, feed: Batches) -> Iterator[Step]:
        for chosen in feed.choices():
            total = chosen.stop - chosen.start if isinstance(chosen, slice) else len(chosen)
            yield feed.step_of(chosen, self._take(total))

    def _rows_of_batches(self) -> Iterator[Step]:
        for x, y, weights in self._feed.weighted():
            own = self._take(len(x))
            yield x[own], y[own], None if weights is None else weights[own]

    def _own_batches(self) -> Iterator[Step]:
        """Yield batches, each once it is known whether there is another one."""
        self.is_last = False
        batches = self._feed.weighted()
        coming = next(batches, None)
        while coming is not None:
            batch, coming = coming, next(batches, None)
            self.is_last = coming is None
            count = len(batch[0])
            self.rows = Rows(self._team.rank * count, count, self._team.size * count)
            yield batch

    def _take(self, total: int) -> slice:
        self.rows = rows = self._team.own_rows(total)
        if not rows.own:
            return slice(total - 1, total)
        return slice(rows.before, rows.before + rows.own)

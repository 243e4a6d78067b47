"""Steps that each rank takes alone, with averages over all ranks now and then."""

from __future__ import annotations

from typing import Any

import numpy as np

from gatedcore.batches import Step
from gatedcore.distributed.exchange import broadcast
from gatedcore.random import drawing_for
from gatedcore.shared_means import PartMeans, SharedMeans
from gatedcore.shared_step import SharedStep
from gatedcore.step import TrainingStep


class LocalStep(SharedStep):
    """A step on this rank's rows alone; after some, all ranks go on from the mean of all.

    The mean is that of weights, and of what the optimizer keeps beside them. A rank without rows in
    a batch steps on its last one. After an error all ranks stop where the next mean would be, each
    with the weights of its own last step. Arguments as of ``SharedStep``; ``batches`` is how many
    steps there are between two means.

    References
    ----------
    Stich (2019), Local SGD converges fast and communicates little.
    """

    def take(self, means: Any, batch: Step, share: float = 1) -> None:
        self._waiting += 1
        self._guarded(self._step_alone, means, batch, share)
        if self._waiting == self._batches:
            self._finish(means)

    def _step_alone(self, means: SharedMeans, batch: Step, share: float) -> None:
        part = means.parts[0]
        if not self.feed.rows.own:
            means.skip()
            part = PartMeans(self.objective)
        with drawing_for(self.feed.rows):
            TrainingStep.take(self, part, batch, share)

    def _finish(self, means: Any) -> None:
        self._waiting = 0
        flags = (self.model.stop_training, self.interrupt.pending, self.feed.is_last)
        told = np.array([*flags, self._failure is not None], np.uint8)
        self.team.comm.allreduce_(told, "max")
        stop, interrupt, last, failed = told.tolist()
        if failed:
            self._fail()
        self._take_flags(stop, interrupt)
        self._last = bool(last)
        optimizer = self.objective.optimizer
        with self.vector.lock:
            for vector in (self.vector.values, *optimizer.slots.values()):
                chosen = vector if self.part is None else self.part.take(vector)
                self.team.comm.allreduce_(chosen)
                chosen /= self.team.size
                if self.part is not None:
                    self.part.give(vector, chosen)
        if self.feed.is_own:  # of sources that end at different times some have taken more steps
            counts = [optimizer.calls, optimizer.numbers]
            optimizer.calls, optimizer.numbers = broadcast(self.team.comm, counts)

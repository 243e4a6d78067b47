"""What the arguments of ``fit`` about several ranks ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from gatedcore.batches import Feed
from gatedcore.checks import check_count
from gatedcore.columns import each
from gatedcore.distributed.agreement import check_agreement
from gatedcore.distributed.exchange import broadcast
from gatedcore.joint_start import begin_alike, check_alike
from gatedcore.local_step import LocalStep
from gatedcore.ordered_step import OrderedStep
from gatedcore.shared_batches import SharedBatches
from gatedcore.shared_step import SharedStep
from gatedcore.step import TrainingStep
from gatedcore.team import Team, as_team

_ROUNDED = 1e-3  # relative: far above what preparing data in float32 loses, far below other data


class Sharing(NamedTuple):
    """How a run is shared.

    Attributes
    ----------
    team : Team
        The ranks.
    accumulate : int
        Batches for each step.
    average_every : int or None
        Steps of each rank between two averages; None for one step of all.
    """

    team: Team
    accumulate: int
    average_every: int | None

    def feed(self, where: str, whole: Feed, chunk: int | None) -> SharedBatches:
        """Return what a rank takes of the batches of all.

        Raises
        ------
        ValueError
            If these cannot be divided as asked.
        """
        shared = SharedBatches(whole, self.team)
        for name, asked in (
            ("reduction='ordered'", self.team.ordered),
            ("tbptt", chunk is not None and self.team.size > 1),
        ):
            if asked and shared.is_own:
                raise ValueError(
                    f"{where}: {name} came with a source of batches for each rank, expected the "
                    "same batches on all; pass gatedcore.distributed.shard(source, comm), or arrays"
                )
        return shared

    def begin(
        self,
        where: str,
        alone: TrainingStep,
        feeds: Mapping[str, Feed | None],
        arguments: Mapping[str, Any],
    ) -> None:
        """See that all ranks are about to do the same, and give them the numbers of rank 0.

        Raises
        ------
        ValueError
            If a rank differs, or the model cannot be trained so.
        """
        self._check(where, alone)
        model, vector, optimizer = alone.model, alone.vector, alone.objective.optimizer
        comm, layers = self.team.comm, model.computing_layers
        check_agreement(comm, where, {})  # the version, on which depends what is told from here on
        sizes = {name: _sizes_in(feed) for name, feed in feeds.items()}
        first = broadcast(comm, sizes)
        seen = {
            name: _facts_of(feed, _as_theirs(sizes[name], first[name]))
            for name, feed in feeds.items()
        }
        own = {name: getattr(self, name) for name in ("accumulate", "average_every")}
        own |= {"reduction": "ordered" if self.team.ordered else "fast", **arguments}
        told = {**seen, "loss and metrics": alone.objective.described(), "arguments": own}
        check_alike(comm, where, layers, vector, optimizer, told)
        generators = [feed.rng for feed in feeds.values() if feed is not None]
        begin_alike(comm, layers, vector, optimizer, [rng for rng in generators if rng is not None])

    def _check(self, where: str, alone: TrainingStep) -> None:
        if alone.stateful and (self.team.size > 1 or self.team.ordered):
            raise ValueError(
                f"{where}: {alone.stateful[0].name} is stateful, expected layers that begin each "
                "batch anew where ranks or chunks divide it; leave stateful=True or distributed out"
            )
        if self.average_every is not None and alone.part is not None and alone.part.has_tables:
            raise ValueError(
                f"{where}: average_every={self.average_every} came with an Embedding of "
                "sparse=True, whose rows change in steps with their tokens alone, expected none; "
                "leave one of the two out"
            )
        alone.objective.means().get_state()  # what metrics count must be told to others

    def step(self, *alone: Any, feed: Feed, **options: Any) -> SharedStep:
        """Return the kind of step that is asked for; arguments as of ``SharedStep``."""
        assert isinstance(feed, SharedBatches)
        if self.average_every is not None:
            return LocalStep(
                *alone, team=self.team, feed=feed, batches=self.average_every, **options
            )
        kind = OrderedStep if self.team.ordered else SharedStep
        return kind(*alone, team=self.team, feed=feed, batches=self.accumulate, **options)


def as_sharing(
    where: str,
    distributed: object,
    accumulate: object,
    average_every: object,
    reduction: object,
    tbptt: object,
) -> Sharing | None:
    """Return what the arguments of these names ask for, None if a process is to train alone.

    Raises
    ------
    TypeError, ValueError
        If one is something else, or two of them do not go together.
    """
    batches = check_count(where, "accumulate", accumulate)
    every = None if average_every is None else check_count(where, "average_every", average_every)
    team = as_team(where, distributed, reduction, always=batches > 1 or every is not None)
    if team is None:
        return None
    asked = {
        f"average_every={every}": every is not None,
        f"accumulate={batches}": batches > 1,
        "reduction='ordered'": team.ordered,
        f"tbptt={tbptt}": tbptt is not None,
    }
    both = [name for name, given in asked.items() if given]
    # An order of sums over chunks is the same over several batches.
    if len(both) > 1 and both != [f"accumulate={batches}", "reduction='ordered'"]:
        raise ValueError(
            f"{where}: {both[0]} came with {both[1]}, expected one of the two; leave the other out"
        )
    return Sharing(team, batches, every)


def _sizes_in(feed: Feed | None) -> dict[str, list[float]]:
    """Return how large the numbers of a few samples are, on average over each: by x, y, weights."""
    few = feed.a_few() if isinstance(feed, SharedBatches) else None
    if few is None:
        return {}
    parts = {
        name: [array for array in each(part) if array is not None and array.dtype.kind in "biuf"]
        for name, part in zip(("x", "y", "weights"), few, strict=True)
    }
    return {
        name: [
            float(size)
            for array in arrays
            for size in np.abs(array.reshape(len(array), -1), dtype=float).mean(axis=1)
        ]
        for name, arrays in parts.items()
    }


def _as_theirs(
    own: dict[str, list[float]], theirs: dict[str, list[float]]
) -> dict[str, list[float]]:
    """Return another rank's sizes where its own are nearly these: processors round differently.

    What is not finite is left to the step, which says more about it.
    """
    return {
        name: theirs[name]
        if name in theirs
        and len(sizes) == len(theirs[name])
        and np.all(np.isclose(sizes, theirs[name], _ROUNDED, 0.0) | ~np.isfinite(sizes))
        else sizes
        for name, sizes in own.items()
    }


def _facts_of(feed: Feed | None, sizes: dict[str, list[float]]) -> Any:
    """Return what is to be alike of the data of all ranks."""
    if feed is None:
        return None
    shape: Any = feed.input_shape
    several = bool(shape) and isinstance(shape[0], tuple)
    axes = [list(one[2:]) for one in shape] if several else list(shape[2:])
    if isinstance(feed, SharedBatches) and feed.is_own:
        return {"shape of a step": axes}
    return {
        "samples": feed.samples,
        "batches": feed.steps,
        "batch_size": feed.batch_size,
        "shape of a step": axes,
        "shuffled": feed.rng is not None,
        "mean size of a few samples": sizes,
    }

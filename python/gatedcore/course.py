"""Where a training run stands: its epoch, the batch within, the means so far, the generators."""

from __future__ import annotations  # numpy.random is imported when first used, not here

from collections.abc import Callable, Container, Iterator, Mapping
from typing import Any

from gatedcore.batches import Passes, Step
from gatedcore.callbacks import Callback
from gatedcore.checks import check_count
from gatedcore.distributed.communicator import Communicator, SelfCommunicator
from gatedcore.distributed.exchange import gather
from gatedcore.objective import Means
from gatedcore.random import get_random_state, set_random_state


class Course:
    """The course of one run of ``fit``, which may begin in the middle.

    Parameters
    ----------
    train : Passes
        What the run trains on.
    validation : Passes or None
        What it validates on.
    callbacks : list of Callback
        All that the run tells.
    epoch : int
        The epoch to begin with.
    comm : Communicator, optional
        Those who train together; alone by default.

    Attributes
    ----------
    epoch : int
        The epoch in progress; between two, the one to come.
    step : int
        How many steps of it are done.
    watched : bool
        Whether somebody will ask for the state within an epoch; set it before the epoch.
    settled : callable
        Returns whether the state may be asked for after this batch.
    """

    def __init__(
        self,
        train: Passes,
        validation: Passes | None,
        callbacks: list[Callback],
        epoch: int = 0,
        comm: Communicator | None = None,
    ) -> None:
        self.callbacks = callbacks
        self.comm = SelfCommunicator() if comm is None else comm
        self.epoch, self.step = epoch, 0
        self.watched = False
        self.settled: Callable[[], bool] = lambda: True
        self._train = train
        self._means: Means | None = None
        given = [train.rng, None if validation is None else validation.rng]
        self._generators = [rng for rng in given if rng is not None]
        read = [train, *([] if validation is None else [validation])]
        self._each_its_own = not all(passes.of_all_ranks for passes in read)
        self._epoch_start: Any = None
        self._resumed: Mapping[str, Any] | None = None

    def epochs(self, epochs: int) -> Iterator[int]:
        """Yield the epochs from here on."""
        while self.epoch < epochs:
            yield self.epoch
            self.epoch, self.step = self.epoch + 1, 0

    def batches(self, means: Means) -> Iterator[tuple[int, Step]]:
        """Yield the numbered batches from here on in this epoch, whose means these are.

        An epoch that was resumed draws its order anew as it was drawn, and leaves out what is done.
        """
        self._means = means
        done, resumed, self._resumed = self.step, self._resumed, None
        if resumed is not None:
            self._set_generators(resumed["epoch_start"])
            means.set_state(resumed["means"])
        if self.watched:
            self._epoch_start = self._get_generators()
        pairs = enumerate(self._train.on())
        if resumed is not None:
            for _ in range(done):
                next(pairs)
            self._set_generators(resumed["generators"])
        for step, pair in pairs:
            self.step = step + 1
            yield step, pair

    def place(self) -> str:
        """Return where the run stands, for an error."""
        return f"batch {self.step} of epoch {self.epoch + 1}, counted from 1; "

    def get_state(self, *, epoch_done: bool) -> dict[str, Any]:
        """Return where the run stands, with the state of every generator; all ranks ask for it.

        Parameters
        ----------
        epoch_done : bool
            Whether this is the end of an epoch, so that the next comes next.

        Raises
        ------
        ValueError
            If nobody could give the same batches again.
        """
        self._train.check_repeats()
        own: dict[str, Any] = {
            "steps": self._train.steps,
            "samples": self._train.samples,
            "generators": self._get_generators(),
        }
        state: dict[str, Any] = {"epoch": self.epoch + 1, "step": 0}
        if not epoch_done:
            assert self._means is not None
            own["epoch_start"] = self._epoch_start
            state = {"epoch": self.epoch, "step": self.step, "means": self._means.get_state()}
        return {**state, "ranks": gather(self.comm, own) if self._each_its_own else [own]}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go on from there; within an epoch the generators follow with ``batches``.

        Raises
        ------
        ValueError
            If the state stands within an epoch over other data, or of other ranks with their own.
        """
        self.epoch, self.step = (check_count("fit", n, state[n], 0) for n in ("epoch", "step"))
        ranks = state["ranks"]
        if self._each_its_own and len(ranks) != self.comm.size:
            raise ValueError(
                f"it has {len(ranks)} ranks with batches of their own, expected {self.comm.size}; "
                "start as many, or shard one source"
            )
        own = ranks[self.comm.rank if self._each_its_own else 0]
        if not self.step:
            self._set_generators(own["generators"])
            return
        data = {"steps": self._train.steps, "samples": self._train.samples}
        if any(own[name] != value for name, value in data.items()):
            raise ValueError(
                f"it stands within an epoch of {own['samples']} samples in {own['steps']} "
                f"batches, expected {data['samples']} in {data['steps']}; go on with the same data "
                "and batch_size"
            )
        if own["steps"] is not None and self.step > own["steps"]:
            raise ValueError(f"it stands at batch {self.step} of {own['steps']}")
        now = self._get_generators()
        try:  # while there is nothing to undo yet
            self._set_generators(own["epoch_start"])
            self._set_generators(own["generators"])
        finally:
            self._set_generators(now)
        self._resumed = {**own, "means": state["means"]}

    def _get_generators(self) -> dict[str, Any]:
        own = [rng.bit_generator.state for rng in self._generators]
        return {"global": get_random_state(), "own": own}

    def _set_generators(self, states: Mapping[str, Any]) -> None:
        set_random_state(states["global"])
        for rng, state in zip(self._generators, states["own"], strict=True):
            rng.bit_generator.state = state


def validated_epochs(where: str, freq: object, epochs: int) -> Container[int]:
    """Return the epochs, counted from 0, after which to validate.

    Raises
    ------
    TypeError, ValueError
        If the argument ``validation_freq`` is no number of epochs, nor a list of epochs from 1.
    """
    if isinstance(freq, list | tuple | set):
        return {check_count(where, "validation_freq", epoch) - 1 for epoch in freq}
    every = check_count(where, "validation_freq", freq)
    return range(every - 1, epochs, every)

"""One step of training: forward, loss, backward, the optimizer."""

import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

import numpy as np

from gatedcore.arrays import Array
from gatedcore.batches import Feed, Step
from gatedcore.callbacks import Logs, NotFiniteError
from gatedcore.chunks import cut, states_between_chunks
from gatedcore.diagnosis import not_finite
from gatedcore.interrupt import DeferredInterrupt
from gatedcore.layers.base import Layer, Mask
from gatedcore.layers.weighted import Rule
from gatedcore.objective import Counting, Means, Objective
from gatedcore.optimizers.part import Part
from gatedcore.parameters import ParameterVector
from gatedcore.run_state import carried_kept_on_error, stateful_layers

# Around layers that carry no states: it needs no time.
_NOTHING: AbstractContextManager[None] = nullcontext()


class Learner(Protocol):
    """What must be known of a model here."""

    stop_training: bool

    @property
    def computing_layers(self) -> list[Layer]:
        """The layers in order, without inputs."""

    def forward(self, x: Array, training: bool) -> Array:
        """Return the output; in training keep what ``backward`` needs."""

    def forward_masked(self, x: Array, training: bool) -> tuple[Array, Mask | None]:
        """Return the output, as ``forward`` does, and which of its steps count."""

    def backward(self, d_y: Array) -> None:
        """Add to the gradients of the last training forward."""

    def ruled(self) -> list[tuple[Array, Array, Rule]]:
        """Return value, gradient and rule of every parameter that has one."""


class TrainingStep:
    """What a run does with each batch.

    Parameters
    ----------
    model : Learner
        Built.
    objective : Objective
        What it minimises, with an optimizer that serves its parameters.
    vector : ParameterVector
        Its parameters.
    part : Part, optional
        What the steps change; by default all.
    place : callable
        Says in an error where the run stands.
    interrupt : DeferredInterrupt, optional
        What knows of a Ctrl-C.
    chunk : int, optional
        Time steps of the pieces that batches are cut into, with a step for each.
    """

    def __init__(
        self,
        model: Learner,
        objective: Objective,
        vector: ParameterVector,
        part: Part | None = None,
        place: Callable[[], str] = str,
        interrupt: DeferredInterrupt | None = None,
        chunk: int | None = None,
    ) -> None:
        self.model, self.objective, self.vector, self.part = model, objective, vector, part
        self.ruled = model.ruled()
        self.stateful = stateful_layers(model.computing_layers)
        self._place, self._chunk = place, chunk
        # What the loop calls for each batch; of whole ones without a detour.
        self.take_batch = self.take if chunk is None else self._take_by_chunks
        self.interrupt = DeferredInterrupt() if interrupt is None else interrupt

    # What a loop over batches asks.

    def means(self) -> Means:
        """Return means over the samples of an epoch, of none so far."""
        return self.objective.means()

    def means_of(self, validated: Feed | None) -> Means:
        """Return the same for an evaluation of these batches."""
        return self.objective.means()

    def ends_epoch(self) -> bool:
        """Return whether no further batch of the epoch is to be taken."""
        return self.model.stop_training or self.interrupt.pending

    def settled(self) -> bool:
        """Return whether no batch waits for a step, and all ranks have the same weights."""
        return True

    def interrupted(self) -> bool:
        """Return whether the run is to end within the epoch."""
        return self.interrupt.pending

    def logs(self, means: Means) -> Logs:
        """Return loss and metrics of an epoch whose batches are done."""
        return means.total_logs()

    def ends_run(self) -> bool:
        """Return whether no further epoch is to come."""
        return self.ends_epoch()

    # One step.

    def _take_by_chunks(self, means: Counting, batch: Step) -> None:
        """Take one step on each chunk of time steps of a batch, states carried between."""
        assert self._chunk is not None
        with states_between_chunks(self.model.computing_layers):
            for chunk, share in cut("fit", *batch, self._chunk):
                self.take(means, chunk, share)

    def take(self, means: Counting, batch: Step, share: float = 1) -> None:
        """Take one step and count its loss in; ``share`` says what part of a batch it is of.

        After an error no parameter is changed, nor what layers carry.

        Raises
        ------
        NotFiniteError
            If the loss or a gradient is no finite number.
        """
        x, y, weights = batch
        # What is not finite is reported below.
        carried = carried_kept_on_error(self.stateful) if self.stateful else _NOTHING
        with np.errstate(over="ignore", invalid="ignore"), carried:
            y_pred, mask = self.model.forward_masked(x, True)
            loss, d_y_pred = self.objective.loss_of(y, y_pred, weights, mask)
            if not math.isfinite(loss):
                raise self.not_finite(f"loss is {loss}", x, y, backward=False)
            self.clear()
            self.model.backward(d_y_pred)
            penalty = add_penalties(self.ruled) if self.ruled else 0.0
            gradients = self.gradients()
            self.check_finite(gradients, x, y)
            # Before the step: a metric may raise.
            means.add(loss, y, y_pred, weights, mask, share, penalty)
        self.update(gradients)

    def clear(self) -> None:
        """Set the gradients that backward adds to to zero."""
        if self.part is None:
            self.vector.gradients.fill(0.0)
        else:
            self.part.clear(self.vector.gradients)

    def gradients(self) -> Array:
        """Return the gradients of what the step changes."""
        if self.part is None:
            return self.vector.gradients
        self.part.find_rows()
        return self.part.take(self.vector.gradients)

    def check_finite(self, gradients: Array, x: Array, y: Array) -> None:
        """Raise unless all gradients are finite numbers."""
        # One NaN or infinity spoils the sum; the sum costs less than a test of each element.
        if not math.isfinite(np.add.reduce(gradients)):
            raise self.not_finite("a gradient is not finite", x, y, backward=True)

    def update(self, gradients: Array) -> None:
        """Let the optimizer take its step, and constraints what follows from it."""
        with self.vector.lock:
            self.objective.optimizer.step(self.vector.values, gradients, self.part)
            for value, _, rule in self.ruled:
                if rule.constraint is not None:
                    value[...] = rule.constraint(value)

    def not_finite(self, what: str, x: Array, y: Array, *, backward: bool) -> NotFiniteError:
        """Return the error for a batch whose loss or gradients are no finite numbers."""
        outcome = "the step was not taken, weights and optimizer are as before it"
        return NotFiniteError(
            not_finite(
                "training step",
                what,
                x,
                y,
                self.model.computing_layers,
                self.model.forward,
                backward=backward,
                outcome=f" ({self._place()}{outcome})",
            )
        )


def add_penalties(ruled: list[tuple[Array, Array, Rule]]) -> float:
    """Return what regularizers add to the loss, and add their gradients."""
    penalty = 0.0
    for value, gradient, rule in ruled:
        if rule.regularizer is not None:
            penalty += rule.regularizer(value)
            gradient += rule.regularizer.gradient(value)
    return penalty

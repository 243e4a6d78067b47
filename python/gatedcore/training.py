"""Fit: one readable training loop over any model."""

import math
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import numpy as np

from gatedcore import feeding, keras_arguments
from gatedcore.arrays import Array, Shape
from gatedcore.batches import ArrayBatches
from gatedcore.callbacks import CallbackList, History, Logs, NotFiniteError, check_callbacks
from gatedcore.checks import check_bool, check_count
from gatedcore.course import Course
from gatedcore.evaluation import Evaluator, as_asked, not_finite
from gatedcore.interrupt import DeferredInterrupt
from gatedcore.keras_arguments import reject_unsupported
from gatedcore.layers.weighted import Rule
from gatedcore.objective import Means, Objective
from gatedcore.optimizers import Optimizer
from gatedcore.parameters import ParameterVector
from gatedcore.progress import printers
from gatedcore.random import make_generator, undone_on_error

_NOT_TAKEN = " (the step was not taken, weights and optimizer are as before it)"


class Trainer(Evaluator):
    """Training for whatever has ``forward``, ``backward`` and a flat vector of parameters.

    Attributes
    ----------
    history : History or None
        Of the last run.
    stop_training : bool
        A callback sets it to end the run after this batch.
    """

    def __init__(self) -> None:
        super().__init__()
        self.history: History | None = None
        self.stop_training = False
        self._training = False
        self._ruled: list[tuple[Array, Array, Rule]] = []
        self._course: Course | None = None  # of the run in progress

    @abstractmethod
    def backward(self, d_y: Array) -> None:
        """Add to the gradients of the last training forward."""

    def fit(
        self,
        x: object,
        y: object = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: object = None,
        validation_split: float = 0.0,
        validation_data: object = None,
        shuffle: bool = True,
        **keras: object,
    ) -> History:
        """Train.

        Parameters
        ----------
        x, y : array-like, (N, ...)
            Inputs and targets, or a dataset of ``gatedcore.data`` as ``x`` alone.
        batch_size : int, optional
            Samples for each step, 32 by default; a dataset has its own.
        epochs : int
            Passes over the data.
        verbose : {"auto", 0, 1, 2}
            Nothing, a progress bar for each epoch ("auto" too), or a line for each.
        callbacks : list of Callback, optional
            Told about the run.
        validation_split : float
            Share of the samples, taken from the end before any shuffling, that is evaluated after
            each epoch instead of trained on.
        validation_data : pair of array-likes, or dataset, optional
            Evaluated after each epoch.
        shuffle : bool
            Whether each epoch takes the samples in a new order; a dataset has its own.
        **keras
            Other arguments of Keras are refused unless they ask for nothing.

        Returns
        -------
        History
            Loss and metrics of each epoch; also ``self.history``.

        Raises
        ------
        TypeError
            If an argument is of a wrong kind; nothing is changed then.
        ValueError
            If one is out of range or of a wrong shape; nothing is changed then. Or if a loss or a
            gradient is not finite: that step is not taken, and the weights are those before it. Or
            if a validation loss is not: the weights are those of its epoch.
        KeyboardInterrupt
            After Ctrl-C, at the end of the step; ``self.history`` keeps the epochs that were done.
        """
        where = "fit"
        reject_unsupported(where, keras, keras_arguments.FIT)
        objective = self._compiled(where)
        epochs = check_count(where, "epochs", epochs)
        shuffle = check_bool(where, "shuffle", shuffle)
        # In Keras's order: what callbacks add to an epoch's logs is shown and kept.
        told = [*check_callbacks(where, callbacks), *printers(where, verbose)]
        train = feeding.training_batches(where, self, x, y, batch_size)
        train, validation = feeding.hold_out(where, self, train, validation_split, validation_data)
        if shuffle and isinstance(train, ArrayBatches):
            train.rng = make_generator(where, None)

        history = History()
        params = {"epochs": epochs, "steps": len(train), "verbose": verbose}
        told = [*told, history]
        with (
            self._unchanged_before_a_step(where, objective.optimizer),
            DeferredInterrupt() as interrupt,
            CallbackList(told, self, params) as run,
        ):
            vector = self._ready(objective, train.input_shape)
            self.history, self.stop_training = history, False
            course = self._course = Course(train, validation, run.callbacks)
            run.call("on_train_begin")
            for epoch in course.epochs(epochs):
                run.call("on_epoch_begin", epoch)
                means = Means(objective)
                for step, (x_batch, y_batch) in course.batches(means):
                    run.batch("on_train_batch_begin", step)
                    self._step(objective, vector, means, x_batch, y_batch)
                    if run.listens("on_train_batch_end"):
                        run.batch("on_train_batch_end", step, means.logs())
                    if self.stop_training or interrupt.pending:
                        break
                if interrupt.pending:
                    break
                logs = means.logs()
                if validation is not None:
                    seen = self._evaluate("validation", objective, validation, run)
                    logs.update({f"val_{name}": value for name, value in seen.items()})
                run.call("on_epoch_end", epoch, logs)
                if self.stop_training or interrupt.pending:
                    break
            run.call("on_train_end")
        return history

    def train_on_batch(
        self, x: object, y: object, *, return_dict: bool = False, **keras: object
    ) -> float | list[float] | Logs:
        """Take one training step on a batch.

        Parameters
        ----------
        x, y : array-like, (B, ...)
            Inputs and targets.
        return_dict : bool
            Whether to return loss and metrics by name.

        Returns
        -------
        float, list of float, or dict
            Loss and metrics of the batch before the step; without metrics the loss alone.

        Raises
        ------
        TypeError, ValueError
            As ``fit``; nothing is changed then.
        """
        where = "train_on_batch"
        reject_unsupported(where, keras, keras_arguments.TRAIN_ON_BATCH)
        objective = self._compiled(where)
        x_batch, y_batch = feeding.training_arrays(where, self, x, y)
        means = Means(objective)
        with self._unchanged_before_a_step(where, objective.optimizer):
            vector = self._ready(objective, cast(Shape, x_batch.shape))
            self._step(objective, vector, means, x_batch, y_batch)
        return as_asked(means.logs(), return_dict)

    def _step(
        self, objective: Objective, vector: ParameterVector, means: Means, x: Array, y: Array
    ) -> None:
        """Take one step and count its loss in. After an error no parameter is changed."""
        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is reported below
            y_pred = self.forward(x, True)
            loss, d_y_pred = objective.loss_of(y, y_pred)
            if not math.isfinite(loss):
                what = f"loss is {loss}"
                raise NotFiniteError(not_finite("training step", what, x, y, _NOT_TAKEN))
            vector.gradients.fill(0.0)
            self.backward(d_y_pred)
            if self._ruled:
                loss += add_penalties(self._ruled)
            # One NaN or infinity spoils the sum; the sum costs less than a test of each element.
            if not math.isfinite(np.add.reduce(vector.gradients)):
                what = "a gradient is not finite"
                raise NotFiniteError(not_finite("training step", what, x, y, _NOT_TAKEN))
            means.add(loss, y, y_pred)  # before the step: a metric may raise
        objective.optimizer.step(vector.values, vector.gradients)
        for value, _, rule in self._ruled:
            if rule.constraint is not None:
                value[...] = rule.constraint(value)

    @contextmanager
    def _unchanged_before_a_step(self, where: str, optimizer: Optimizer) -> Iterator[None]:
        """Undo what an error leaves of a run that took no step: a build, the optimizer's binding.

        Also keeps layers from being added meanwhile.
        """
        if self._training:
            raise ValueError(
                f"{where}: model is training already, expected it at rest; "
                "start after the other run"
            )
        before = optimizer.iterations
        restores = (self.restore_point(), optimizer.restore_point())
        self._training = True
        try:
            with undone_on_error(unless=lambda: optimizer.iterations > before):
                yield
        except BaseException:
            if optimizer.iterations == before:
                for restore in restores:
                    restore()
            raise
        finally:
            self._training, self._course = False, None

    def _ready(self, objective: Objective, input_shape: Shape) -> ParameterVector:
        """Build the model and attach the optimizer, or change nothing."""
        values = None if self._vector is None else self._vector.values
        objective.optimizer.check_serves(values)
        self.build(input_shape)
        assert self._vector is not None
        objective.optimizer.attach(self._vector.values)
        self._ruled = self.ruled()
        return self._vector


def add_penalties(ruled: list[tuple[Array, Array, Rule]]) -> float:
    """Return what regularizers add to the loss, and add their gradients."""
    penalty = 0.0
    for value, gradient, rule in ruled:
        if rule.regularizer is not None:
            penalty += rule.regularizer(value)
            gradient += rule.regularizer.gradient(value)
    return penalty

"""Fit: one readable training loop over any model."""

import os
import warnings
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial, wraps
from typing import Any, TypeVar, cast

from gatedcore import feeding, keras_arguments
from gatedcore.arrays import Array, Shape
from gatedcore.batches import ArrayBatches, Passes
from gatedcore.callbacks import CallbackList, History, Logs, check_callbacks
from gatedcore.checks import check_bool, check_count
from gatedcore.chunks import check_cut
from gatedcore.course import Course, validated_epochs
from gatedcore.distributed import Communicator
from gatedcore.evaluation import Evaluator
from gatedcore.interrupt import DeferredInterrupt
from gatedcore.keras_arguments import reject_unsupported
from gatedcore.layers.base import Layer, building
from gatedcore.objective import Objective
from gatedcore.optimizers import Optimizer
from gatedcore.optimizers.part import Part
from gatedcore.parameters import ParameterVector
from gatedcore.progress import printers
from gatedcore.random import make_generator, undone_on_error
from gatedcore.results import as_asked
from gatedcore.run_state import carried_kept_on_error
from gatedcore.shared_batches import SharedBatches
from gatedcore.sharing import as_sharing
from gatedcore.sources import SourceBatches
from gatedcore.step import TrainingStep

F = TypeVar("F", bound=Callable[..., Any])


def one_at_a_time(train: F) -> F:
    """Let a method look at the model and train it only while no other call trains it."""

    @wraps(train)
    def call(self: "Trainer", *arguments: object, **options: object) -> Any:
        own = (os.getpid(),)
        try:  # Ctrl-C may come at any moment from here on
            self._begin(train.__name__, own)
            return train(self, *arguments, **options)
        finally:
            if self._run is own:
                self._run = self._course = None

    return cast(F, call)


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
        self._run: tuple[int] | None = None  # the call that trains it, by its process
        self._part: Part | None = None  # what the run trains, if not all
        self._course: Course | None = None  # of the run in progress

    @abstractmethod
    def backward(self, d_y: Array) -> None:
        """Add to the gradients of the last training forward."""

    @abstractmethod
    def way_back(self) -> list[tuple[Layer, bool]]:
        """Return the layers that training goes back through, and whether to their inputs."""

    @abstractmethod
    def trained_part(self) -> Part | None:
        """Return where in the flat vector stands what training changes; None if it is all."""

    @abstractmethod
    def gather(self) -> None:
        """Take the parameters into the flat vector, if they are not all there."""

    @abstractmethod
    def in_a_row(self, where: str) -> list[Layer]:
        """Return the layers if each feeds the next one alone; raise if not."""

    @one_at_a_time
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
        class_weight: object = None,
        sample_weight: object = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int | Sequence[int] = 1,
        tbptt: int | None = None,
        distributed: Communicator | None = None,
        accumulate: int = 1,
        average_every: int | None = None,
        reduction: str = "fast",
        **keras: object,
    ) -> History:
        """Train.

        Parameters
        ----------
        x, y : array-like, (N, ...)
            Inputs and targets; or as ``x`` alone a dataset of ``gatedcore.data``, or whatever
            gives batches (x, y) or (x, y, sample_weight): a sequence with ``__len__`` and
            ``__getitem__``, a torch DataLoader, a generator.
        batch_size : int, optional
            Samples for each step, 32 by default; a dataset has its own.
        epochs : int
            The epoch to stop at: with ``initial_epoch`` 0 how many there are.
        verbose : {"auto", 0, 1, 2}
            Nothing, a progress bar for each epoch ("auto" too), or a line for each.
        callbacks : list of Callback, optional
            Told about the run.
        validation_split : float
            Share of the samples, taken from the end before any shuffling, that is evaluated after
            each epoch instead of trained on.
        validation_data : (x, y), (x, y, sample_weight) or dataset, optional
            Evaluated after each epoch.
        shuffle : bool
            Whether each epoch takes the samples in a new order; a dataset has its own.
        class_weight : dict from int to float, optional
            What the samples (or steps) of a class count in the training's loss; 1 if it is not
            there. Not in validation.
        sample_weight : array-like, (N,) or (N, T), optional
            What each sample, or each step, counts in the loss; the loss stays a mean over all. Of
            several outputs a list or a dict, None where all count alike; an array is for all.
        initial_epoch : int
            The epoch to begin with, counted from 0.
        steps_per_epoch : int, optional
            Batches in an epoch; the next one goes on where it ended.
        validation_steps : int, optional
            How many batches of the validation data to take, each time the first.
        validation_batch_size : int, optional
            By default ``batch_size``.
        validation_freq : int or list of int
            Validate after every so many epochs, or after those listed, counted from 1.
        tbptt : int, optional
            Truncated backpropagation through time: each batch is cut into chunks of so many time
            steps, with an optimizer step for each. States go on from chunk to chunk, gradients do
            not, and dropout draws anew. Loss and metrics count all chunks; callbacks are told
            about whole batches. Not in Keras.
        distributed : Communicator, optional
            The ranks that train together, from ``gatedcore.distributed.init()``: all call ``fit``
            with the same arguments, and ``batch_size`` is that of all together. Each has some rows
            of every batch, and the result is that of one process. A generator, a sequence of
            batches or a DataLoader is each rank's own, unless it is wrapped in
            ``gatedcore.distributed.shard``. Weights, optimizer and generators are those of rank 0;
            logs are the same on all ranks, but those within an epoch are of a rank's own rows.
            Not in Keras.
        accumulate : int
            Batches for each step, which is that of one batch of all their rows; a sum over the
            ranks for each step. Of several outputs, some with masks or weights of steps, it is
            nearly that: each batch counts by its rows. Not in Keras.
        average_every : int, optional
            Local SGD: each rank takes steps of its own, and after every so many, and at the end of
            an epoch, all go on from the mean of their weights and of the optimizer's state. Not
            in Keras.
        reduction : {"fast", "ordered"}
            Whether sums over rows may be made in an order that depends on the number of ranks;
            "ordered" gives the same bits on 1, 2, 4 and 8 ranks, at a price
            (docs/decisions/0013-one-sum-a-step.md). Not in Keras.
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
            After Ctrl-C, at the end of the step or of the validation's batch; ``self.history``
            keeps the epochs that were done.
        """
        where = "fit"
        reject_unsupported(where, keras, keras_arguments.FIT)
        objective = self._compiled(where)
        epochs = check_count(where, "epochs", epochs)
        first = check_count(where, "initial_epoch", initial_epoch, 0)
        validated = validated_epochs(where, validation_freq, epochs)
        shuffle = check_bool(where, "shuffle", shuffle)
        sharing = as_sharing(where, distributed, accumulate, average_every, reduction, tbptt)
        # In Keras's order: what callbacks add to an epoch's logs is shown and kept.
        rank = 0 if distributed is None else distributed.rank
        shown = printers(where, verbose)
        told = [*check_callbacks(where, callbacks), *(() if rank else shown)]
        labels = objective.takes_labels
        train = feeding.training_batches(where, self, x, y, batch_size, labels, sample_weight)
        train, held = feeding.hold_out(
            where, self, train, validation_split, validation_data, labels, validation_batch_size
        )
        feeding.weigh_classes(where, train, class_weight, labels)
        if shuffle and isinstance(train, ArrayBatches | SourceBatches):
            train.rng = make_generator(where, None)
        size = None
        if tbptt is not None:
            output = self.compute_output_shape(train.input_shape)
            size = check_cut(where, tbptt, self.in_a_row(where), train.input_shape, output)
        if sharing is not None:
            train = sharing.feed(where, train, size)
            held = None if held is None else SharedBatches(held, sharing.team)
        passes = Passes(where, train, "steps_per_epoch", steps_per_epoch)
        validation = None
        if held is not None:
            validation = Passes(where, held, "validation_steps", validation_steps)

        history = History()
        params: dict[str, object] = {
            "epochs": epochs,
            "steps": passes.steps,
            "verbose": verbose,
            "rank": rank,
        }
        if validation is not None and validation_freq != 1:
            params["validation_freq"] = validation_freq  # callbacks wait for epochs that have one
        told = [*told, history]
        with (
            self._unchanged_before_a_step(where, objective.optimizer),
            DeferredInterrupt() as interrupt,
            CallbackList(told, self, params) as run,
        ):
            vector = self._ready(objective, train.input_shape)
            self.history, self.stop_training = history, False
            course = self._course = Course(passes, validation, run.callbacks, first, distributed)
            make = TrainingStep if sharing is None else partial(sharing.step, feed=train)
            steps = make(self, objective, vector, self._part, course.place, interrupt, chunk=size)
            course.settled = steps.settled
            if sharing is not None:
                given: dict[str, object] = {"epochs": epochs, "initial_epoch": first, "tbptt": size}
                given |= {"steps_per_epoch": steps_per_epoch, "validation_steps": validation_steps}
                given["validation_freq"] = str(validation_freq)  # an int, or whatever holds some
                given["callbacks"] = [type(one).__name__ for one in told if one.on_all_ranks]
                sharing.begin(where, steps, {"x": train, "validation_data": held}, given)
            run.call("on_train_begin")
            logs: Logs = {}
            for epoch in course.epochs(epochs):
                run.call("on_epoch_begin", epoch)
                means = steps.means()
                for step, batch in course.batches(means):
                    run.batch("on_train_batch_begin", step)
                    steps.take_batch(means, batch)
                    if run.listens("on_train_batch_end"):
                        run.batch("on_train_batch_end", step, means.logs())
                    if steps.ends_epoch():
                        break
                if steps.interrupted():
                    break
                logs = steps.logs(means)
                if validation is not None and epoch in validated:
                    with carried_kept_on_error(steps.stateful):
                        own = steps.means_of(held)
                        seen = self._evaluate(
                            "validation", objective, validation, run, own, steps.interrupted
                        )
                    if steps.interrupted():
                        break
                    logs.update({f"val_{name}": value for name, value in seen.items()})
                run.call("on_epoch_end", epoch, logs)
                if steps.ends_run():
                    break
            with vector.lock:
                objective.optimizer.finalize_variable_values(vector.values, self._part)
            run.call("on_train_end", logs)
        return history

    @one_at_a_time
    def train_on_batch(
        self,
        x: object,
        y: object = None,
        sample_weight: object = None,
        class_weight: object = None,
        return_dict: bool = False,
        **keras: object,
    ) -> float | list[float] | Logs:
        """Take one training step on a batch.

        Parameters
        ----------
        x, y : array-like, (B, ...)
            Inputs and targets.
        sample_weight, class_weight
            As in ``fit``.
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
        KeyboardInterrupt
            After Ctrl-C, at the end of the step, which is taken.
        """
        where = "train_on_batch"
        reject_unsupported(where, keras, keras_arguments.TRAIN_ON_BATCH)
        objective = self._compiled(where)
        labels = objective.takes_labels
        x_batch, y_batch = feeding.training_arrays(where, self, x, y, labels)
        given = feeding.weights_for(where, self, x_batch, sample_weight)
        batch = ArrayBatches(x_batch, y_batch, len(x_batch), weights=given)
        feeding.weigh_classes(where, batch, class_weight, labels)
        means = objective.means()
        with (
            self._unchanged_before_a_step(where, objective.optimizer),
            DeferredInterrupt() as interrupt,
        ):
            vector = self._ready(objective, cast(Shape, x_batch.shape))
            step = TrainingStep(self, objective, vector, self._part, interrupt=interrupt)
            step.take(means, (x_batch, y_batch, batch.weights))
        return as_asked(means.logs(), return_dict)

    @property
    def _is_training(self) -> bool:
        """Whether a call trains the model in this process; a forked child has no such threads."""
        return self._run is not None and self._run[0] == os.getpid()

    def _begin(self, where: str, own: tuple[int]) -> None:
        """Be the only one who trains the model, and keep layers from being added meanwhile."""
        with building():  # of several threads one comes first
            if self._is_training:
                raise ValueError(
                    f"{where}: model is training already, expected it at rest; "
                    "start after the other run"
                )
            self._run = own

    @contextmanager
    def _unchanged_before_a_step(self, where: str, optimizer: Optimizer) -> Iterator[None]:
        """Undo what an error leaves of a run without a step: a build, the optimizer's binding."""
        before = optimizer.calls
        restores = (self.restore_point(), optimizer.restore_point())
        try:
            with undone_on_error(unless=lambda: optimizer.calls > before):
                yield
        except BaseException:
            if optimizer.calls == before:
                for restore in restores:
                    restore()
            raise

    def _ready(self, objective: Objective, input_shape: Shape) -> ParameterVector:
        """Build the model and attach the optimizer, or change nothing."""
        self.gather()
        values = None if self._vector is None else self._vector.values
        objective.optimizer.check_serves(values)
        self.build(input_shape)
        assert self._vector is not None
        self._part = self.trained_part()
        if self._part is not None and self._part.is_empty:
            warnings.warn(
                "fit: no weight is trainable, so training changes nothing; set layer.trainable = "
                "True for the layers that should learn",
                stacklevel=4,
            )
        for layer, to_input in self.way_back():
            layer.check_trains("fit", to_input)
        objective.optimizer.attach(self._vector.values, self._vector.ends, self._part)
        return self._vector

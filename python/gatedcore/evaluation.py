"""Compile, evaluate, predict: what a model does with data without learning from it."""

import math
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from gatedcore import feeding, keras_arguments
from gatedcore.arrays import Array, Shape
from gatedcore.batches import Feed, Passes
from gatedcore.callbacks import CallbackList, Logs, check_callbacks
from gatedcore.columns import Columns
from gatedcore.diagnosis import not_finite
from gatedcore.distributed import Communicator
from gatedcore.keras_arguments import reject_unsupported
from gatedcore.layers.base import Layer, Mask
from gatedcore.layers.weighted import Rule
from gatedcore.objective import Means, Objective
from gatedcore.objectives import of_the_only
from gatedcore.optimizers import Optimizer
from gatedcore.parameters import ParameterVector
from gatedcore.progress import printers
from gatedcore.random import undone_on_error
from gatedcore.results import as_asked, joined
from gatedcore.run_state import carried_kept_on_error, stateful_layers
from gatedcore.shared_batches import SharedBatches
from gatedcore.shared_means import SharedMeans
from gatedcore.team import as_team

_ONE_BATCH = sys.maxsize  # as batch_size


class Evaluator(ABC):
    """Evaluation of whatever has ``forward`` and a flat vector of parameters."""

    def __init__(self) -> None:
        self._objective: Objective | None = None
        self._compiled_with: dict[str, object] = {}  # as `compile` was told, beside the optimizer
        self._vector: ParameterVector | None = None

    # What a kind of model must say.

    @property
    @abstractmethod
    def computing_layers(self) -> list[Layer]:
        """The layers in order, without inputs."""

    @property
    @abstractmethod
    def dtype(self) -> np.dtype[Any]:
        """Dtype of inputs, parameters and outputs."""

    @abstractmethod
    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the output's shape for an input's; raise if it does not fit."""

    @abstractmethod
    def build(self, input_shape: Sequence[int | None]) -> None:
        """Make the parameters, if there are none yet."""

    @abstractmethod
    def as_input(self, where: str, x: object) -> Array:
        """Return anything array-like as an input, of whatever shape."""

    @abstractmethod
    def forward(self, x: Array, training: bool) -> Array:
        """Return the output; in training keep what ``backward`` needs."""

    @abstractmethod
    def forward_masked(self, x: Array, training: bool) -> tuple[Array, Mask | None]:
        """Return the output, as ``forward`` does, and which of its steps count."""

    @abstractmethod
    def ruled(self) -> list[tuple[Array, Array, Rule]]:
        """Return value, gradient and rule of every parameter that has one."""

    @abstractmethod
    def restore_point(self) -> Callable[[], None]:
        """Return what undoes a ``build`` that comes after this."""

    @property
    @abstractmethod
    def output_names(self) -> list[str]:
        """Names of the outputs: of the layers that they come from."""

    # What is to be minimised.

    @property
    def optimizer(self) -> Optimizer | None:
        """The optimizer, once the model is compiled."""
        return None if self._objective is None else self._objective.optimizer

    def compile(
        self,
        optimizer: object = "rmsprop",
        loss: object = None,
        metrics: object = None,
        weighted_metrics: object = None,
        **keras: object,
    ) -> None:
        """Choose how to train.

        Parameters
        ----------
        optimizer : str, dict or Optimizer
            A name such as ``"adam"``, or an object of ``gatedcore.optimizers``.
        loss : str, Loss or callable
            A name or an object of ``gatedcore.losses``, or a function that returns
            (loss, gradient).
        metrics : list of str, Metric or callable, optional
            What to report besides the loss: names and objects of ``gatedcore.metrics``, functions.
            Sample weights do not reach them, masks do.
        weighted_metrics : list of str, Metric or callable, optional
            The same, with sample weights.
        **keras
            Other arguments of Keras are refused unless they ask for nothing.

        Raises
        ------
        TypeError, ValueError
            If an argument is unknown or not supported; an earlier choice then stays.
        """
        reject_unsupported("compile", keras, keras_arguments.COMPILE)
        output = next(iter(self.output_names), "")
        loss, metrics, weighted_metrics = (
            of_the_only(name, given, output)
            for name, given in (
                ("loss", loss),
                ("metrics", metrics),
                ("weighted_metrics", weighted_metrics),
            )
        )
        for name, value, example in (("optimizer", optimizer, "adam"), ("loss", loss, "mse")):
            if value is None:
                raise TypeError(
                    f"compile: {name} is missing, expected a name or an object; "
                    f"pass {name}={example!r}, say"
                )
        self._objective = Objective(optimizer, loss, metrics, weighted_metrics)
        self._compiled_with = {
            "loss": loss,
            "metrics": metrics,
            "weighted_metrics": weighted_metrics,
        }

    # Evaluating.

    def evaluate(
        self,
        x: object,
        y: object = None,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        sample_weight: object = None,
        steps: int | None = None,
        callbacks: object = None,
        return_dict: bool = False,
        distributed: Communicator | None = None,
        **keras: object,
    ) -> float | list[float] | Logs:
        """Return loss and metrics on data, without training.

        Parameters
        ----------
        x, y, batch_size, sample_weight
            As in ``fit``.
        verbose : {"auto", 0, 1, 2}
            Nothing ("auto" too), a progress bar, or a line.
        steps : int, optional
            How many batches to take; by default all.
        callbacks : list of Callback, optional
            Told about the batches.
        return_dict : bool
            Whether to return loss and metrics by name.
        distributed : Communicator, optional
            Ranks that share the work, as in ``fit``; all return the same. Not in Keras.

        Returns
        -------
        float, list of float, or dict
            Means over the samples; without metrics the loss alone.

        Raises
        ------
        TypeError, ValueError
            As ``fit``, or if a loss is not finite; nothing is changed then.
        """
        where = "evaluate"
        reject_unsupported(where, keras, keras_arguments.EVALUATE)
        objective = self._compiled(where)
        team = as_team(where, distributed)
        shown, rank = printers(where, verbose), 0 if team is None else team.rank
        told = [*(() if rank else shown), *check_callbacks(where, callbacks)]
        labels = objective.takes_labels
        batches = feeding.training_batches(where, self, x, y, batch_size, labels, sample_weight)
        means = objective.means()
        if team is not None:
            batches = shared = SharedBatches(batches, team)
            means = SharedMeans(objective, team, shared)
        passes = Passes(where, batches, "steps", steps)
        params = {"steps": passes.steps, "verbose": verbose, "rank": rank}
        with self._unchanged_on_error(), CallbackList(told, self, params) as run:
            self.build(batches.input_shape)
            logs = self._evaluate(where, objective, passes, run, means)
        return as_asked(logs, return_dict)

    def test_on_batch(
        self,
        x: object,
        y: object = None,
        sample_weight: object = None,
        return_dict: bool = False,
        **keras: object,
    ) -> float | list[float] | Logs:
        """Return loss and metrics on one batch, as ``evaluate`` on data of any length.

        Parameters
        ----------
        x, y : array-like, (B, ...)
            Inputs and targets.
        sample_weight, return_dict
            As in ``evaluate``.

        Returns
        -------
        float, list of float, or dict
            As of ``evaluate``.

        Raises
        ------
        TypeError, ValueError
            As ``evaluate``.
        """
        reject_unsupported("test_on_batch", keras, keras_arguments.EVALUATE)
        return self.evaluate(x, y, _ONE_BATCH, sample_weight=sample_weight, return_dict=return_dict)

    def predict_on_batch(self, x: object) -> Any:
        """Return the outputs for one batch, as ``predict`` for data of any length.

        Parameters
        ----------
        x : array-like, (B, ...)
            Inputs.

        Returns
        -------
        ndarray, (B, ...)
            Outputs.

        Raises
        ------
        TypeError, ValueError
            As ``predict``.
        """
        return self.predict(x, _ONE_BATCH)

    @property
    def metrics_names(self) -> list[str]:
        """Names of what ``evaluate`` and ``train_on_batch`` return; none before ``compile``."""
        return [] if self._objective is None else ["loss", *self._objective.names]

    def _evaluate(
        self,
        where: str,
        objective: Objective,
        passes: Passes,
        run: CallbackList,
        means: Means,
        interrupted: Callable[[], bool] = lambda: False,
    ) -> Logs:
        """Return the means of loss and metrics over the samples; none once ``interrupted``."""
        run.call("on_test_begin")
        rules = [(value, rule.regularizer) for value, _, rule in self.ruled()]
        penalty = sum(weigh(value) for value, weigh in rules if weigh is not None)
        with means.alike():
            for step, batch in enumerate(passes.again()):
                run.batch("on_test_batch_begin", step)
                for counting, (x, y, weights) in means.pieces(batch):
                    with np.errstate(over="ignore", invalid="ignore"):  # reported here
                        y_pred, mask = self.forward_masked(x, False)
                        loss = objective.loss_of(y, y_pred, weights, mask)[0]
                    if not math.isfinite(loss + penalty):
                        what = f"loss of batch {step} is {loss + penalty}"
                        layers = self.computing_layers
                        raise ValueError(not_finite(where, what, x, y, layers, self.forward))
                    counting.add(loss, y, y_pred, weights, mask, penalty=penalty)
                if run.listens("on_test_batch_end"):
                    run.batch("on_test_batch_end", step, means.logs())
                if interrupted():
                    return {}
        logs = means.total_logs()
        run.call("on_test_end", logs)
        return logs

    def predict(
        self,
        x: object,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        steps: int | None = None,
        callbacks: object = None,
        **keras: object,
    ) -> Any:
        """Return the outputs for all samples.

        While another thread trains the model, a batch may see a step half done.

        Parameters
        ----------
        x : array-like, (N, ...), or dataset
            Inputs, or as in ``fit`` what gives batches; targets are not used.
        batch_size : int, optional
            Samples in each batch, 32 by default.
        verbose : {"auto", 0, 1, 2}
            Nothing ("auto" and 2 too), or a progress bar.
        steps : int, optional
            How many batches to take; by default all.
        callbacks : list of Callback, optional
            Told about the batches.

        Returns
        -------
        ndarray, (N, ...), or list or dict of these
            Outputs in the order of the inputs; of a shuffled dataset, in the order it draws.

        Raises
        ------
        TypeError, ValueError
            If an argument is unknown or does not suit the model; nothing is changed then.
        """
        where = "predict"
        reject_unsupported(where, keras, keras_arguments.PREDICT)
        told = [*printers(where, verbose), *check_callbacks(where, callbacks)]
        batches = feeding.prediction_batches(where, self, x, batch_size)
        passes = Passes(where, batches, "steps", steps)
        params = {"steps": passes.steps, "verbose": verbose}
        with self._unchanged_on_error(), CallbackList(told, self, params) as run:
            self.build(batches.input_shape)
            whole, done = self._room_for(batches, steps), 0
            parts: list[Any] = []
            run.call("on_predict_begin")
            for step, (x_batch, _, _) in enumerate(passes.on()):
                run.batch("on_predict_batch_begin", step)
                outputs = self.forward(x_batch, False)
                if whole is None:
                    parts.append(outputs)
                else:
                    whole[done : done + len(outputs)] = outputs
                    done += len(outputs)
                run.batch("on_predict_batch_end", step)
            run.call("on_predict_end")
        return self.as_result(joined(where, parts) if whole is None else whole)

    def as_result(self, outputs: Any) -> Any:
        """Return outputs as the user sees them."""
        return outputs

    def _room_for(self, batches: Feed, steps: int | None) -> Any:
        """Return memory for the outputs of all samples, None if their number or shape is open."""
        shapes: Any = self.compute_output_shape(batches.input_shape)
        several = isinstance(shapes[0], tuple)
        listed = [shape[1:] for shape in (shapes if several else [shapes])]
        if batches.samples is None or steps is not None or any(None in shape for shape in listed):
            return None
        rooms = [np.empty((batches.samples, *shape), self.dtype) for shape in listed]
        return Columns(rooms) if several else rooms[0]

    # What the calls share.

    def _compiled(self, where: str) -> Objective:
        """Return what ``compile`` chose."""
        if self._objective is None:
            raise ValueError(
                f"{where}: model is not compiled, expected a compiled one; "
                "call compile(optimizer=..., loss=...) first, and again after adding layers"
            )
        return self._objective

    @contextmanager
    def _unchanged_on_error(self) -> Iterator[None]:
        """Undo a build within the block if it raises, what that drew, and steps of states."""
        carried = carried_kept_on_error(stateful_layers(self.computing_layers))
        if self._vector is not None:
            with carried:
                yield
            return
        restore = self.restore_point()
        with carried, undone_on_error():
            try:
                yield
            except BaseException:
                restore()
                raise

"""What ``compile`` chose: optimizer, loss and metrics; and their means over an epoch."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from gatedcore import losses, metrics, optimizers
from gatedcore.arrays import Array, as_contiguous
from gatedcore.batches import Step
from gatedcore.callbacks import Logs
from gatedcore.checks import check_shape
from gatedcore.metrics.base import Metric, as_number, read_only
from gatedcore.sample_weights import aligned

Weights = npt.NDArray[Any] | None


class Objective:
    """Optimizer, loss and metrics of a model.

    Raises
    ------
    TypeError, ValueError
        If one of them is unknown, or the loss is no number.
    """

    def __init__(
        self, optimizer: object, loss: object, watched: object, weighted: object = None
    ) -> None:
        self.optimizer = optimizers.get(optimizer)
        self.loss = losses.get(loss)
        self._object = losses.as_object(self.loss)
        if self._object is not None:
            self._object.check_reduces("compile")
        self.metrics = _as_metrics(watched)
        self.weighted_metrics = _as_metrics(weighted)
        self.names = _different_names(self.metrics, self.weighted_metrics)

    def means(self) -> "Means":
        """Return means over samples, of none so far."""
        return Means(self)

    @property
    def takes_labels(self) -> bool:
        """Whether targets are class numbers, with an axis less than the predictions."""
        return self._object is not None and self._object.sparse

    def loss_of(
        self, y_true: Array, y_pred: Array, weights: Weights = None, mask: Weights = None
    ) -> tuple[float, Array]:
        """Return the loss and its gradient by the predictions.

        Parameters
        ----------
        y_true, y_pred : ndarray, (B, ..., F)
            Targets and predictions; of class numbers (B, ...).
        weights : ndarray, (B,) or (B, T), optional
            What samples or steps count.
        mask : ndarray of bool, (B,) or (B, T), optional
            Which samples or steps count at all.

        Raises
        ------
        TypeError, ValueError
            If a loss function of the user returns something else, or would have to be weighed.
        """
        if self._object is not None:
            value, slope = self._object.reduce(y_true, y_pred, weights, mask)
            assert slope is not None
            return value, slope
        for name, given in (("sample_weight", weights), ("mask", mask)):
            if given is not None:
                raise ValueError(
                    "compile: loss is a function of yours, which returns one number for the "
                    f"batch, so a {name} cannot reach it; derive a class from "
                    "gatedcore.losses.Loss, or leave it out"
                )
        # Backward reads y_pred again, and y_true may be the caller's own.
        assert not isinstance(self.loss, losses.Loss)
        result = self.loss(read_only(y_true), read_only(y_pred))
        if not isinstance(result, tuple) or len(result) != 2:
            raise TypeError(
                f"compile: loss returned {type(result).__name__}, expected (loss, gradient); "
                "return the mean loss of the batch and its gradient by y_pred"
            )
        gradient = as_contiguous("compile", "gradient of the loss", result[1], y_pred.dtype)
        advice = "return one number for each of y_pred"
        check_shape("compile", "gradient of the loss", gradient, y_pred.shape, "y_pred", advice)
        return as_number("loss", result[0]), gradient

    # For ranks that each have some rows of a batch.

    @property
    def shares(self) -> list[float]:
        """What the loss of each output counts in the whole."""
        return [1.0]

    @property
    def sums(self) -> list[bool]:
        """Whether the loss of each output is a sum over samples; else it is a mean."""
        return [self._object is not None and self._object.reduction == "sum"]

    def described(self) -> list[str]:
        """Return what says which loss and metrics these are."""
        one = getattr(self.loss, "__name__", None) or repr(self.loss)
        return [one, *self.names]

    def each_loss(self, loss: float) -> list[float]:
        """Return the loss of each output, where ``loss_of`` returned ``loss`` for all."""
        return [loss]

    def divisors(
        self, y_true: Any, y_pred: Any, weights: Any = None, mask: Any = None
    ) -> list[float]:
        """Return what the loss of each output was divided by: a function's, by the samples."""
        if self._object is None:
            return [float(len(y_pred))]
        return [self._object.divisor(y_true, y_pred, weights, mask)]


class Counting(Protocol):
    """What counts loss and metrics, as ``Means`` does."""

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
        """Count a batch in."""


class Means:
    """Loss and metrics over the samples seen so far."""

    def __init__(self, objective: Objective) -> None:
        self._names = objective.names
        self._plain = [metric.fresh() for metric in objective.metrics]
        self._weighted = [metric.fresh() for metric in objective.weighted_metrics]
        self._loss = 0.0
        self._samples: float = 0

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
        """Count a batch in: the mask reaches all metrics, weights the weighted ones.

        Of a part of its time steps ``share`` says how large it is; ``penalty`` is what regularizers
        add to the loss.

        Raises
        ------
        TypeError
            With the first batch, so before a step, if a metric is not one number.
        """
        is_first = not self._samples
        n = len(y_pred) * share
        self._samples += n
        self._loss += (loss + penalty) * n
        for metric in self._plain:
            metric.add_part(y_true, y_pred, mask, share)
        if self._weighted:
            both = weights if mask is None else mask if weights is None else _both(weights, mask)
            for metric in self._weighted:
                metric.add_part(y_true, y_pred, both, share)
        if is_first:
            self.logs()

    def get_state(self) -> dict[str, Any]:
        """Return what has been counted in."""
        states = [metric.get_state() for metric in (*self._plain, *self._weighted)]
        return {"loss": self._loss, "samples": self._samples, "metrics": states}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go back to what ``get_state`` returned.

        Raises
        ------
        ValueError
            If it comes from other metrics.
        """
        counting = (*self._plain, *self._weighted)
        if len(state["metrics"]) != len(counting):
            raise ValueError(
                f"compile: state holds {len(state['metrics'])} metrics, expected {len(counting)}; "
                "compile with the same metrics"
            )
        self._loss, self._samples = state["loss"], state["samples"]
        for metric, counted in zip(counting, state["metrics"], strict=True):
            metric.set_state(counted)

    def pieces(self, batch: Step) -> Iterator[tuple["Counting", Step]]:
        """Yield parts of a batch, each with what it is to be counted into: here all of it."""
        yield self, batch

    def alike(self) -> AbstractContextManager[None]:
        """Within the block, let an error be raised on all ranks: here there is but one."""
        return nullcontext()

    def total_logs(self) -> Logs:
        """Return the figures of all ranks: here of this one."""
        return self.logs()

    @property
    def has_samples(self) -> bool:
        """Whether anything was counted in."""
        return self._samples > 0

    def merge(self, state: Mapping[str, Any]) -> None:
        """Count in what others counted, whose ``get_state`` this is."""
        self._loss += state["loss"]
        self._samples += state["samples"]
        counting = (*self._plain, *self._weighted)
        for metric, counted in zip(counting, state["metrics"], strict=True):
            metric.merge_state(counted)

    def set_losses(self, losses: Sequence[float], total: float, samples: float) -> None:
        """Replace the losses by sums over so many samples: of each output, and of all."""
        self._loss, self._samples = total, samples

    def logs(self) -> Logs:
        """Return the loss and the metrics by name.

        Raises
        ------
        TypeError
            If a metric is not one number.
        """
        logs = {"loss": self._loss / self._samples}
        for name, metric in zip(self._names, (*self._plain, *self._weighted), strict=True):
            result = metric.result()
            logs[name] = result if type(result) is float else _one_number(name, result)
        return logs


def _as_metrics(given: object) -> list[Metric]:
    if given is None:
        return []
    listed = given if isinstance(given, list | tuple) else [given]
    return [metrics.get(metric) for metric in listed]


def _different_names(plain: list[Metric], weighted: list[Metric]) -> list[str]:
    """Return the names of all metrics; those that come again are changed as in Keras.

    Raises
    ------
    ValueError
        If one is that of the loss.
    """
    names: list[str] = []
    for metric in (*plain, *weighted):
        name = metric.name
        if name == "loss":
            raise ValueError(
                "compile: a metric has the name 'loss', expected another; pass name=... to it"
            )
        if name in names and len(names) >= len(plain):
            name = f"weighted_{name}"
        chosen, again = name, 0
        while chosen in names:
            again += 1
            chosen = f"{name}_{again}"
        names.append(chosen)
    return names


def _both(weights: npt.NDArray[Any], mask: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return weights that are 0 where the mask is False."""
    longer = max(weights, mask, key=np.ndim)
    product: npt.NDArray[Any] = aligned("fit", "sample_weight", weights, longer.shape) * aligned(
        "fit", "mask", mask, longer.shape
    )
    return product


def _one_number(name: str, result: object) -> float:
    array = np.asarray(result)
    if array.size == 1:
        return as_number(f"metric {name}", array.reshape(()))
    raise TypeError(
        f"compile: metric {name} gives {array.size} numbers, expected one; pass average='macro', "
        "class_aggregation='uniform_average' or a single threshold, whichever it has"
    )

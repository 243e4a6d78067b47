"""What ``compile`` chose: optimizer, loss and metrics; and their means over an epoch."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from gatedcore import losses, metrics, optimizers
from gatedcore.arrays import Array, as_contiguous
from gatedcore.callbacks import Logs
from gatedcore.checks import check_shape


class Objective:
    """Optimizer, loss and metrics of a model.

    Raises
    ------
    TypeError, ValueError
        If one of them is unknown, or two metrics have one name.
    """

    def __init__(self, optimizer: object, loss: object, watched: object) -> None:
        self.optimizer = optimizers.get(optimizer)
        self.loss = losses.get(loss)
        given = watched if isinstance(watched, list | tuple) else [watched]
        self.metrics = [] if watched is None else [metrics.get(metric) for metric in given]
        names = ["loss", *(metric.name for metric in self.metrics)]
        if len(set(names)) < len(names):
            raise ValueError(
                f"compile: metrics has the names {names[1:]}, expected different ones, none "
                "'loss'; leave out the repetition"
            )

    def loss_of(self, y_true: Array, y_pred: Array) -> tuple[float, Array]:
        """Return the loss and its gradient by the predictions.

        Raises
        ------
        TypeError, ValueError
            If a loss function of the user returns something else.
        """
        # Backward reads y_pred again, and y_true may be the caller's own.
        result = self.loss(_read_only(y_true), _read_only(y_pred))
        if not isinstance(result, tuple) or len(result) != 2:
            raise TypeError(
                f"compile: loss returned {type(result).__name__}, expected (loss, gradient); "
                "return the mean loss of the batch and its gradient by y_pred"
            )
        gradient = as_contiguous("compile", "gradient of the loss", result[1], y_pred.dtype)
        advice = "return one number for each of y_pred"
        check_shape("compile", "gradient of the loss", gradient, y_pred.shape, "y_pred", advice)
        return as_number("loss", result[0]), gradient


class Means:
    """Means of loss and metrics over the samples seen so far."""

    def __init__(self, objective: Objective) -> None:
        self._metrics = objective.metrics
        self._sums = [0.0] * (1 + len(self._metrics))
        self._samples = 0

    def add(self, loss: float, y_true: Array, y_pred: Array) -> None:
        """Count a batch in."""
        n = len(y_true)
        self._samples += n
        self._sums[0] += loss * n
        for k, metric in enumerate(self._metrics, start=1):
            value = metric.function(_read_only(y_true), _read_only(y_pred))
            if type(value) is not float:
                value = as_number(f"metric {metric.name}", value, mean=True)
            self._sums[k] += value * n

    def get_state(self) -> dict[str, Any]:
        """Return what has been counted in."""
        return {"sums": list(self._sums), "samples": self._samples}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go back to what ``get_state`` returned.

        Raises
        ------
        ValueError
            If it comes from other metrics.
        """
        if len(state["sums"]) != len(self._sums):
            raise ValueError(
                f"compile: state holds means of {len(state['sums'])} numbers, expected "
                f"{len(self._sums)}; compile with the same metrics"
            )
        self._sums, self._samples = list(state["sums"]), state["samples"]

    def logs(self) -> Logs:
        """Return the means by name."""
        loss, *others = (total / self._samples for total in self._sums)
        logs = {"loss": loss}
        for metric, mean in zip(self._metrics, others, strict=True):
            logs[metric.name] = metric.finish(mean)
        return logs


def _read_only(array: Array) -> Array:
    """Return a view that a function of the user cannot write to."""
    view = array.view()
    view.flags.writeable = False
    return view


def as_number(what: str, value: object, *, mean: bool = False) -> float:
    """Return what a loss or a metric returned as a float; of an array the mean, if that is asked.

    Raises
    ------
    TypeError
        If it is no real number.
    """
    array = np.asarray(value)
    if array.dtype.kind not in "fiub" or not (array.ndim == 0 or (mean and array.size)):
        shown = f"an array of shape {array.shape}" if array.ndim else type(value).__name__
        raise TypeError(
            f"compile: {what} returned {shown}, expected a real number"
            f"{' or an array of them' if mean else ''}; return float(...) of it"
        )
    return float(np.mean(array, dtype=np.float64) if array.ndim else array)

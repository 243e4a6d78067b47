"""What all callbacks share that wait for a quantity to improve."""

import math
import re
from typing import Any, ClassVar

from gatedcore.callbacks.base import Callback, Logs
from gatedcore.checks import check_number, is_one_of, warn

# By the words of the quantity's name: what gets better by falling, and what by rising.
_FALLING = frozenset(
    {
        "loss", "error", "mse", "mae", "rmse", "mape", "msle", "huber", "hinge", "cosh", "logcosh",
        "entropy", "crossentropy", "divergence", "poisson", "perplexity", "quantile", "pinball",
    }
)  # fmt: skip
_RISING = frozenset(
    {
        "acc", "accuracy", "auc", "precision", "recall", "f1", "fbeta", "sensitivity",
        "specificity", "similarity", "iou", "r2",
    }
)  # fmt: skip


def _words(name: str) -> list[str]:
    """Return the words of val_kl_divergence, or of val_KLDivergence, in small letters."""
    ends = r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])"
    return re.sub(ends, "_", name).lower().split("_")


class MonitorCallback(Callback):
    """Base of callbacks that ask after each epoch whether a quantity has improved.

    Parameters
    ----------
    monitor : str
        Name of the quantity, as in ``History.history``.
    mode : {"auto", "min", "max"}
        Whether smaller or larger is better; "auto" tells by the name.
    baseline : float, optional
        The best value before the first epoch; by default there is none.
    min_delta : float
        A change by less is no improvement; its sign does not count.

    Attributes
    ----------
    best : float or None
        The best value so far.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range. Keras takes an unknown ``mode`` for "auto".
    """

    kept: ClassVar[tuple[str, ...]] = ("best",)  # names of what changes in a run

    def __init__(
        self,
        monitor: str = "val_loss",
        mode: str = "auto",
        baseline: float | None = None,
        min_delta: float = 0,
    ) -> None:
        super().__init__()
        where = type(self).__name__
        if not isinstance(monitor, str) or not monitor:
            raise TypeError(
                f"{where}: monitor is {monitor!r}, expected the name of a quantity; "
                "pass 'val_loss', say"
            )
        if not is_one_of(mode, ("auto", "min", "max")):
            raise ValueError(
                f"{where}: mode is {mode!r}, expected 'auto', 'min' or 'max'; use one of these"
            )
        self.monitor = monitor
        self.mode = mode
        self.min_delta = abs(check_number(where, "min_delta", min_delta, -math.inf))
        self.best = (
            None if baseline is None else check_number(where, "baseline", baseline, -math.inf)
        )

    def get_state(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.kept}

    def set_state(self, state: dict[str, Any]) -> None:
        for name in self.kept:
            setattr(self, name, state[name])

    def get_monitor_value(self, logs: Logs | None) -> float | None:
        """Return the quantity's value in this epoch, None where there is none.

        Warns
        -----
        UserWarning
            If the run has no such quantity, as Keras does; the callback then does nothing.
        """
        found = logs or {}
        if self.monitor in found:
            return found[self.monitor]
        seldom = self.monitor.startswith("val_") and self.params.get("validation_freq", 1) != 1
        if seldom or self.model.stop_training:  # a run that is ended within an epoch
            return None
        advice = (
            "pass validation_data or validation_split to fit"
            if self.monitor.removeprefix("val_") in found
            else "name one of them, or add the metric to compile"
        )
        warn(
            f"{type(self).__name__}: monitor is {self.monitor!r}, expected one of "
            f"{', '.join(found)}; the callback does nothing without it; {advice}"
        )
        return None

    def is_improvement(self, value: float, reference: float | None) -> bool:
        """Return whether a value is better than a reference by ``min_delta``.

        Without a reference every number is. NaN never is: it would bar all that comes after.

        Raises
        ------
        ValueError
            If ``mode`` is "auto" and the name does not tell.
        """
        rising = self._rises()
        if math.isnan(value):
            return False
        if reference is None:
            return True
        if rising:
            return value - self.min_delta > reference
        return value + self.min_delta < reference

    def _rises(self) -> bool:
        """Return whether larger is better."""
        if self.mode != "auto":
            return self.mode == "max"
        words = set(_words(self.monitor))
        if words & (_FALLING | _RISING):
            return not words & _FALLING  # "accuracy_loss" is a loss
        raise ValueError(
            f"{type(self).__name__}: monitor {self.monitor!r} with mode='auto' does not tell "
            "whether less or more of it is better, expected a name that does; pass mode='min' or "
            "mode='max'"
        )

"""Callbacks that set the learning rate of an epoch."""

import inspect
import math
from collections.abc import Callable

from gatedcore.callbacks.base import Callback, Logs, check_verbose
from gatedcore.callbacks.monitor import MonitorCallback
from gatedcore.checks import check_count, check_number


class ReduceLROnPlateau(MonitorCallback):
    """Multiply the learning rate by a factor when a quantity has not improved for some epochs.

    The epochs' logs, and with them ``History.history``, gain ``learning_rate``.

    Parameters
    ----------
    monitor : str
        Name of the quantity, as in ``History.history``.
    factor : float
        In [0, 1).
    patience : int
        So many epochs in a row without improvement reduce the rate; 0 counts as 1.
    verbose : {0, 1}
        Whether to print each new rate.
    mode : {"auto", "min", "max"}
        Whether smaller or larger is better; "auto" tells by the name.
    min_delta : float
        A change by less is no improvement.
    cooldown : int
        Epochs after a reduction in which none is counted.
    min_lr : float
        The rate does not fall below.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range. A run without the quantity gives a warning, as in Keras.

    References
    ----------
    ``keras.callbacks.ReduceLROnPlateau``.
    """

    on_all_ranks = True
    kept = ("best", "wait", "cooldown_counter")

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        where = type(self).__name__
        self.factor = check_number(where, "factor", factor, 0.0, 1.0)
        self.patience = check_count(where, "patience", patience, 0)
        self.verbose = check_verbose(where, verbose)
        self.cooldown = check_count(where, "cooldown", cooldown, 0)
        self.min_lr = check_number(where, "min_lr", min_lr, 0.0)
        self._reset()

    def _reset(self) -> None:
        self.best = None
        self.wait = 0
        self.cooldown_counter = 0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._reset()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        rate = _rate_of_epoch(self, logs)
        value = self.get_monitor_value(logs)
        if value is None:
            return
        if self.cooldown_counter:
            self.cooldown_counter -= 1
            self.wait = 0
        if self.is_improvement(value, self.best):
            self.best = value
            self.wait = 0
        elif not self.cooldown_counter:
            self.wait += 1
            if self.wait >= self.patience and rate > self.min_lr:
                self.model.optimizer.learning_rate = max(rate * self.factor, self.min_lr)
                self.cooldown_counter = self.cooldown
                self.wait = 0
                if self.verbose:
                    self.say(f"Epoch {epoch + 1}: learning rate reduced to {_current(self):g}")


class LearningRateScheduler(Callback):
    """Set the learning rate of each epoch by a function.

    The epochs' logs, and with them ``History.history``, gain ``learning_rate``.

    Parameters
    ----------
    schedule : callable
        ``schedule(epoch, learning_rate)`` or ``schedule(epoch)`` returns the rate of an epoch,
        counted from 0; ``learning_rate`` is the present one.
    verbose : {0, 1}
        Whether to print each rate.

    Raises
    ------
    TypeError
        If ``schedule`` is no function; before an epoch, if it returns no number.
    ValueError
        If ``verbose`` is neither 0 nor 1; before an epoch, if the rate is out of range.

    References
    ----------
    ``keras.callbacks.LearningRateScheduler``.
    """

    on_all_ranks = True

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        super().__init__()
        where = type(self).__name__
        if not callable(schedule):
            raise TypeError(
                f"{where}: schedule has type {type(schedule).__name__}, expected a function of "
                "(epoch, learning_rate); pass one that returns the learning rate"
            )
        self.schedule = schedule
        self.verbose = check_verbose(where, verbose)
        self._takes_rate = _takes_two(schedule)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        given = (epoch, _current(self)) if self._takes_rate else (epoch,)
        rate = check_number(
            type(self).__name__, f"schedule{given}", self.schedule(*given), 0.0, math.inf
        )
        self.model.optimizer.learning_rate = rate
        if self.verbose:
            self.say(f"Epoch {epoch + 1}: learning rate set to {rate:g}")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        _rate_of_epoch(self, logs)


def _takes_two(function: Callable[..., object]) -> bool:
    """Return whether a function can be called with two arguments."""
    try:
        inspect.signature(function).bind(0, 0.0)
    except TypeError:
        return False
    except ValueError:  # of some functions written in C Python knows no signature
        return True
    return True


def _current(callback: Callback) -> float:
    """Return the learning rate of the next step."""
    return float(callback.model.optimizer.learning_rate)


def _rate_of_epoch(callback: Callback, logs: Logs | None) -> float:
    """Return the learning rate, and write it to an epoch's logs."""
    rate = _current(callback)
    if logs is not None:
        logs["learning_rate"] = rate
    return rate

"""How tasks train: under one bar, timed, by all ranks of the job, ended once it no longer helps."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import gatedcore as gk
from gatedcore.tasks.console import EpochBar


def train(
    title: str,
    model: gk.Sequential,
    x: object,
    y: object = None,
    *,
    callbacks: Sequence[gk.Callback] = (),
    **options: Any,
) -> tuple[gk.History, float]:
    """Fit a model under one progress bar, together with the other processes if there are some.

    Parameters
    ----------
    title : str
        Stands before the bar.
    model : Sequential
        A compiled one.
    x, y, callbacks, **options
        As ``fit`` takes them.

    Returns
    -------
    history : History
        Of the training.
    seconds : float
        How long it took.
    """
    begin = time.perf_counter()
    told = [EpochBar(title), *callbacks]
    comm = gk.distributed.init()
    if comm.size > 1:
        options["distributed"] = comm
    history = model.fit(x, y, verbose=0, callbacks=told, **options)
    return history, time.perf_counter() - begin


class StopWhen(gk.Callback):
    """Ends a training at the epoch in which a quantity is good enough.

    Parameters
    ----------
    quantity : str
        Name of the quantity, as in ``History.history``.
    enough : callable
        Whether a value of it is.
    """

    def __init__(self, quantity: str, enough: Callable[[float], bool]) -> None:
        super().__init__()
        self._quantity, self._enough = quantity, enough

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Look at it."""
        self.model.stop_training = self._enough((logs or {})[self._quantity])


def keep_best(patience: int, monitor: str = "val_loss") -> gk.EarlyStopping:
    """Return what ends a training without progress and brings back its best epoch's weights."""
    return gk.EarlyStopping(monitor, patience=patience, restore_best_weights=True)

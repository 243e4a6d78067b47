"""Models saved while they train: after epochs or batches, all of them or the best."""

from __future__ import annotations

import os
from typing import Any

from gatedcore.archive import check_path
from gatedcore.callbacks import Logs, MonitorCallback
from gatedcore.callbacks.base import check_verbose
from gatedcore.checks import check_bool, check_count, check_number


class ModelCheckpoint(MonitorCallback):
    """Saves the model, or its weights, after epochs or batches.

    Each file is replaced in one moment: whenever training stops, it is whole. Of several processes
    that train together the first one writes.

    Parameters
    ----------
    filepath : path
        Ends in ``.safetensors``; ``{epoch:02d}``, ``{batch}`` and ``{val_loss:.3f}`` are filled in,
        epochs and batches counted from 1. Missing folders are made.
    monitor : str
        What decides which is best: a name in ``History.history``.
    verbose : {0, 1}
        Whether to print a line for each file.
    save_best_only : bool
        Whether to save only where ``monitor`` is better than ever before.
    save_weights_only : bool
        Whether to save weights instead of models.
    mode : {"auto", "min", "max"}
        Whether less or more is better; "auto" goes by the name.
    save_freq : "epoch" or int
        After each epoch, or after so many batches, counted through.
    initial_value_threshold : float, optional
        What the first must be better than.

    Attributes
    ----------
    best : float or None
        Of what was saved, with ``save_best_only``.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range.
    """

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        threshold = initial_value_threshold
        if threshold is not None:
            name = "initial_value_threshold"
            threshold = check_number("ModelCheckpoint", name, threshold, -float("inf"))
        super().__init__(monitor, mode, threshold)
        where = "ModelCheckpoint"
        self.filepath = check_path(where, filepath)
        self.verbose = check_verbose(where, verbose)
        self.save_best_only = check_bool(where, "save_best_only", save_best_only)
        self.save_weights_only = check_bool(where, "save_weights_only", save_weights_only)
        self.save_freq = check_save_freq(where, save_freq)
        self.initial_value_threshold = threshold
        self._epoch = self._batches = 0

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if isinstance(self.save_freq, str):
            return
        self._batches += 1
        if self._batches % self.save_freq == 0:
            self._consider({"batch": batch + 1, **(logs or {})})

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self.save_freq == "epoch":
            self._consider(dict(logs or {}))

    def get_state(self) -> dict[str, Any]:
        return {"best": self.best, "batches": self._batches}

    def set_state(self, state: dict[str, Any]) -> None:
        self.best, self._batches = state["best"], state["batches"]

    def _consider(self, logs: dict[str, Any]) -> None:
        if not self.save_best_only:
            self._save(logs)
            return
        value = self.get_monitor_value(logs)
        if value is None:
            return
        best = "None" if self.best is None else f"{self.best:.5f}"
        if self.is_improvement(value, self.best):
            self._save(logs, f"{self.monitor} improved from {best} to {value:.5f}, ")
            self.best = value
        elif self.verbose:
            self.say(f"Epoch {self._epoch + 1}: {self.monitor} did not improve from {best}")

    def _save(self, logs: dict[str, Any], reason: str = "") -> None:
        try:
            path = self.filepath.format(epoch=self._epoch + 1, **logs)
        except (KeyError, IndexError, ValueError) as error:
            raise ValueError(
                f"ModelCheckpoint: filepath is {self.filepath!r}, expected placeholders among "
                f"{', '.join(['epoch', *logs])}; {error} cannot be filled in"
            ) from None
        if self.leads:
            os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
            write = self.model.save_weights if self.save_weights_only else self.model.save
            write(path)
        if self.verbose:
            self.say(f"Epoch {self._epoch + 1}: {reason}saved to {path}")


def check_save_freq(where: str, save_freq: object) -> str | int:
    """Return ``save_freq`` if it is "epoch" or a number of batches.

    Raises
    ------
    TypeError, ValueError
        If it is neither.
    """
    if isinstance(save_freq, str):
        if save_freq == "epoch":
            return save_freq
        raise ValueError(
            f"{where}: save_freq is {save_freq!r}, expected 'epoch' or a number of batches; pass "
            "one of these"
        )
    return check_count(where, "save_freq", save_freq)

"""What a run shows on the terminal, by the argument ``verbose``."""

import sys
import time
from collections.abc import Mapping
from typing import Any

from gatedcore.callbacks import Callback, Logs


class Bar(Callback):
    """Base of the progress bars, drawn by tqdm on standard error."""

    def __init__(self) -> None:
        super().__init__()
        self._bar: Any = None

    def open(self, title: str) -> None:
        """Open a bar of as many steps as the run has."""
        from tqdm.auto import tqdm  # here: importing it takes longer than importing this package

        self._bar = tqdm(total=self.params["steps"], desc=title, unit="batch")

    def close(self) -> None:
        """Close the bar, if one is open."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


class EpochBars(Bar):
    """A bar for each epoch of a training."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self.open(f"Epoch {epoch + 1}/{self.params['epochs']}")

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._bar.update(batch + 1 - self._bar.n)  # a run may go on within an epoch

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._bar.set_postfix_str(format_logs(logs or {}), refresh=False)
        self.close()


class EvaluationBar(Bar):
    """A bar for an evaluation."""

    def on_test_begin(self, logs: Logs | None = None) -> None:
        self.open("evaluate")

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._bar.update()

    def on_test_end(self, logs: Logs | None = None) -> None:
        self._bar.set_postfix_str(format_logs(logs or {}), refresh=False)


class PredictionBar(Bar):
    """A bar for a prediction."""

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        self.open("predict")

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._bar.update()


class EpochLines(Callback):
    """A line for each epoch of a training, on standard output."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._start = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        seconds = time.perf_counter() - self._start
        _write(f"Epoch {epoch + 1}/{self.params['epochs']}: {seconds:.2f}s", logs)


class EvaluationLine(Callback):
    """A line for an evaluation, on standard output."""

    def on_test_end(self, logs: Logs | None = None) -> None:
        _write("evaluate", logs)


_PRINTERS: dict[tuple[str, int], tuple[type[Callback], ...]] = {
    ("fit", 1): (EpochBars,),
    ("fit", 2): (EpochLines,),
    ("evaluate", 1): (EvaluationBar,),
    ("evaluate", 2): (EvaluationLine,),
    ("predict", 1): (PredictionBar,),
}


def printers(where: str, verbose: object) -> list[Callback]:
    """Return the callbacks that show a run of ``fit``, ``evaluate`` or ``predict``.

    Parameters
    ----------
    where : str
        Name of the method.
    verbose : {"auto", 0, 1, 2}
        Nothing, a bar or a line; "auto" is a bar in ``fit`` and nothing elsewhere.

    Raises
    ------
    ValueError
        If ``verbose`` is something else.
    """
    level = verbose
    if isinstance(verbose, str) and verbose == "auto":
        level = 1 if where == "fit" else 0
    if not isinstance(level, int) or level not in (0, 1, 2):
        raise ValueError(
            f"{where}: verbose is {verbose!r}, expected 'auto', 0, 1 or 2; use one of these"
        )
    return [kind() for kind in _PRINTERS.get((where, level), ())]


def format_logs(logs: Mapping[str, float]) -> str:
    """Return ``loss=0.0123, mae=0.0456``."""
    return ", ".join(f"{name}={value:.4g}" for name, value in logs.items())


def _write(head: str, logs: Mapping[str, float] | None) -> None:
    sys.stdout.write(f"{head}, {format_logs(logs or {})}\n")
    sys.stdout.flush()

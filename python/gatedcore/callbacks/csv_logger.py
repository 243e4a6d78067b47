"""The numbers of every epoch in a CSV file."""

import csv
import os
from pathlib import Path
from typing import Any, TextIO

from gatedcore.callbacks.base import Callback, Logs
from gatedcore.checks import check_bool


class CSVLogger(Callback):
    """Write a row for each epoch to a CSV file, as soon as the epoch ends.

    The columns are ``epoch``, counted from 0, and the names of the first epoch in alphabetical
    order; without a validation in it, ``val_`` columns for all of them follow. ``NA`` stands for
    what an epoch does not have. Of several processes that train together the first one writes.

    Parameters
    ----------
    filename : str or Path
        The file; its folder must be there.
    separator : str
        Between two cells; one character.
    append : bool
        Whether to go on in a file that is there, whose columns are kept; else it is overwritten.

    Raises
    ------
    OSError
        At the begin of the run, if the file cannot be written.
    TypeError, ValueError
        If an argument is out of range; at the begin of the run, if the file that is appended to
        is no CSV file; after the first epoch, if it has other columns.

    References
    ----------
    ``keras.callbacks.CSVLogger``.
    """

    def __init__(
        self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False
    ) -> None:
        super().__init__()
        if not isinstance(separator, str) or len(separator) != 1:
            raise ValueError(
                f"CSVLogger: separator is {separator!r}, expected one character; pass ',', say"
            )
        self.filename = Path(filename)
        self.separator = separator
        self.append = check_bool("CSVLogger", "append", append)
        self._file: TextIO | None = None
        self._names: list[str] = []
        self._first = True

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.close()
        if not self.leads:
            return
        self._names = self._names_there() if self.append else []
        self._file = self.filename.open("a" if self.append else "w", newline="", encoding="utf-8")
        self._first = True

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if not self.leads:
            return
        assert self._file is not None
        row: dict[str, Any] = {"epoch": epoch, **(logs or {})}
        names = self._names or _names_for(logs or {})
        if self._first and not set(row) <= set(names):
            raise ValueError(
                f"CSVLogger: this run has {', '.join(row)} and {self.filename} the columns "
                f"{', '.join(names)}, expected a column for each; use another file, or append=False"
            )
        self._first = False
        # What only later epochs have is left out, as in Keras.
        writer = csv.DictWriter(
            self._file, names, restval="NA", extrasaction="ignore",
            delimiter=self.separator, lineterminator="\n",
        )  # fmt: skip
        if not self._names:
            writer.writeheader()
            self._names = names
        writer.writerow(row)
        self._file.flush()

    def on_train_end(self, logs: Logs | None = None) -> None:
        self.close()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _names_there(self) -> list[str]:
        """Return the columns of the file, none if it is absent or empty."""
        if not self.filename.exists():
            return []
        try:
            with self.filename.open(newline="", encoding="utf-8") as file:
                return next(csv.reader(file, delimiter=self.separator), [])
        except (UnicodeDecodeError, csv.Error) as error:
            raise ValueError(
                f"CSVLogger: {self.filename} cannot be read ({error}), expected a CSV file to go "
                "on in; use another file, or append=False"
            ) from error

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_file": None}


def _names_for(logs: Logs) -> list[str]:
    """Return the columns for a first epoch: with room for a validation that comes later."""
    names = sorted(logs)
    if not any(name.startswith("val_") for name in names):
        names += [f"val_{name}" for name in names]
    return ["epoch", *names]

"""Training that goes on after it was killed, to the bits of a run that never was."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from gatedcore import archive, keras_arguments
from gatedcore.archive import MALFORMED, SUFFIX, SavedFileError, Tensors
from gatedcore.callbacks import Callback, Logs
from gatedcore.checkpoints import check_save_freq
from gatedcore.checks import check_bool, check_count
from gatedcore.distributed.exchange import gather, of_first
from gatedcore.keras_arguments import reject_unsupported
from gatedcore.layers.weighted import give_weights
from gatedcore.persistence import give_optimizer, match_weights, take_optimizer, take_weights
from gatedcore.run_state import get_layer_states, set_layer_states

_NAME = f"backup{SUFFIX}"


class BackupAndRestore(Callback):
    """Writes all that training changes to a file, and goes on from there when started again.

    A run that is killed at any moment and started again, by the same program with the same data,
    ends with the same bits as one that was not: weights, optimizer, generators, order of the
    samples, means of the epoch, ``History``, and the states of callbacks that have ``get_state``.
    It is told last of all callbacks, wherever it stands in their list.

    Of several processes that train together the first one writes and reads, and tells the others;
    another number of them goes on at the same place, with the same batches, unless each has its
    own.

    Parameters
    ----------
    backup_dir : path
        A folder for this run alone; made if it is not there.
    save_freq : "epoch" or int
        After each epoch, or after so many batches, counted through, and those with which a step
        or an average over ranks (``accumulate``, ``average_every``) is still to come.
    delete_checkpoint : bool
        Whether to remove the file once training has come to its end.
    **keras
        Other arguments of Keras are refused unless they ask for nothing.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range or not supported.
    """

    after_others = on_all_ranks = True

    def __init__(
        self,
        backup_dir: str | os.PathLike[str],
        save_freq: str | int = "epoch",
        *,
        delete_checkpoint: bool = True,
        **keras: object,
    ) -> None:
        super().__init__()
        where = "BackupAndRestore"
        reject_unsupported(where, keras, keras_arguments.BACKUP)
        if not isinstance(backup_dir, str | os.PathLike) or not os.fspath(backup_dir):
            raise TypeError(
                f"{where}: backup_dir is {backup_dir!r}, expected the path of a folder; pass one"
            )
        self.backup_dir = os.fspath(backup_dir)
        self.save_freq = check_save_freq(where, save_freq)
        self.delete_checkpoint = check_bool(where, "delete_checkpoint", delete_checkpoint)
        self._path = os.path.join(self.backup_dir, _NAME)
        self._batches = 0
        self._due = self._finished = False
        self._within_epoch: tuple[Mapping[str, Any], Tensors] | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._batches, self._within_epoch = 0, None
        self._due = self._finished = False
        course = self.model._course
        course.watched = self.save_freq != "epoch"
        data = of_first(course.comm, self._read)
        if data is not None:
            self._resume(*archive.parse("BackupAndRestore", self._path, data, "backup"))

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        # What other callbacks do as an epoch begins was done before the backup within it.
        if self._within_epoch is not None:
            content, tensors = self._within_epoch
            self._within_epoch = None
            self._restore(content, tensors)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if isinstance(self.save_freq, str):
            return
        self._batches += 1
        self._due |= self._batches % self.save_freq == 0
        course = self.model._course
        if self._due and course.settled():
            self._due = False
            # A rank that is to stop has not told the others yet.
            if not any(gather(course.comm, self.model.stop_training)):
                self._save(epoch_done=False)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._finished = epoch + 1 == self.params["epochs"] or self.model.stop_training
        if self.save_freq == "epoch":
            self._save(epoch_done=True)

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self._finished and self.delete_checkpoint and self.leads:
            with suppress(FileNotFoundError):
                os.unlink(self._path)
            with suppress(OSError):  # where the user keeps something else too
                os.rmdir(self.backup_dir)

    def _read(self) -> bytes | None:
        """Make the folder, tidy it up, and return the backup that is there."""
        os.makedirs(self.backup_dir, exist_ok=True)
        unfinished = archive.temporary_prefix(_NAME)
        for name in os.listdir(self.backup_dir):
            if name.startswith(unfinished):
                os.unlink(os.path.join(self.backup_dir, name))
        if not os.path.exists(self._path):
            return None
        with open(self._path, "rb") as file:
            return file.read()

    def _save(self, *, epoch_done: bool) -> None:
        model, course = self.model, self.model._course
        position = course.get_state(epoch_done=epoch_done)
        if not self.leads:
            return
        tensors: Tensors = {}
        state = {
            "position": position,
            "batches": self._batches,
            "stop_training": model.stop_training,
            "layers": get_layer_states(model.computing_layers),
            "callbacks": [[type(c).__name__, c.get_state()] for c in self._others()],
        }
        content = {
            "weights": take_weights(model.computing_layers, tensors),
            "optimizer": [type(model.optimizer).__name__, take_optimizer(model.optimizer, tensors)],
            "state": archive.take_tensors(state, "state", tensors),
        }
        archive.write(self._path, "backup", content, tensors)

    def _resume(self, content: Mapping[str, Any], tensors: Tensors) -> None:
        """Find the place to go on from."""
        course = self.model._course
        with self._of_this_run():
            state = archive.give_tensors(content["state"], tensors)
            course.set_state(state["position"])
            stopped = check_bool("BackupAndRestore", "stop_training", state["stop_training"])
        if course.step:
            self._within_epoch = content, tensors
            return
        self._restore(content, tensors)
        if stopped or course.epoch >= self.params["epochs"]:
            self.model.stop_training, self._finished = stopped, True
            course.epoch = max(course.epoch, self.params["epochs"])

    def _restore(self, content: Mapping[str, Any], tensors: Tensors) -> None:
        """Write the backup's values into model, optimizer and callbacks."""
        model = self.model
        with self._of_this_run():
            kind, optimizer_state = content["optimizer"]
            state = archive.give_tensors(content["state"], tensors)
            if kind != type(model.optimizer).__name__:
                raise ValueError(f"it has the optimizer {kind}")
            weights = match_weights(
                "BackupAndRestore", self._path, model.computing_layers, content, tensors
            )
            others = self._matching_others(state["callbacks"])
            give_optimizer(model.optimizer, optimizer_state, tensors)
            set_layer_states(model.computing_layers, state["layers"])
            give_weights(weights)
            for callback, (_, callback_state) in zip(others, state["callbacks"], strict=True):
                callback.set_state(callback_state)
            self._batches = check_count("BackupAndRestore", "batches", state["batches"], 0)

    def _matching_others(self, states: list[Any]) -> list[Callback]:
        others = self._others()
        names, known = [name for name, _ in states], [type(c).__name__ for c in others]
        if names != known:
            raise ValueError(f"it has the callbacks {names}, this run {known}")
        return others

    def _others(self) -> list[Callback]:
        """Return the callbacks that have something to keep, History first."""
        overriding = (c for c in self.model._course.callbacks if c is not self)
        return [c for c in overriding if type(c).get_state is not Callback.get_state]

    @contextmanager
    def _of_this_run(self) -> Iterator[None]:
        """Turn what a backup of something else raises into the error that says so."""
        try:
            yield
        except SavedFileError:
            raise
        except MALFORMED as error:
            raise SavedFileError(
                f"BackupAndRestore: {self._path} is not of this run: {error}; go on with what it "
                "was made with, or remove it to start anew"
            ) from error

"""Training that is killed and started again: the same bits as one that was not."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gatedcore as gk
from gatedcore import archive
from gatedcore.callbacks import BackupAndRestore
from gatedcore.saving import SavedFileError
from interrupted_training import EPOCHS, STEPS, StopsEarly, train
from small_model import X, Y, make

PROGRAM = Path(__file__).with_name("interrupted_training.py")


class Crash(gk.callbacks.Callback):
    """Raises after so many batches, or as an epoch begins or ends."""

    def __init__(self, batches: int = -1, begin: int = -1, end: int = -1) -> None:
        super().__init__()
        self.left, self.begin, self.end = batches, begin, end

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.left -= 1
        if self.left == 0:
            raise RuntimeError("crash")

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if epoch == self.begin:
            raise RuntimeError("crash")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if epoch == self.end:
            raise RuntimeError("crash")


@pytest.fixture(scope="module")
def unbroken() -> dict[str, Any]:
    return train()


def test_the_training_has_all_that_a_backup_must_keep(unbroken) -> None:
    assert len(unbroken["history"]["val_mae"]) == EPOCHS
    assert unbroken["iterations"] == EPOCHS * STEPS
    assert unbroken["draws"] == [EPOCHS * STEPS] * 3 + [0]
    assert unbroken["learning_rate"] == pytest.approx(0.01 * 0.9**EPOCHS)


@pytest.mark.parametrize("save_freq", ["epoch", 1, 2, 3, 7, 100])
def test_a_backup_changes_no_bit_and_is_removed_at_the_end(tmp_path, save_freq, unbroken) -> None:
    folder = tmp_path / "backup"
    assert train(BackupAndRestore(folder, save_freq)) == unbroken
    assert not folder.exists()


@pytest.mark.parametrize(
    ("save_freq", "batches"),
    [("epoch", (1, 6, 7, 8, 14)), (1, (1, 7, 8)), (5, range(1, 2 * STEPS + 2))],
)
def test_a_crash_anywhere_changes_no_bit(tmp_path, save_freq, batches, unbroken) -> None:
    crashes = [Crash(batches=n) for n in batches]
    crashes += [Crash(begin=epoch) for epoch in (0, 1, EPOCHS - 1)]
    crashes += [Crash(end=epoch) for epoch in (0, 2, EPOCHS - 1)]
    for number, crash in enumerate(crashes):
        folder = tmp_path / str(number)
        with pytest.raises(RuntimeError, match="crash"):
            train(crash, BackupAndRestore(folder, save_freq))
        assert train(BackupAndRestore(folder, save_freq)) == unbroken, vars(crash)


def test_several_crashes_on_the_way(tmp_path, unbroken) -> None:
    for batches in (10, 3, 9):  # of each run, counted from where it went on
        with pytest.raises(RuntimeError, match="crash"):
            train(BackupAndRestore(tmp_path, 2), Crash(batches=batches))
    assert train(BackupAndRestore(tmp_path, 2)) == unbroken


def test_an_early_stop_stays_one(tmp_path) -> None:
    expected = train(stop_after=2)
    assert len(expected["epoch"]) == 3

    class CrashAtTheEnd(gk.callbacks.Callback):
        def on_train_end(self, logs: Any = None) -> None:
            raise RuntimeError("crash")

    with pytest.raises(RuntimeError, match="crash"):
        train(CrashAtTheEnd(), BackupAndRestore(tmp_path), stop_after=2)
    assert os.listdir(tmp_path) == ["backup.safetensors"]
    assert train(BackupAndRestore(tmp_path), stop_after=2) == expected


def killed_again_and_again(
    folder: Path, save_freq: str, kills: int, seed: int
) -> tuple[dict[str, Any], int]:
    """Run the program, kill it at random moments, start it again, and let the last run end.

    Return its result and how many batches that run had left.
    """
    rng = random.Random(seed)
    result = folder / "result.json"
    command = [sys.executable, str(PROGRAM), str(folder / "backup"), str(result), save_freq]
    for run in range(kills + 1):
        last = run == kills
        process = subprocess.Popen(
            [*command, "0" if last else "0.05"], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        if not last:
            # Three batches at least, so that a backup after two was written before the kill.
            begun = [process.stdout.readline() for _ in range(rng.randint(3, 6))]
            assert all(line.startswith("batch") for line in begun)
            time.sleep(rng.uniform(0.0, 0.03))
            process.kill()
        output, _ = process.communicate(timeout=120)
        assert process.returncode == (0 if last else -signal.SIGKILL)
    return json.loads(result.read_text()), output.count("batch")


@pytest.mark.parametrize(("save_freq", "seed"), [("1", 1), ("2", 2), ("epoch", 3)])
def test_a_process_killed_at_random_moments_ends_with_the_same_bits(
    tmp_path, save_freq, seed, unbroken
) -> None:
    found, left = killed_again_and_again(tmp_path, save_freq, 4, seed)
    assert found == json.loads(json.dumps(unbroken))
    if save_freq != "epoch":  # each run went on where the one before it stood
        assert left < EPOCHS * STEPS
    assert sorted(os.listdir(tmp_path)) == ["result.json"]


# What a backup refuses.


def interrupted(folder, **fit: Any) -> None:
    with pytest.raises(RuntimeError, match="crash"):
        make().fit(X, Y, batch_size=4, epochs=3, verbose=0, **fit,
                   callbacks=[BackupAndRestore(folder, 2), Crash(batches=3)])  # fmt: skip


def test_other_models_data_optimizers_and_callbacks_are_errors(tmp_path) -> None:
    interrupted(tmp_path)
    backup = BackupAndRestore(tmp_path, 2)
    options = {"batch_size": 4, "epochs": 3, "verbose": 0, "callbacks": [backup]}
    with pytest.raises(SavedFileError, match="within an epoch of 20 samples in 5 batches"):
        make().fit(X, Y, **{**options, "batch_size": 5})
    with pytest.raises(SavedFileError, match="it has the optimizer Adam; go on with what"):
        make("sgd").fit(X, Y, **options)
    model = gk.Sequential([gk.GRU(2), gk.Dense(1)])
    model.compile("adam", "mse", metrics=["mae"])
    with pytest.raises(SavedFileError, match="holds 8 weights, expected 5"):
        model.fit(X, Y, **options)
    other = gk.callbacks.ModelCheckpoint(tmp_path / "best.safetensors")
    with pytest.raises(SavedFileError, match=r"it has the callbacks \['History'\], this run"):
        make().fit(X, Y, **{**options, "callbacks": [backup, other]})
    make().fit(X, Y, **options)
    assert not tmp_path.exists()


def test_a_damaged_backup_is_an_error(tmp_path) -> None:
    interrupted(tmp_path)
    path = tmp_path / "backup.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    model = make()
    before = model.get_weights()
    with pytest.raises(SavedFileError, match=r"backup.safetensors is damaged or cut off"):
        model.fit(X, Y, verbose=0, callbacks=[BackupAndRestore(tmp_path)])
    for a, b in zip(before, model.weights, strict=True):
        np.testing.assert_array_equal(a, b)


def test_files_of_a_killed_write_are_removed(tmp_path) -> None:
    (tmp_path / ".backup.safetensors.unfinished-0123").write_bytes(b"half")
    (tmp_path / "kept.txt").write_text("mine")
    make().fit(X, Y, verbose=0, callbacks=[BackupAndRestore(tmp_path)])
    assert os.listdir(tmp_path) == ["kept.txt"]


def test_a_backup_that_is_kept_adds_epochs(tmp_path) -> None:
    model = make()
    backup = BackupAndRestore(tmp_path, delete_checkpoint=False)
    model.fit(X, Y, epochs=2, verbose=0, callbacks=[backup])
    again = make()
    assert again.fit(X, Y, epochs=2, verbose=0, callbacks=[backup]).epoch == [0, 1]
    np.testing.assert_array_equal(model.weights[0], again.weights[0])
    assert again.optimizer.iterations == 2
    assert again.fit(X, Y, epochs=3, verbose=0, callbacks=[backup]).epoch == [0, 1, 2]


def test_ctrl_c_keeps_the_backup(tmp_path) -> None:
    class Interrupt(gk.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if batch == 3:
                os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        make().fit(
            X, Y, batch_size=4, verbose=0, callbacks=[Interrupt(), BackupAndRestore(tmp_path, 1)]
        )
    assert os.listdir(tmp_path) == ["backup.safetensors"]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"backup_dir": ""}, TypeError, "backup_dir is '', expected the path of a folder"),
        ({"save_freq": 0}, ValueError, "save_freq is 0"),
        ({"save_freq": "batch"}, ValueError, "save_freq is 'batch', expected 'epoch' or a number"),
        ({"save_freq": False}, TypeError, "save_freq is False"),
        ({"delete_checkpoint": 1}, TypeError, "delete_checkpoint is 1"),
        ({"double_checkpoint": True}, ValueError, "double_checkpoint=True is not supported"),
        ({"nonsense": 1}, TypeError, "unknown argument 'nonsense'"),
    ],
)
def test_wrong_arguments(arguments, error, message) -> None:
    with pytest.raises(error, match=message):
        BackupAndRestore(**{"backup_dir": "backup", **arguments})


def test_an_early_stop_within_an_epoch(tmp_path) -> None:
    class StopAt(gk.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.model.stop_training = batch == 2

    expected = train(StopAt())
    assert expected["epoch"] == [0]
    with pytest.raises(RuntimeError, match="crash"):
        train(StopAt(), Crash(end=0), BackupAndRestore(tmp_path, 1))
    assert train(StopAt(), BackupAndRestore(tmp_path, 1)) == expected
    assert StopsEarly(1).epoch == 1


@pytest.mark.parametrize(
    ("key", "value"),
    [("optimizer", None), ("optimizer", ["Adam", 3]), ("state", None), ("weights", 3)],
)
@pytest.mark.parametrize("batches", [2, STEPS])
def test_a_backup_whose_parts_are_something_else(tmp_path, key, value, batches) -> None:
    with pytest.raises(RuntimeError, match="crash"):
        train(Crash(end=0) if batches == STEPS else Crash(batches), BackupAndRestore(tmp_path, 1))
    path = str(tmp_path / "backup.safetensors")
    content, tensors = archive.read("", path, "backup")
    del content["checksum"]
    archive.write(path, "backup", {**content, key: value}, tensors)
    with pytest.raises(SavedFileError, match="BackupAndRestore: "):
        train(BackupAndRestore(tmp_path, 1))


@pytest.mark.parametrize("name", ["epoch_start", "generators"])
def test_generators_of_a_backup_are_looked_at_before_training(tmp_path, name) -> None:
    with pytest.raises(RuntimeError, match="crash"):
        train(Crash(2), BackupAndRestore(tmp_path, 1))
    path = str(tmp_path / "backup.safetensors")
    content, tensors = archive.read("", path, "backup")
    del content["checksum"]
    content["state"]["position"]["ranks"][0][name]["global"]["library"]["state"] = None
    archive.write(path, "backup", content, tensors)
    with pytest.raises(SavedFileError, match="is not of this run"):
        train(BackupAndRestore(tmp_path, 1))

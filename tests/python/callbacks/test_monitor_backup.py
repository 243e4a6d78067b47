"""Callbacks that wait for an improvement, in a run that is killed and started again."""

from pathlib import Path

import numpy as np
import pytest

import gatedcore as gk
from small_model import X, Y, make


def run(folder: Path | None, stop_in: int | None = None) -> tuple[gk.Sequential, gk.History]:
    """Train as long as it helps; fail at the begin of an epoch, if that is asked for."""

    def fail(epoch: int, logs: object) -> None:
        if epoch == stop_in:
            raise RuntimeError("killed")

    gk.set_random_seed(3)
    model = make(gk.SGD(0.3))
    callbacks = [
        gk.ReduceLROnPlateau("val_loss", 0.5, patience=1),
        gk.EarlyStopping("val_loss", patience=4, restore_best_weights=True),
        gk.LambdaCallback(on_epoch_begin=fail),
    ]
    if folder is not None:
        callbacks.append(gk.callbacks.BackupAndRestore(folder))
    history = model.fit(
        X, Y, batch_size=4, epochs=30, verbose=0, validation_split=0.3, callbacks=callbacks
    )
    return model, history


def test_it_ends_with_the_bits_of_an_unbroken_run(tmp_path: Path) -> None:
    model, history = run(None)
    epochs = len(history.epoch)
    assert 5 < epochs < 30  # it was stopped
    assert len(set(history.history["learning_rate"])) > 2
    for stop_in in (1, 3, epochs - 1):
        folder = tmp_path / str(stop_in)
        with pytest.raises(RuntimeError, match="killed"):
            run(folder, stop_in)
        again, whole = run(folder)
        assert whole.history == history.history
        for mine, theirs in zip(again.get_weights(), model.get_weights(), strict=True):
            np.testing.assert_array_equal(mine, theirs)

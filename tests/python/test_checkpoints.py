"""Models saved while they train."""

import os
from typing import Any

import numpy as np
import pytest

import gatedcore as gk
from gatedcore.callbacks import ModelCheckpoint
from small_model import X, Y, make


def fit(*callbacks: gk.Callback, **options: Any) -> gk.Sequential:
    model = make()
    defaults = {"batch_size": 8, "epochs": 3, "verbose": 0, "validation_split": 0.2}
    model.fit(X, Y, callbacks=list(callbacks), **{**defaults, **options})
    return model


class Weights(gk.Callback):
    """Keeps the weights after each epoch and each batch."""

    def __init__(self) -> None:
        super().__init__()
        self.epochs: list[np.ndarray] = []
        self.batches: list[np.ndarray] = []

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.epochs.append(self.model.weights[0].copy())

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.batches.append(self.model.weights[0].copy())


def test_each_epoch_has_its_file(tmp_path) -> None:
    seen = Weights()
    path = tmp_path / "new" / "{epoch:02d}-{val_loss:.2f}.safetensors"
    model = fit(seen, ModelCheckpoint(path))
    names = sorted(os.listdir(tmp_path / "new"))
    losses = model.history.history["val_loss"]
    assert names == [f"{n + 1:02d}-{loss:.2f}.safetensors" for n, loss in enumerate(losses)]
    for name, weights in zip(names, seen.epochs, strict=True):
        again = gk.load_model(tmp_path / "new" / name)
        np.testing.assert_array_equal(again.weights[0], weights)
    assert again.optimizer.iterations == 6


class Losses(gk.Callback):
    """Puts made-up validation losses in place of the real ones."""

    def __init__(self, *losses: float) -> None:
        super().__init__()
        self.losses = losses

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        logs["val_loss"] = self.losses[epoch]


@pytest.mark.parametrize(
    ("losses", "mode", "threshold", "expected"),
    [
        ((3.0, 2.0, 2.5), "auto", None, 1),
        ((3.0, 2.0, 2.5), "max", None, 0),
        ((3.0, 2.0, 2.0), "min", None, 1),
        ((3.0, 2.0, 2.5), "min", 2.2, 1),
        ((3.0, 2.0, 2.5), "min", 1.0, None),
        ((float("nan"), 2.0, 2.5), "min", None, 1),
    ],
)
def test_the_best_alone(tmp_path, losses, mode, threshold, expected) -> None:
    seen = Weights()
    path = tmp_path / "best.safetensors"
    checkpoint = ModelCheckpoint(
        path, save_best_only=True, save_weights_only=True, mode=mode,
        initial_value_threshold=threshold,
    )  # fmt: skip
    fit(Losses(*losses), seen, checkpoint)
    if expected is None:
        assert not path.exists()
        return
    model = make()
    model.load_weights(path)
    np.testing.assert_array_equal(model.weights[0], seen.epochs[expected])
    assert checkpoint.best == losses[expected]


def test_a_number_of_batches(tmp_path) -> None:
    seen = Weights()
    path = tmp_path / "{epoch}-{batch}.safetensors"
    fit(seen, ModelCheckpoint(path, save_freq=3), validation_split=0.0)  # 3 batches an epoch
    assert sorted(os.listdir(tmp_path)) == [f"{n}-3.safetensors" for n in (1, 2, 3)]
    fit(seen, ModelCheckpoint(tmp_path / "c{epoch}-{batch}.safetensors", save_freq=4),
        validation_split=0.0)  # fmt: skip
    assert {"c2-1.safetensors", "c3-2.safetensors"} <= set(os.listdir(tmp_path))
    again = gk.load_model(tmp_path / "c2-1.safetensors")
    np.testing.assert_array_equal(again.weights[0], seen.batches[9 + 3])


def test_lines(tmp_path, capsys) -> None:
    path = str(tmp_path / "best.safetensors")
    fit(Losses(3.0, 2.0, 2.5), ModelCheckpoint(path, verbose=1, save_best_only=True))
    assert capsys.readouterr().out.splitlines() == [
        f"Epoch 1: val_loss improved from None to 3.00000, saved to {path}",
        f"Epoch 2: val_loss improved from 3.00000 to 2.00000, saved to {path}",
        "Epoch 3: val_loss did not improve from 2.00000",
    ]


def test_a_run_that_goes_on_keeps_the_best(tmp_path) -> None:
    class Crash(gk.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            if epoch == 2:
                raise RuntimeError("crash")

    def callbacks() -> list[gk.Callback]:
        return [
            Losses(3.0, 2.0, 2.5),
            ModelCheckpoint(tmp_path / "best.safetensors", save_best_only=True),
            gk.callbacks.BackupAndRestore(tmp_path / "backup"),
        ]

    with pytest.raises(RuntimeError, match="crash"):
        fit(*callbacks(), Crash())
    before = (tmp_path / "best.safetensors").read_bytes()
    given = callbacks()
    fit(*given)
    assert (tmp_path / "best.safetensors").read_bytes() == before
    assert given[1].best == 2.0


def test_a_monitor_that_is_not_there(tmp_path) -> None:
    checkpoint = ModelCheckpoint(tmp_path / "best.safetensors", save_best_only=True)
    with pytest.warns(UserWarning, match="monitor is 'val_loss', expected one of loss, mae; "):
        fit(checkpoint, validation_split=0.0)
    assert not (tmp_path / "best.safetensors").exists()
    with pytest.raises(ValueError, match="expected placeholders among epoch, loss, mae"):
        fit(ModelCheckpoint(tmp_path / "{nonsense}.safetensors"))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"filepath": "best.keras"}, ValueError, "filepath is 'best.keras', expected one that"),
        ({"filepath": 3}, TypeError, "filepath has type int"),
        ({"mode": "best"}, ValueError, "mode is 'best', expected 'auto'"),
        ({"monitor": 3}, TypeError, "monitor is 3, expected the name of a quantity"),
        ({"save_freq": -1}, ValueError, "save_freq is -1"),
        ({"save_freq": "batch"}, ValueError, "save_freq is 'batch'"),
        ({"save_best_only": "yes"}, TypeError, "save_best_only is 'yes'"),
        ({"initial_value_threshold": "low"}, TypeError, "initial_value_threshold is 'low'"),
        ({"verbose": None}, ValueError, "verbose is None"),
    ],
)
def test_wrong_arguments(arguments, error, message) -> None:
    with pytest.raises(error, match=message):
        ModelCheckpoint(**{"filepath": "best.safetensors", **arguments})


def test_of_several_processes_the_first_one_writes(tmp_path, capsys) -> None:
    class OnRankOne(ModelCheckpoint):
        def set_params(self, params: dict[str, Any]) -> None:
            super().set_params({**params, "rank": 1})

    path = tmp_path / "new" / "best.safetensors"
    first, other = (
        kind(path, verbose=1, save_best_only=True) for kind in (ModelCheckpoint, OnRankOne)
    )
    fit(Losses(3, 1, 2), other)
    assert list(tmp_path.iterdir()) == []
    assert capsys.readouterr().out == ""
    fit(Losses(3, 1, 2), first)
    assert path.exists()
    assert first.best == other.best == 1  # it keeps count all the same

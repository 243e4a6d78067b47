import math
from pathlib import Path

import numpy as np
import pytest

import gatedcore as gk
from small_model import X, Y, make, snapshot


def spoilt(row: int) -> np.ndarray:
    x = X.copy()
    x[row, 2, 1] = np.nan
    return x


def test_the_run_ends_before_that_step(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    model, other = make(), make()
    said = []
    callbacks = [
        gk.TerminateOnNaN(),
        gk.EarlyStopping("val_loss", patience=1),
        gk.CSVLogger(tmp_path / "log.csv"),
        gk.LambdaCallback(on_train_end=lambda logs: said.append("end")),
    ]
    history = model.fit(
        spoilt(9), Y, batch_size=4, epochs=3, verbose=0, shuffle=False, callbacks=callbacks,
        validation_data=(X, Y),
    )  # fmt: skip
    for start in (0, 4):
        other.train_on_batch(X[start : start + 4], Y[start : start + 4])
    assert snapshot(model)[:3] == snapshot(other)[:3]
    assert np.isfinite(model.predict(X)).all()
    assert history.epoch == [0]
    assert list(history.history) == ["loss"]
    assert math.isnan(history.history["loss"][0])
    assert model.history is history
    assert said == ["end"]
    assert capsys.readouterr().out.startswith("Batch 2: invalid loss, training ends (training step")
    assert (tmp_path / "log.csv").read_text() == "epoch,loss,val_loss\n0,nan,NA\n"


def test_at_the_first_step_of_a_model_that_is_not_built() -> None:
    model = gk.Sequential([gk.GRU(3), gk.Dense(1)])
    model.compile("adam", "mse")
    history = model.fit(spoilt(0), Y, verbose=0, callbacks=[gk.TerminateOnNaN()])
    assert len(history.epoch) == 1
    assert model.optimizer.iterations == 0
    model.fit(X, Y, verbose=0)


def test_later_epochs_keep_what_came_before() -> None:
    model = gk.Sequential([gk.Dense(1, input_shape=(2,))])
    model.compile("sgd", "mse")

    def explode(epoch: int, rate: float) -> float:
        return rate if epoch < 2 else 1e30

    history = model.fit(
        X[:, 0], Y, epochs=9, verbose=0, batch_size=20,
        callbacks=[gk.LearningRateScheduler(explode), gk.TerminateOnNaN()],
    )  # fmt: skip
    *before, last = history.history["loss"]
    assert len(before) in (3, 4)
    assert np.isfinite(before).all()
    assert math.isnan(last)


def test_a_gradient_that_is_not_finite_ends_it_too() -> None:
    def loss(y_true: np.ndarray, y_pred: np.ndarray) -> tuple[float, np.ndarray]:
        return 1.0, np.full_like(y_pred, np.inf)

    model = make()
    model.compile("sgd", loss)
    history = model.fit(X, Y, epochs=2, verbose=0, callbacks=[gk.TerminateOnNaN()])
    assert history.epoch == [0]


def test_without_it_or_with_raise_error_the_run_raises() -> None:
    model = make()
    closed = []

    class Closing(gk.Callback):
        def close(self) -> None:
            closed.append("closed")

        def on_train_end(self, logs=None) -> None:
            closed.append("end")

    before = snapshot(model)
    with pytest.raises(ValueError, match="training step: loss is nan"):
        model.fit(spoilt(0), Y, batch_size=20, verbose=0, callbacks=[Closing()])
    with pytest.raises(RuntimeError, match="batch 0: training step: loss is nan"):
        model.fit(
            spoilt(0), Y, batch_size=20, verbose=0,
            callbacks=[Closing(), gk.TerminateOnNaN(raise_error=True)],
        )  # fmt: skip
    assert closed == ["closed", "closed"]
    assert snapshot(model)[:3] == before[:3]


def test_other_errors_come_through() -> None:
    def fail(batch: int, logs: object) -> None:
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        make().fit(
            X, Y, verbose=0,
            callbacks=[gk.TerminateOnNaN(), gk.LambdaCallback(on_train_batch_end=fail)],
        )  # fmt: skip


def test_bad_arguments() -> None:
    with pytest.raises(TypeError, match="TerminateOnNaN: raise_error is 1, expected True or False"):
        gk.TerminateOnNaN(raise_error=1)

"""Errors and Ctrl-C in training: what is reported, and that nothing is half changed."""

import os
import re
import signal
import subprocess
import sys

import numpy as np
import pytest

import gatedcore as gk
from small_model import X, Y, make, snapshot

# Bad input: an error, and nothing is changed.


def test_before_compile() -> None:
    model = gk.Sequential([gk.Dense(1)])
    for call in (model.fit, model.evaluate, model.train_on_batch):
        with pytest.raises(ValueError, match=f"{call.__name__}: model is not compiled, expected"):
            call(X, Y)
    assert not model.built


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"x": X[:10]}, ValueError, "fit: y has 20 samples, expected 10 as x"),
        ({"x": X[:, 0]}, ValueError, "x has shape (20, 2), expected (None, None, 2)"),
        ({"x": X[..., :1]}, ValueError, "x has shape (20, 5, 1), expected (None, None, 2)"),
        ({"x": "text"}, TypeError, "fit: x has type str, expected an array"),
        ({"x": iter([])}, ValueError, "fit: y came with a dataset as x, expected None"),
        ({"y": np.zeros((20, 2))}, ValueError, "fit: y has shape (20, 2), expected (20, 1)"),
        ({"y": None}, TypeError, "fit: y is missing"),
        ({"batch_size": 0}, ValueError, "fit: batch_size is 0"),
        ({"batch_size": 2.5}, TypeError, "fit: batch_size is 2.5"),
        ({"epochs": 0}, ValueError, "fit: epochs is 0"),
        ({"epochs": "3"}, TypeError, "fit: epochs is '3'"),
        ({"shuffle": "batch"}, TypeError, "fit: shuffle is 'batch'"),
        ({"verbose": 7}, ValueError, "fit: verbose is 7"),
        ({"callbacks": ["x"]}, TypeError, "fit: callbacks holds 'x'"),
        ({"validation_split": 1.0}, ValueError, "fit: validation_split is 1"),
        ({"validation_split": 0.99}, ValueError, "fit: validation_split=0.99 of 20 samples leaves"),
        ({"validation_data": X}, TypeError, "fit: validation_data is a ndarray"),
        ({"validation_data": (X, Y[:3])}, ValueError, "fit: y has 3 samples, expected 20 as x"),
        (
            {"sample_weight": np.ones(19)},
            ValueError,
            "fit: sample_weight has shape (19,), expected",
        ),
        ({"class_weight": {}}, ValueError, "fit: class_weight came with a target -0.66"),
        ({"steps_per_epoch": 0}, ValueError, "fit: steps_per_epoch is 0, expected an integer"),
        ({"epoch": 3}, TypeError, "fit: got an unknown argument 'epoch'"),
    ],
)
def test_bad_arguments_change_nothing(change: dict, error: type[Exception], message: str) -> None:
    model = make()
    model.fit(X, Y, verbose=0)
    before = snapshot(model)
    with pytest.raises(error, match=re.escape(message)):
        model.fit(**{"x": X, "y": Y, "epochs": 2, "verbose": 0, **change})
    assert snapshot(model) == before


def test_bad_arguments_leave_an_unbuilt_model_unbuilt() -> None:
    model = gk.Sequential([gk.GRU(3), gk.Dense(1)])
    model.compile("adam", "mse")
    before = snapshot(model)
    for bad in ((X, Y[:3]), (X, np.zeros((20, 7))), (X[0], Y[:5])):
        with pytest.raises(ValueError, match="has"):
            model.fit(*bad)
    assert snapshot(model) == before


def test_optimizer_of_another_model() -> None:
    optimizer = gk.Adam()
    first = make(optimizer)
    first.fit(X, Y, verbose=0)
    before = snapshot(first)
    second = gk.Sequential([gk.GRU(3), gk.Dense(1)])
    second.compile(optimizer, "mse")
    with pytest.raises(ValueError, match="adam: optimizer already trains other parameters"):
        second.fit(X, Y, verbose=0)
    assert not second.built
    assert snapshot(first) == before


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        ("x", "training step: loss is nan, expected a finite number; x of this batch holds NaN"),
        ("y", "training step: loss is nan, expected a finite number; y of this batch holds NaN"),
        ("both", "x and y of this batch holds NaN or infinity: clean the data"),
    ],
)
def test_nan_in_the_data_is_reported_and_the_step_not_taken(spoil: str, message: str) -> None:
    model = make()
    model.fit(X, Y, verbose=0)
    x, y = X.copy(), Y.copy()
    if spoil != "y":
        x[3, 2, 1] = np.nan
    if spoil != "x":
        y[3] = np.nan
    before = snapshot(model)
    with pytest.raises(ValueError, match=re.escape(message)):
        model.train_on_batch(x, y)
    assert snapshot(model) == before


def test_nan_in_the_middle_of_fit_keeps_the_weights_of_the_step_before() -> None:
    x = X.copy()
    x[9, 2, 1] = np.nan  # in the third batch of four
    model, other = make(), make()
    with pytest.raises(ValueError, match="training step: loss is nan"):
        model.fit(x, Y, batch_size=4, verbose=0, shuffle=False)
    for start in (0, 4):
        other.train_on_batch(x[start : start + 4], Y[start : start + 4])
    assert snapshot(model)[:3] == snapshot(other)[:3]
    assert np.isfinite(model.predict(X)).all()


def test_gradient_that_is_not_finite() -> None:
    def loss(y_true: np.ndarray, y_pred: np.ndarray) -> tuple[float, np.ndarray]:
        return 1.0, np.full_like(y_pred, np.inf)

    model = make()
    model.compile("sgd", loss)
    before = snapshot(model)
    with pytest.raises(ValueError, match=r"a gradient is not finite.* lower the learning rate"):
        model.train_on_batch(X, Y)
    assert snapshot(model) == before


def test_explosion_is_an_error_not_a_warning() -> None:
    model = gk.Sequential([gk.Dense(1, input_shape=(2,))])
    model.compile(gk.SGD(1e30), "mse")
    with pytest.raises(ValueError, match=r"training step: .*, expected a finite number; lower the"):
        model.fit(X[:, 0], Y, epochs=5, verbose=0)


# Ctrl-C.


def test_interrupt_stops_after_the_step_and_keeps_the_history() -> None:
    class Interrupt(gk.Callback):
        def on_train_batch_begin(self, batch, logs=None) -> None:
            if self.model.optimizer.iterations == 7:  # in the second epoch of five steps
                signal.raise_signal(signal.SIGINT)

    model, other = make(), make()
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y, batch_size=4, epochs=9, verbose=0, shuffle=False, callbacks=[Interrupt()])
    assert model.optimizer.iterations == 8
    assert model.history.epoch == [0]
    for step in range(8):
        part = slice(step % 5 * 4, step % 5 * 4 + 4)
        other.train_on_batch(X[part], Y[part])
    assert snapshot(model)[:3] == snapshot(other)[:3]
    model.fit(X, Y, verbose=0)


@pytest.mark.skipif(os.name != "posix", reason="sends a POSIX signal")
def test_interrupt_of_a_whole_program() -> None:
    code = """
import os, signal, threading, time
import numpy as np, gatedcore as gk
model = gk.Sequential([gk.LSTM(4, input_shape=(None, 1)), gk.Dense(1)])
model.compile("adam", "mse")
class Kill(gk.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch == 3:
            os.kill(os.getpid(), signal.SIGINT)
model.fit(np.zeros((8, 3, 1)), np.zeros(8), epochs=10**6, verbose=0, callbacks=[Kill()])
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert run.returncode != 0
    assert run.stderr.rstrip().endswith("KeyboardInterrupt")


def test_nan_in_the_first_batch_leaves_model_and_optimizer_free() -> None:
    for train in ("fit", "train_on_batch"):
        optimizer = gk.Adam()
        model = gk.Sequential([gk.GRU(3), gk.Dense(1)])
        model.compile(optimizer, "mse")
        before = snapshot(model)
        with pytest.raises(ValueError, match="NaN or infinity: clean the data"):
            getattr(model, train)(np.full_like(X, np.nan), Y)
        model.history = None  # that of the run, without an epoch
        assert snapshot(model) == before
        other = make(optimizer)  # nothing binds it to the first
        other.fit(X, Y, verbose=0)


def test_layers_are_not_added_while_a_model_trains() -> None:
    model = make()

    class Add(gk.Callback):
        def on_epoch_end(self, epoch, logs=None) -> None:
            self.model.add(gk.Dense(1))

    with pytest.raises(ValueError, match="add: model is training, expected it at rest"):
        model.fit(X, Y, verbose=0, callbacks=[Add()])
    assert len(model.layers) == 3
    model.fit(X, Y, verbose=0)
    model.add(gk.Dense(1))


def test_a_model_trains_once_at_a_time() -> None:
    model = make()

    class Again(gk.Callback):
        def on_epoch_begin(self, epoch, logs=None) -> None:
            self.model.fit(X, Y, verbose=0)

    with pytest.raises(ValueError, match="fit: model is training already"):
        model.fit(X, Y, verbose=0, callbacks=[Again()])

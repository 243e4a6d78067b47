"""Ctrl-C while a model trains, validates, evaluates and predicts."""

import signal
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest

import gatedcore as gk
from gatedcore import training
from small_model import X, Y, make, snapshot

WITHIN = 0.2  # seconds from the signal to the end of the call


class Batches:
    """The same batch so many times, each after a pause in which a Ctrl-C may come."""

    def __init__(self, count: int, pause: float = 0.002) -> None:
        self.count, self.pause = count, pause

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        time.sleep(self.pause)
        return X, Y


def seconds_to_stop(call: Callable[[], object], after: Iterable[float] = (0.1, 0.15, 0.2)) -> float:
    """Return the shortest time from a Ctrl-C to the KeyboardInterrupt of several tries.

    The shortest, as the machine may have other work at one of them.
    """
    times = []
    for delay in after:
        sent: list[float] = []

        def interrupt(sent: list[float] = sent) -> None:
            sent.append(time.monotonic())
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

        timer = threading.Timer(delay, interrupt)
        timer.start()
        try:
            with pytest.raises(KeyboardInterrupt):
                call()
            times.append(time.monotonic() - sent[0])
        finally:
            timer.join()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    return min(times)


def test_fit_stops_at_the_next_batch() -> None:
    model = make()
    assert seconds_to_stop(lambda: model.fit(Batches(10**6), verbose=0)) < WITHIN
    assert model.optimizer.iterations > 0
    model.fit(X, Y, verbose=0)


class InterruptedAdam(gk.Adam):
    """Ctrl-C comes within its third update, when weights are new and nothing else is yet."""

    def update(self, *arguments: Any) -> None:
        super().update(*arguments)
        if self.iterations == 2:
            signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("call", ["fit", "train_on_batch"])
def test_ctrl_c_within_a_step_waits_for_its_end(call: str) -> None:
    model, other = make(InterruptedAdam()), make()

    def train() -> None:
        if call == "fit":
            model.fit(X, Y, batch_size=20, shuffle=False, epochs=9, verbose=0)
        for _ in range(9):
            model.train_on_batch(X, Y)

    with pytest.raises(KeyboardInterrupt):
        train()
    assert model.optimizer.iterations == 3
    for _ in range(3):
        other.train_on_batch(X, Y)
    assert snapshot(model)[:3] == snapshot(other)[:3]
    train()


@pytest.mark.parametrize("freq", [1, 2])
def test_fit_stops_within_its_validation_too(freq: int) -> None:
    model, ended = make(), []

    class Watch(gk.Callback):
        def on_train_end(self, logs: Any = None) -> None:
            ended.append("train")

        def on_test_end(self, logs: Any = None) -> None:
            ended.append("test")

    def fit() -> None:
        model.fit(
            Batches(1), epochs=2, verbose=0, callbacks=[Watch()],
            validation_data=Batches(10**6), validation_freq=freq,
        )  # fmt: skip

    assert seconds_to_stop(fit) < WITHIN
    assert model.history.epoch == list(range(freq - 1))  # that without its validation is not done
    assert ended == ["train"] * 3
    assert model.optimizer.iterations == 3 * freq


@pytest.mark.parametrize("call", ["evaluate", "predict"])
def test_evaluation_and_prediction_stop_and_change_nothing(call: str) -> None:
    model = gk.Sequential([gk.GRU(3, stateful=True), gk.Dense(1)])
    model.compile("adam", "mse")
    model.fit(X, Y, batch_size=20, verbose=0)
    carried = [one.copy() for one in model.layers[0]._carried]
    before = snapshot(model)
    assert seconds_to_stop(lambda: getattr(model, call)(Batches(10**6))) < WITHIN
    assert snapshot(model) == before
    for one, other in zip(model.layers[0]._carried, carried, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("train", ["fit", "train_on_batch"])
def test_a_call_that_was_interrupted_as_it_began_leaves_the_model_free(
    monkeypatch: pytest.MonkeyPatch, train: str
) -> None:
    class Interrupted:
        """A lock: Ctrl-C comes as it is let go."""

        def __enter__(self) -> None:
            pass

        def __exit__(self, *error: object) -> None:
            raise KeyboardInterrupt

    model = make()
    before = snapshot(model)
    with monkeypatch.context() as patch:
        patch.setattr(training, "building", Interrupted)
        with pytest.raises(KeyboardInterrupt):
            getattr(model, train)(X, Y)
    assert snapshot(model) == before
    getattr(model, train)(X, Y)


def test_a_model_that_was_interrupted_before_its_first_step_is_as_before() -> None:
    model = gk.Sequential([gk.GRU(3), gk.Dense(1)])
    model.compile("adam", "mse")
    before = snapshot(model)

    class Stop(gk.Callback):
        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            for _ in range(2):  # the second comes through at once
                signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y, verbose=0, callbacks=[Stop()])
    model.history = None  # that of the run, without an epoch
    assert snapshot(model) == before

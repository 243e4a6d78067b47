"""Processes that begin while the library is in use: forked, spawned, from a fork server."""

import os
import threading
from typing import Any

import numpy as np
import pytest

import gatedcore as gk
from children import LONGEST, in_child, work
from small_model import X, Y, make

# Forking where threads run is what these tests are about.
pytestmark = pytest.mark.filterwarnings("ignore:.*use of fork\\(\\) may lead to deadlocks")


def assert_same(found: list[Any], expected: list[Any]) -> None:
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("way", ["fork", "spawn", "forkserver"])
def test_a_child_computes_what_its_parent_would(way: str) -> None:
    kept = gk.get_num_threads()
    try:
        model = make()
        model.fit(X, Y, verbose=0)
        found = in_child(way, work, model, 3)  # the parent has threads of its own by now, or not
        assert_same(found, work(model, 3))
    finally:
        gk.set_num_threads(kept)


def test_a_child_forked_while_other_threads_compute() -> None:
    kept = gk.get_num_threads()
    model, stop = make(), threading.Event()
    wide = np.ones((64, 50, 64), np.float32)

    def compute(layer: gk.GRU) -> None:
        while not stop.is_set():
            layer(wide)

    gk.set_num_threads(3)
    others = [threading.Thread(target=compute, args=(gk.GRU(64),)) for _ in range(2)]
    try:
        for thread in others:
            thread.start()
        expected = in_child("spawn", work, model, 1)
        for _ in range(5):
            assert_same(in_child("fork", work, model, 3), expected)
    finally:
        stop.set()
        for thread in others:
            thread.join()
        gk.set_num_threads(kept)


def test_a_child_forked_while_another_thread_trains_the_model() -> None:
    model, in_training, go_on = make(), threading.Event(), threading.Event()

    class Wait(gk.Callback):
        def on_train_batch_end(self, batch: int, logs: object = None) -> None:
            in_training.set()
            assert go_on.wait(LONGEST)

    options = {"verbose": 0, "callbacks": [Wait()]}
    thread = threading.Thread(target=model.fit, args=(X, Y), kwargs=options)
    thread.start()
    try:
        assert in_training.wait(LONGEST)
        found = in_child("fork", work, model, 1)
    finally:
        go_on.set()
        thread.join()
    assert_same(found, work(model, 1))


def test_a_child_forked_within_a_step_of_another_thread() -> None:
    in_step, go_on = threading.Event(), threading.Event()

    class Slow(gk.SGD):
        def update(self, *arguments: Any) -> None:
            in_step.set()
            assert go_on.wait(LONGEST)
            super().update(*arguments)

    model = make(Slow())
    before = [value.copy() for value in model.weights]
    thread = threading.Thread(target=model.train_on_batch, args=(X, Y))
    thread.start()
    try:
        assert in_step.wait(LONGEST)
        assert_same(in_child("fork", model.get_weights), before)
    finally:
        go_on.set()
        thread.join()


def built() -> tuple[int, ...]:
    layer = gk.GRU(3)
    layer.build((None, None, 2))
    return layer.kernel.shape


def test_a_child_forked_while_another_thread_makes_parameters() -> None:
    drawing, go_on = threading.Event(), threading.Event()

    def slow(shape: tuple[int, ...], dtype: object = None) -> np.ndarray:
        drawing.set()
        assert go_on.wait(LONGEST)
        return np.zeros(shape, dtype)

    layer = gk.LSTM(3, kernel_initializer=slow)
    thread = threading.Thread(target=layer.build, args=((None, None, 2),))
    thread.start()
    try:
        assert drawing.wait(LONGEST)
        assert in_child("fork", built) == (2, 9)
    finally:
        go_on.set()
        thread.join()
    assert layer.built


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_children_of_children() -> None:
    model = make()
    expected = model.predict(X)

    def grandchild() -> Any:
        return in_child("fork", model.predict, X)

    np.testing.assert_array_equal(in_child("fork", grandchild), expected)

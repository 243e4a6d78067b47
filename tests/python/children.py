"""Calls in processes of their own, by name: a spawned child imports what it is to call."""

import multiprocessing
from collections.abc import Callable
from typing import Any

import numpy as np

import gatedcore as gk
from small_model import X, Y

LONGEST = 60  # seconds, of a child


def work(model: gk.Sequential, threads: int) -> list[Any]:
    """Predict, train and stream: what needs threads, memory and locks."""
    gk.set_num_threads(threads)
    wide = np.ones((32, 20, 64), np.float32)
    gk.set_random_seed(1)
    layer = gk.GRU(64)
    results: list[Any] = [model.predict(X), layer(wide)]
    losses = model.fit(X, Y, batch_size=4, epochs=2, verbose=0).history["loss"]
    stream = model.stream(batch=20)
    return [*results, losses, stream.step(X[:, 0])]


def tell(queue: Any, call: Callable[..., Any], *arguments: Any) -> None:
    queue.put(call(*arguments))


def in_child(way: str, call: Callable[..., Any], *arguments: Any) -> Any:
    """Return what a call returns in a process of its own."""
    context = multiprocessing.get_context(way)
    queue = context.SimpleQueue()
    child = context.Process(target=tell, args=(queue, call, *arguments))
    child.start()
    child.join(LONGEST)
    hangs = child.is_alive()
    child.kill()
    child.join()
    assert not hangs, f"a child by {way} hangs"
    assert child.exitcode == 0
    return queue.get()

"""Many Python threads at one model."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import gatedcore as gk
from small_model import X, Y, make, snapshot

Copy = Callable[[gk.Sequential, Path], list[np.ndarray]]


@pytest.fixture
def hasty() -> Iterator[None]:
    """Let threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def at_once(call: Callable[[], object], threads: int = 4) -> list[object]:
    """Return what a call returns or raises in each of several threads that begin together."""
    ready = threading.Barrier(threads)

    def run(_: int) -> object:
        ready.wait()
        try:
            return call()
        except Exception as error:
            return error

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(threads)))


class Overlap(gk.Callback):
    """Counts the runs that there are at a time."""

    running = most = 0

    def on_train_begin(self, logs: object = None) -> None:
        Overlap.running += 1
        Overlap.most = max(Overlap.most, Overlap.running)

    def close(self) -> None:
        Overlap.running -= 1


@pytest.mark.parametrize("built", [True, False])
@pytest.mark.usefixtures("hasty")
def test_one_thread_trains_and_the_others_are_told(built: bool) -> None:
    Overlap.most = 0
    for _ in range(10):
        model = make()
        if not built:
            model = gk.Sequential([gk.GRU(3), gk.Dense(1)])
            model.compile("adam", "mse")

        def fit(model: gk.Sequential = model) -> object:
            return model.fit(X, Y, batch_size=4, epochs=3, verbose=0, callbacks=[Overlap()])

        results = at_once(fit)
        trained = [result for result in results if isinstance(result, gk.callbacks.History)]
        told = {str(result) for result in results if result not in trained}
        assert told <= {
            "fit: model is training already, expected it at rest; start after the other run"
        }
        assert trained
        assert model.optimizer.iterations == 15 * len(trained)
    assert Overlap.most == 1


@pytest.mark.usefixtures("hasty")
def test_a_refused_call_changes_nothing() -> None:
    model, other = make(), make()
    gk.set_random_seed(1)
    alone = other.fit(X, Y, batch_size=4, epochs=3, verbose=0)
    in_training, refused = threading.Event(), threading.Event()

    class Wait(gk.Callback):
        def on_train_batch_end(self, batch: int, logs: object = None) -> None:
            in_training.set()
            assert refused.wait(60)

    gk.set_random_seed(1)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(model.fit, X, Y, batch_size=4, epochs=3, verbose=0, callbacks=[Wait()])
        assert in_training.wait(60)
        before = snapshot(model)
        for call in (model.fit, model.train_on_batch):
            with pytest.raises(ValueError, match=f"{call.__name__}: model is training already"):
                call(X, Y)
        assert snapshot(model) == before
        refused.set()
        assert first.result().history == alone.history
    assert snapshot(model)[:3] == snapshot(other)[:3]


def test_the_model_is_taken_before_its_data_are_read() -> None:
    """Else two threads may both find it at rest, and both build it."""
    model = make()

    class Telling:
        def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
            with pytest.raises(ValueError, match="train_on_batch: model is training already"):
                model.train_on_batch(X, Y)
            return X

    model.fit(Telling(), Y, verbose=0)


@pytest.mark.usefixtures("hasty")
def test_a_training_that_changes_no_weight_changes_no_prediction_of_other_threads() -> None:
    model = gk.Sequential([gk.GRU(3), gk.Dense(1)])  # not built yet
    model.compile(gk.SGD(0.0), "mse")
    stop = threading.Event()

    def train() -> None:
        while not stop.is_set():
            model.fit(X, Y, batch_size=4, epochs=2, verbose=0)

    with ThreadPoolExecutor(1) as pool:
        training = pool.submit(train)
        try:
            found = [at_once(lambda: model.predict(X, batch_size=3)) for _ in range(20)]
        finally:
            stop.set()
        training.result()
    expected = model.predict(X)
    for results in found:
        for one in results:
            np.testing.assert_array_equal(one, expected)


class Slow(gk.SGD):
    """Makes all weights one more, half of them some time after the others."""

    in_step = threading.Event()

    def update(self, parameters: np.ndarray, *_: object) -> None:
        half = parameters.size // 2
        parameters[:half] += 1
        Slow.in_step.set()
        time.sleep(0.05)
        parameters[half:] += 1


def saved(model: gk.Sequential, folder: Path) -> list[np.ndarray]:
    model.save(folder / "model.safetensors")
    found = gk.load_model(folder / "model.safetensors", {"Slow": Slow})
    return [*found.get_weights(), np.float32(found.optimizer.iterations)]


def saved_weights(model: gk.Sequential, folder: Path) -> list[np.ndarray]:
    model.save_weights(folder / "weights.safetensors")
    found = model.clone()
    found.load_weights(folder / "weights.safetensors")
    return found.get_weights()


@pytest.mark.parametrize(
    "copy",
    [
        lambda model, folder: model.get_weights(),
        lambda model, folder: model.layers[0].get_weights(),
        saved,
        saved_weights,
        lambda model, folder: [model.stream().step(np.eye(1, 3)) / 2],  # kernel[0] + bias
    ],
    ids=["model", "layer", "save", "save_weights", "stream"],
)
def test_copies_of_weights_wait_for_the_end_of_a_step(copy: Copy, tmp_path: Path) -> None:
    model = gk.Sequential([gk.Dense(4, input_shape=(3,))])
    model.set_weights([np.zeros_like(value) for value in model.weights])
    model.compile(Slow(), "mse")
    Slow.in_step.clear()
    x = np.ones((6, 3))
    with ThreadPoolExecutor(1) as pool:
        training = pool.submit(model.fit, x, np.ones((6, 4)), batch_size=2, verbose=0)
        assert Slow.in_step.wait(60)
        found = copy(model, tmp_path)
        training.result()
    numbers = {float(number) for value in found for number in np.ravel(value)}
    assert len(numbers) == 1, f"of several steps: {numbers}"
    assert numbers <= {1.0, 2.0, 3.0}


@pytest.mark.usefixtures("hasty")
def test_copies_of_weights_while_another_thread_trains_are_of_some_step() -> None:
    model = gk.Sequential([gk.LSTM(64, return_sequences=True), gk.GRU(64), gk.Dense(1)])
    model.compile(gk.SGD(0.05), "mse")
    model.build(X.shape)

    def picture() -> bytes:
        return b"".join(value.tobytes() for value in model.get_weights())

    steps = {picture()}

    class Note(gk.Callback):
        def on_train_batch_end(self, batch: int, logs: object = None) -> None:
            steps.add(picture())

    with ThreadPoolExecutor(1) as pool:
        options = {"batch_size": 4, "epochs": 40, "verbose": 0, "callbacks": [Note()]}
        training = pool.submit(model.fit, X, Y, **options)
        found = [picture()]
        while not training.done():
            found.append(picture())
        training.result()
    assert len(set(found)) > 1
    assert set(found) <= steps


def test_the_number_of_threads_may_change_while_others_compute() -> None:
    kept = gk.get_num_threads()
    rng = np.random.default_rng(0)
    x = rng.normal(size=(16, 20, 32)).astype(np.float32)
    model = gk.Sequential([gk.LSTM(48, return_sequences=True), gk.GRU(48), gk.Dense(1)])
    expected = model.predict(x)
    stop = threading.Event()

    def change() -> int:
        changes = 0
        while not stop.is_set():
            gk.set_num_threads(1 + changes % 5)
            changes += 1
        return changes

    try:
        with ThreadPoolExecutor(3) as pool:
            changing = pool.submit(change)
            calls = [pool.submit(model.predict, x) for _ in range(40)]
            try:
                for call in calls:
                    np.testing.assert_array_equal(call.result(60), expected)
            finally:
                stop.set()
            assert changing.result() > 5
    finally:
        gk.set_num_threads(kept)

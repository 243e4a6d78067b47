"""Calls whose n-th allocation fails, for every n until they succeed.

    LD_PRELOAD=failing_malloc.so python failing_calls.py [CASE ...]

Each failure must be a MemoryError that changes nothing: what the call may change is as before, the
same call made again gives what it gives without failures, and nothing stays allocated. Prints how
many allocations were failed.
"""

import ctypes
import faulthandler
import gc
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import gatedcore as gk
from gatedcore import _core
from gatedcore.run_state import get_layer_states

T, B, I, H = 6, 12, 40, 96  # noqa: E741  # enough work for three threads
RNG = np.random.default_rng(0)
X = RNG.normal(size=(B, T, I)).astype(np.float32)
Y = RNG.normal(size=(B, 1)).astype(np.float32)
MASK = np.arange(T) < RNG.integers(1, T + 1, (B, 1))
LEAKED = 64 << 10  # bytes that a round may leave more than the one before it; a buffer is larger
ROUNDS = 30  # the library keeps free blocks for reuse: rounds pass until it has one of each size
SECONDS = 300  # a call that hangs is ended, and told where


class Case(NamedTuple):
    """A call, and all that it may change."""

    call: Callable[[], Any]
    watched: Callable[[], Any] = lambda: None
    smallest: int = 0  # bytes of the allocations that fail


# Calls of models make bound objects by their constructors, and pybind11 (3.1) ends the process
# where the entry of 32 bytes in its list of them cannot be made. Small arrays NumPy keeps.
OF_MODELS = 1024

CASES: dict[str, Callable[[], Case]] = {}


def case(fresh: Callable[[], Case]) -> Callable[[], Case]:
    CASES[fresh.__name__] = fresh
    return fresh


def weights(gates: int, units: int = H) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(gates)
    shapes = (I, gates * units), (units, gates * units), (gates * units,)
    return tuple(0.1 * rng.normal(size=shape).astype(np.float32) for shape in shapes)


@case
def lstm() -> Case:
    return Case(lambda: gk.ops.lstm(X, *weights(4)))


@case
def lstm_with_a_mask() -> Case:
    return Case(lambda: gk.ops.lstm(X, *weights(4), mask=MASK))


@case
def gru_with_few_rows() -> Case:
    return Case(lambda: gk.ops.gru(X[:1], *weights(3, 256), reset_after=False))


def backward(function: str, gates: int, **options: Any) -> Case:
    forward = getattr(gk.ops, function)
    d_h = np.ones((B, T, H), np.float32)

    def run() -> Any:
        cache = forward(X, *weights(gates), return_cache=True, **options)[-1]
        return getattr(gk.ops, f"{function}_backward")(cache, d_h)

    return Case(run)


@case
def lstm_backward() -> Case:
    return backward("lstm", 4)


@case
def lstm_backward_with_a_mask() -> Case:
    return backward("lstm", 4, mask=MASK)


@case
def lstm_backward_recomputed() -> Case:
    return backward("lstm", 4, recompute=True)


@case
def gru_backward_with_a_mask() -> Case:
    return backward("gru", 3, mask=MASK, reset_after=False)


def picture(model: gk.Sequential) -> Any:
    optimizer = model.optimizer.get_state() if model.optimizer else {}
    states = get_layer_states(model.computing_layers)
    slots = [slot.copy() for slot in optimizer.get("slots", {}).values()]
    return [model.get_weights(), optimizer.get("iterations"), slots, states]


def trained(optimizer: object, layers: list[gk.layers.Layer]) -> Case:
    gk.set_random_seed(1)
    model = gk.Sequential(layers)
    model.compile(optimizer, "mse")
    model.train_on_batch(X, Y)
    return Case(lambda: model.train_on_batch(X, Y), lambda: picture(model), OF_MODELS)


@case
def step_of_a_stack() -> Case:
    layers = [
        gk.LSTM(H, return_sequences=True, dropout=0.2, seed=1),
        gk.Bidirectional(gk.GRU(H, recurrent_dropout=0.2, zoneout_h=0.1, seed=2), seed=3),
        gk.Dense(1),
    ]
    return trained("adam", layers)


def step_of(optimizer: Any) -> Case:
    return trained(optimizer, [gk.GRU(H, stateful=True), gk.Dense(1)])


for _optimizer in (
    lambda: gk.Adam(0.01, amsgrad=True, clipnorm=1.0),
    lambda: gk.SGD(0.01, momentum=0.9, nesterov=True, clipvalue=0.1),
    lambda: gk.optimizers.RMSprop(0.01, momentum=0.5, centered=True, global_clipnorm=1.0),
    lambda: gk.optimizers.Nadam(0.01, use_ema=True),
    lambda: gk.optimizers.Adagrad(0.01, weight_decay=0.1),
):
    CASES[f"step_of_{type(_optimizer()).__name__}"] = lambda make=_optimizer: step_of(make())


@case
def step_of_an_embedding() -> Case:
    gk.set_random_seed(1)
    tokens = np.random.default_rng(0).integers(0, 500, (B, T))
    model = gk.Sequential([gk.Embedding(500, 64, mask_zero=True), gk.LSTM(H), gk.Dense(1)])
    model.compile("adam", "mse")
    model.train_on_batch(tokens, Y)
    return Case(lambda: model.train_on_batch(tokens, Y), lambda: picture(model), OF_MODELS)


@case
def prediction() -> Case:
    gk.set_random_seed(1)
    layers = [gk.Bidirectional(gk.LSTM(H, return_sequences=True)), gk.GRU(H), gk.Dense(2)]
    model = gk.Sequential(layers)
    model.compile("adam", "mse")
    model.build((None, None, I))
    return Case(lambda: model.predict(X, batch_size=5), lambda: picture(model), OF_MODELS)


@case
def stream() -> Case:
    gk.set_random_seed(1)
    model = gk.Sequential([gk.LSTM(H, return_sequences=True), gk.GRU(H), gk.Dense(2)])
    model.build((None, None, I))

    def run() -> Any:
        stream = model.stream(batch=B)
        return [stream.step(X[:, 0]), stream.step(X[:, 1])]

    return Case(run, model.get_weights, OF_MODELS)


@case
def cells() -> Case:
    rng = np.random.default_rng(0)
    h, c = (rng.normal(size=(B, H)).astype(np.float32) for _ in range(2))
    kernel, recurrent, bias = weights(4)

    def run() -> Any:
        rows = [_core.rows_from_columns([0, 1, 2, 3], one) for one in (kernel, recurrent)]
        columns = [_core.columns_from_rows([3, 2, 1, 0], one) for one in rows]
        states = (h, c)
        return [rows, columns, gk.ops.lstm(X, kernel, recurrent, bias, initial_state=states)]

    return Case(run)


@case
def saved_and_loaded() -> Case:
    gk.set_random_seed(1)
    # Not orthogonal: NumPy's own triu ends the process where its allocation fails (2.4).
    first = gk.LSTM(H, recurrent_initializer="zeros", input_shape=(None, I), name="a")
    model = gk.Sequential([first, gk.Dense(1, name="b")], name="model")
    model.compile("adam", "mse")
    model.fit(X, Y, verbose=0)
    folder = tempfile.TemporaryDirectory()
    path = Path(folder.name) / "model.safetensors"
    model.save(path)

    def run() -> Any:
        again = gk.load_model(path)
        again.save(path)
        return picture(again)

    def watched() -> Any:
        names = sorted(file.name for file in Path(folder.name).iterdir())
        return [names, path.read_bytes()]

    return Case(run, watched, OF_MODELS)


def same(a: Any, b: Any) -> bool:
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    return bool(a == b)


class Memory(ctypes.Structure):
    """What mallinfo2 returns."""

    _fields_ = [(name, ctypes.c_size_t) for name in (
        "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks",
        "fordblks", "keepcost",
    )]  # fmt: skip


LIBRARY = ctypes.CDLL(None)
LIBRARY.mallinfo2.restype = Memory


def in_use() -> int:
    gc.collect()
    memory = LIBRARY.mallinfo2()
    return int(memory.uordblks + memory.hblkhd)


def fail_each(name: str) -> int:
    """Return how many allocations of a case were failed, each checked."""
    fresh = CASES[name]
    one = fresh()
    expected, after = one.call(), one.watched()
    for n in range(1, 2000):
        one = fresh()
        before = one.watched()
        LIBRARY.malloc_fail_at(ctypes.c_long(n), ctypes.c_size_t(one.smallest))
        try:
            found = one.call()
        except MemoryError as error:
            found = error
        finally:
            hit = LIBRARY.malloc_failed()
        where = f"{name}, allocation {n}"
        if isinstance(found, MemoryError):
            assert hit, f"{where}: a MemoryError of its own"
            assert same(one.watched(), before), f"{where}: left something changed"
            found = one.call()
        assert same(found, expected), f"{where}: another result afterwards"
        assert same(one.watched(), after), f"{where}: another state afterwards"
        if not hit:
            return n - 1
    raise AssertionError(f"{name}: no end")


def main(names: list[str]) -> None:
    gk.set_num_threads(3)
    for name in names or CASES:
        faulthandler.dump_traceback_later(SECONDS, exit=True)
        count = fail_each(name)
        for _ in range(ROUNDS):
            before = in_use()
            fail_each(name)
            left = in_use() - before
            if left < LEAKED:
                break
        assert left < LEAKED, f"{name}: {left} bytes more after each round"
        faulthandler.cancel_dump_traceback_later()
        print(f"{name}: {count} allocations failed, {left} bytes", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])

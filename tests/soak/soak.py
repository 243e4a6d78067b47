"""Half an hour of training, streaming, saving and loading: memory must stay where it is.

    python tests/soak/soak.py [--minutes 30]

One round after the other does a bit of everything with new models, in one process. After the first
sixth of the time the resident memory may no longer grow: its mean over the last sixth is compared
with that over the sixth after the first, and more than 1 % fails. The numbers of each round go to
standard output. Less than six minutes would compare parts of the warm-up.
"""

import argparse
import gc
import itertools
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

import gatedcore as gk
from gatedcore.callbacks import BackupAndRestore, CSVLogger, EarlyStopping, ModelCheckpoint

LEAST = 6  # minutes
ALLOWED = 0.01  # growth, of the memory after the warm-up
RNG = np.random.default_rng(0)


def forecaster(units: int) -> gk.Sequential:
    """Return a stack with dropout of every kind."""
    model = gk.Sequential(
        [
            gk.LSTM(units, return_sequences=True, dropout=0.1, input_shape=(None, 3)),
            gk.GRU(units, recurrent_dropout=0.1, zoneout_h=0.1),
            gk.Dense(1),
        ]
    )
    model.compile("adam", "mse", metrics=["mae"])
    return model


def reader(units: int) -> gk.Sequential:
    """Return a model of tokens with padding, which reads both ways."""
    model = gk.Sequential(
        [
            gk.Embedding(50, 8, mask_zero=True),
            gk.Bidirectional(gk.GRU(units, reset_after=False)),
            gk.Dropout(0.2),
            gk.Dense(3, "softmax"),
        ]
    )
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def train(folder: Path, units: int, steps: int) -> None:
    """Train with all that writes files, and go on from what a killed run would have left."""
    x = RNG.normal(size=(64, steps, 3)).astype(np.float32)
    y = x.mean(axis=(1, 2))[:, None]
    callbacks = [
        EarlyStopping(patience=2),
        ModelCheckpoint(folder / "best.safetensors", save_best_only=True),
        CSVLogger(folder / "log.csv"),
        BackupAndRestore(folder / "backup", 2, delete_checkpoint=False),
    ]
    options = {"batch_size": 16, "validation_split": 0.25, "verbose": 0, "callbacks": callbacks}
    model = forecaster(units)
    model.fit(x, y, epochs=2, **options)
    forecaster(units).fit(x, y, epochs=3, **options)
    for file in (folder / "backup").iterdir():
        file.unlink()
    every_step = gk.Sequential([gk.GRU(units, return_sequences=True), gk.Dense(1)])
    every_step.compile(gk.SGD(0.01, momentum=0.9), "mse")
    every_step.fit(x, x[..., :1], tbptt=5, verbose=0)


def read(units: int, steps: int) -> None:
    """Train on padded texts, from a generator too."""
    tokens = RNG.integers(1, 50, (40, steps))
    tokens[:, steps // 2 :] *= RNG.integers(0, 2, (40, 1))
    labels = RNG.integers(0, 3, 40)
    model = reader(units)
    model.fit(tokens, labels, epochs=2, verbose=0)
    batches = ((tokens[i : i + 8], labels[i : i + 8]) for i in range(0, 40, 8))
    model.fit(batches, verbose=0)
    model.evaluate(tokens, labels)


def save_and_load(folder: Path, units: int, steps: int) -> None:
    """Write a model, read it, stream through it, and predict from several threads."""
    path = folder / "model.safetensors"
    model = forecaster(units)
    model.save(path)
    again = gk.load_model(path)
    x = RNG.normal(size=(8, steps, 3)).astype(np.float32)
    expected = model.predict(x)
    with ThreadPoolExecutor(3) as threads:
        for found in threads.map(again.predict, [x] * 6):
            np.testing.assert_array_equal(found, expected)
    stream = again.stream(batch=8)
    for step in range(steps):
        out = stream.step(x[:, step])
    np.testing.assert_allclose(out, expected, atol=1e-6)
    gk.models.model_from_json(again.to_json())
    again.layers[0].trace(x[:1])


def wrong_calls(folder: Path) -> None:
    """Make the errors that people make."""
    damaged = folder / "damaged.safetensors"
    damaged.write_bytes(b"\x08\0\0\0\0\0\0\0{}      ")
    model = forecaster(4)
    for call in (
        lambda: gk.load_model(damaged),
        lambda: model.predict(np.zeros((2, 5, 4))),
        lambda: model.fit(np.full((4, 5, 3), np.nan), np.zeros((4, 1)), verbose=0),
        lambda: gk.LSTM(0),
    ):
        try:
            call()
        except ValueError:
            continue
        raise AssertionError("no error")


def rounds(folder: Path) -> Iterator[int]:
    """Do everything once, and again, with other sizes each time of the same few."""
    sizes = itertools.cycle(itertools.product((8, 33, 64), (12, 50)))
    for number, (units, steps) in enumerate(sizes):
        gk.set_random_seed(number % 7)
        train(folder, units, steps)
        read(units, steps)
        save_and_load(folder, units, steps)
        wrong_calls(folder)
        yield number


def resident() -> int:
    """Return the bytes of memory that are there."""
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def soak(minutes: float) -> list[tuple[float, int]]:
    """Return the memory after each round, with the share of the time that was over."""
    begin, found = time.monotonic(), []
    with tempfile.TemporaryDirectory() as folder:
        for number in rounds(Path(folder)):
            share = (time.monotonic() - begin) / (60 * minutes)
            found.append((share, resident()))
            print(f"round {number}: {found[-1][1] / 2**20:.2f} MiB", flush=True)
            if share >= 1:
                return found
    raise AssertionError("rounds do not end")


def growth(found: list[tuple[float, int]]) -> float:
    """Return by how much memory grew after the first sixth of the time."""
    early = [memory for share, memory in found if 1 / 6 <= share < 2 / 6]
    late = [memory for share, memory in found if share >= 5 / 6]
    if not early or not late:
        raise SystemExit("soak.py: too short for a round in each sixth; pass more --minutes")
    return statistics.mean(late) / statistics.mean(early) - 1


def main() -> int:
    """Soak, tell, and return 1 where memory grew."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=30.0)
    minutes = parser.parse_args().minutes
    if not minutes >= LEAST:
        parser.error(
            f"--minutes is {minutes:g}, expected at least {LEAST}; the first are the warm-up"
        )
    found = soak(minutes)
    grown = growth(found)
    print(f"{len(found)} rounds; memory grew by {grown:+.2%}, allowed {ALLOWED:.0%}")
    return int(grown > ALLOWED)


if __name__ == "__main__":
    sys.exit(main())

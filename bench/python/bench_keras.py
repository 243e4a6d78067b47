"""Times training and prediction of Keras models with gatedcore behind their layers and without.

    python bench/python/bench_keras.py                               # all backends, two threads
    python bench/python/bench_keras.py --backends torch --layers LSTM --threads 1

Each backend runs in a process of its own. There two models of one recurrent layer and a ``Dense``
take turns, some batches of ``fit`` (train), ``train_on_batch`` (step) or ``predict`` at a time: one
that was compiled and traced with the accelerator and one without. Their losses are compared before
anything is timed. A line gives the medians of the time of a batch, all of Keras's own work in it,
and of the ratios of neighbouring turns. The NumPy backend cannot train.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from typing import Any

from contest.processes import thread_environment

BACKENDS = ("torch", "tensorflow", "jax", "numpy")
LAYERS = ("LSTM", "GRU")
BATCHES = 32  # of a turn; fewer would time the beginning of `fit` more than its steps
# Losses may differ by so much of themselves: sums of float32 in another order, over some steps.
NEAR_LOSS = 1e-4


class Models:
    """A model on Keras's own kernels and the same one on gatedcore's, at one shape."""

    def __init__(self, layer: str, shape: tuple[int, int, int, int]) -> None:
        import keras
        import numpy as np

        import gatedcore.keras

        self._switch = gatedcore.keras
        steps, self._batch, inputs, units = shape
        self.trains = keras.config.backend() != "numpy"
        rng = np.random.default_rng(0)
        self._x = rng.normal(size=(BATCHES * self._batch, steps, inputs)).astype("float32")
        self._y = rng.normal(size=(BATCHES * self._batch, 1)).astype("float32")
        self._models: dict[bool, Any] = {}
        losses = {}
        for on in (False, True):
            keras.utils.set_random_seed(1)
            recurrent = getattr(keras.layers, layer)(units)
            model = keras.Sequential(
                [keras.Input((steps, inputs)), recurrent, keras.layers.Dense(1)]
            )
            model.compile("adam", "mse")
            self._models[on] = model
            self.turn(on, "predict")  # traces
            if self.trains:
                self.turn(on, "step")
                self.turn(on, "train")
                losses[on] = self._run(on, "train")
        if self.trains and abs(losses[True] - losses[False]) > NEAR_LOSS * losses[False]:
            raise SystemExit(f"{layer}: the loss is {losses[True]}, without {losses[False]}")

    def turn(self, on: bool, what: str) -> float:
        """Return the seconds of a batch."""
        begin = time.perf_counter()
        self._run(on, what)
        return (time.perf_counter() - begin) / BATCHES

    def _run(self, on: bool, what: str) -> float:
        model, arguments = self._models[on], {"batch_size": self._batch, "verbose": 0}
        if on:
            self._switch.enable()
        try:
            if what == "predict":
                model.predict(self._x, **arguments)
                loss = 0.0
            elif what == "step":  # without the waits of TensorFlow's `fit` for its next batch
                for _ in range(BATCHES):
                    loss = model.train_on_batch(self._x[: self._batch], self._y[: self._batch])
            else:
                history = model.fit(self._x, self._y, shuffle=False, **arguments)
                loss = float(history.history["loss"][0])
            stats = self._switch.stats()
            if on and (stats.forward_runs == 0 or stats.passed_on):
                raise SystemExit(f"not all was served:\n{stats}")
        finally:
            self._switch.disable()
        return loss


def work(layers: list[str], shapes: list[tuple[int, int, int, int]], rounds: int) -> None:
    """Print a line of JSON for each layer, shape and kind of turn."""
    for layer in layers:
        for shape in shapes:
            models = Models(layer, shape)
            for what in ("train", "step", "predict") if models.trains else ("predict",):
                times = [(models.turn(False, what), models.turn(True, what)) for _ in range(rounds)]
                keras, own = (statistics.median(side) for side in zip(*times, strict=True))
                ratio = statistics.median(a / b for a, b in times)
                print(json.dumps([what, layer, shape, 1e3 * keras, 1e3 * own, ratio]), flush=True)


def limit_threads(backend: str, threads: int) -> None:
    """Tell a framework that does not read the environment how many threads it may use."""
    if backend == "tensorflow":
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)


def main() -> None:
    """Print a table in Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--backends", default=",".join(BACKENDS))
    parser.add_argument("--layers", default=",".join(LAYERS))
    parser.add_argument("--shapes", default="100,32,64,64", help="T,B,I,H/T,B,I,H/...")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    args = parser.parse_args()
    layers = args.layers.split(",")
    shapes = [tuple(int(n) for n in shape.split(",")) for shape in args.shapes.split("/")]
    if args.worker:
        limit_threads(args.worker, args.threads)
        work(layers, shapes, args.rounds)
        return
    print(f"{args.threads} threads; milliseconds for a batch\n", flush=True)
    print("| backend | | layer | T, B, I, H | Keras | with gatedcore | times as fast |")
    print("|---|---|---|---|---|---|---|", flush=True)
    processors = sorted(os.sched_getaffinity(0))[: args.threads]
    skipped = []
    for backend in args.backends.split(","):
        if backend == "jax" and len(processors) < 2:
            skipped.append("jax is left out: on one processor Keras computes it alone")
            continue
        environment = thread_environment(args.threads) | {"KERAS_BACKEND": backend}
        worker = subprocess.Popen(
            [sys.executable, *sys.argv, "--worker", backend],
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if backend == "tensorflow" else None,
            text=True,
            preexec_fn=lambda: os.sched_setaffinity(0, processors),
        )
        assert worker.stdout is not None
        for line in worker.stdout:
            what, layer, shape, keras, own, ratio = json.loads(line)
            sizes = ", ".join(map(str, shape))
            print(
                f"| {backend} | {what} | {layer} | {sizes} | {keras:.2f} | {own:.2f} "
                f"| {ratio:.1f} |",
                flush=True,
            )
        if worker.wait():
            raise SystemExit(f"{backend}: ended with {worker.returncode}")
    for line in skipped:
        print(f"\n{line}")


if __name__ == "__main__":
    main()

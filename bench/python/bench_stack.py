"""Times stacked and bidirectional layers in one call, at one sequence, on one thread and several.

    python bench/python/bench_stack.py --threads 2

``alone`` is the layers one after the other through ``gk.ops.lstm`` or ``gk.ops.gru``, the second
direction over the reversed input. Results are compared before anything is timed: they are the same
bits. Samples are taken in turns, so that other threads sleep when one begins; with ``--in-a-row``
several of each, of which the first does not count, while the threads still spin. The median and
the quickest tenth are printed, as other work on the machine takes cores from the threads.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np

import gatedcore as gk
from gatedcore.ops import (
    StackedGRU,
    StackedLSTM,
    gru,
    gru_backward,
    lstm,
    lstm_backward,
    stack,
    stack_backward,
)

# Kind, layers, directions, H = I, B, T.
CASES = [
    ("lstm", 2, 1, 64, 1, 100),
    ("lstm", 2, 1, 128, 1, 100),
    ("lstm", 2, 1, 256, 1, 100),
    ("lstm", 2, 1, 128, 1, 1000),
    ("lstm", 4, 1, 128, 1, 100),
    ("lstm", 2, 1, 128, 2, 100),
    ("lstm", 1, 2, 64, 1, 100),
    ("lstm", 1, 2, 128, 1, 100),
    ("lstm", 1, 2, 256, 1, 100),
    ("gru", 2, 1, 128, 1, 100),
    ("gru", 1, 2, 128, 1, 100),
]
# Gates, and the functions of a layer alone and in a stack.
KINDS = {
    "lstm": (4, lstm, lstm_backward, StackedLSTM),
    "gru": (3, gru, gru_backward, StackedGRU),
}
Body = Callable[[], list[np.ndarray]]


def sides(
    kind: str, layers: int, directions: int, units: int, batch: int, steps: int
) -> dict[str, Body]:
    """Return what is timed by name: inference and training, in one call and alone."""
    gates, layer_forward, layer_backward, stacked_layer = KINDS[kind]
    rng = np.random.default_rng(0)
    bound = 1 / np.sqrt(units)

    def draw(*shape: int) -> np.ndarray:
        return rng.uniform(-bound, bound, shape).astype(np.float32)

    x = rng.normal(size=(batch, steps, units)).astype(np.float32)
    widths = [units] + [directions * units] * (layers - 1)
    weights = [
        [(draw(width, gates * units), draw(units, gates * units)) for _ in range(directions)]
        for width in widths
    ]
    stacked = [tuple(stacked_layer(*own) for own in layer) for layer in weights]
    d_h = np.ones((batch, steps, directions * units), np.float32)

    def alone(return_cache: bool) -> tuple[np.ndarray, list]:
        h, caches = x, []
        for layer in weights:
            runs = [
                layer_forward(h, *own, go_backwards=k == 1, return_cache=return_cache)
                for k, own in enumerate(layer)
            ]
            # A GRU alone returns nothing but h.
            runs = [run if isinstance(run, tuple) else (run,) for run in runs]
            parts = [run[0][:, ::-1] if k else run[0] for k, run in enumerate(runs)]
            h = parts[0] if directions == 1 else np.concatenate(parts, axis=2)
            caches.append([run[-1] for run in runs])
        return h, caches

    def alone_training() -> list[np.ndarray]:
        _, caches = alone(True)
        d = d_h
        for of_layer in reversed(caches):
            d_x = [
                layer_backward(cache, d[:, ::-1, units:] if k else d[..., :units]).x
                for k, cache in enumerate(of_layer)
            ]
            d = d_x[0] if directions == 1 else d_x[0] + d_x[1]
        return [d]

    def stack_training() -> list[np.ndarray]:
        cache = stack(x, stacked, return_cache=True)[2]
        return [stack_backward(cache, d_h).x]

    return {
        "inference, alone": lambda: [alone(False)[0]],
        "inference, stack": lambda: [stack(x, stacked)[0]],
        "training, alone": alone_training,
        "training, stack": stack_training,
    }


def check(bodies: dict[str, Body], threads: int) -> None:
    """Raise unless every way, with any number of threads, gives the same bits."""
    for mode in ("inference", "training"):
        found = set()
        for count in (1, threads):
            gk.set_num_threads(count)
            for side in ("alone", "stack"):
                found.add(b"".join(a.tobytes() for a in bodies[f"{mode}, {side}"]()))
        if len(found) != 1:
            raise SystemExit(f"{mode}: the ways differ")


def main() -> None:
    """Print a block for each case."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=4.0, help="for each case")
    parser.add_argument("--in-a-row", type=int, default=0, help="samples after one not counted")
    args = parser.parse_args()
    print("kind layers directions I=H B T | ms, median (quickest tenth); factor over one thread")
    for case in CASES:
        bodies = sides(*case)
        check(bodies, args.threads)
        ways = [
            (name, count, body)
            for name, body in bodies.items()
            for count in ((1, args.threads) if name.endswith("stack") else (args.threads,))
        ]
        samples: dict[tuple[str, int], list[float]] = {(name, n): [] for name, n, _ in ways}
        end = time.perf_counter() + args.seconds
        while time.perf_counter() < end:
            for name, count, body in ways:
                gk.set_num_threads(count)
                if args.in_a_row:
                    body()
                for _ in range(max(1, args.in_a_row)):
                    start = time.perf_counter()
                    body()
                    samples[name, count].append(1e3 * (time.perf_counter() - start))
        print(f"\n{' '.join(map(str, case))}")
        for (name, count), values in samples.items():
            base = samples[name.split(",")[0] + ", stack", 1]
            median, quick = statistics.median(values), sorted(values)[len(values) // 10]
            factor, quick_factor = (
                statistics.median(base) / median,
                sorted(base)[len(base) // 10] / quick,
            )
            print(
                f"  {name}, {count} threads: {median:8.3f} ({quick:8.3f})"
                f"   {factor:5.2f}x ({quick_factor:5.2f}x)  of {len(values)}",
                flush=True,
            )


if __name__ == "__main__":
    main()

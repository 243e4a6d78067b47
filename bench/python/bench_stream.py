"""Times one step at a time and blocks of steps, batch 1, from Python.

    python bench/python/bench_stream.py

A row is an LSTM or a GRU of one size: microseconds of ``stream.step(x)`` and of
``stream.step(x, out=...)``, and nanoseconds per step of ``stream.steps(block)``. Each is the median
over rounds in which all rows take turns; the spread is from the first to the ninth decile.
Results are compared with the layer's own over the whole block before anything is timed.
"""

import argparse
import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

import gatedcore as gk
from gatedcore import _core

BLOCK = 480
CELLS = {"lstm": gk.LSTM, "gru": gk.GRU}


@dataclass(frozen=True)
class Row:
    """One layer's three ways to run, each with the steps that a call runs."""

    label: str
    ways: tuple[tuple[Callable[[], object], int], ...]


def row(cell: str, inputs: int, units: int) -> Row:
    """Return the ways of one layer, after checking them."""
    layer = CELLS[cell](units, return_sequences=True)
    layer.build((None, None, inputs))
    stream = layer.stream()
    block = np.random.default_rng(0).normal(size=(1, BLOCK, inputs)).astype(np.float32)
    if not np.array_equal(stream.steps(block), layer(block)):
        raise RuntimeError(f"{cell}: the stream differs from the layer")
    x, out = block[:, 0].copy(), np.empty((1, units), np.float32)
    outs = np.empty((1, BLOCK, units), np.float32)
    return Row(
        f"| {cell} | {inputs} | {units} |",
        (
            (lambda: stream.step(x), 1),
            (lambda: stream.step(x, out), 1),
            (lambda: stream.steps(block, outs), BLOCK),
        ),
    )


def sample(body: Callable[[], object], seconds: float) -> float:
    """Return the seconds of one of as many calls as fit, at least three."""
    calls, begin = 0, time.perf_counter()
    while calls < 3 or time.perf_counter() - begin < seconds:
        for _ in range(8):
            body()
        calls += 8
    return (time.perf_counter() - begin) / calls


def main() -> None:
    """Print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="1,16/16,16/1,32/1,64/64,64/128,128/256,256")
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--seconds", type=float, default=0.005, help="of one sample")
    arguments = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

    sizes = [tuple(int(n) for n in text.split(",")) for text in arguments.sizes.split("/")]
    rows = [row(cell, inputs, units) for cell in CELLS for inputs, units in sizes]
    times: list[list[list[float]]] = [[[] for _ in r.ways] for r in rows]
    for _ in range(arguments.rounds):
        for r, of_row in zip(rows, times, strict=True):
            for (body, steps), of_way in zip(r.ways, of_row, strict=True):
                of_way.append(sample(body, arguments.seconds) / steps)

    info = _core.info()
    print(f"{platform.machine()}, gatedcore on {info['isa']}, load {os.getloadavg()[0]:.2f}\n")
    print("| layer | I | H | step, us | step into out, us | block, ns a step | its spread |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    for r, (step, into, block) in zip(rows, times, strict=True):
        deciles = statistics.quantiles(block, n=10)
        spread = (deciles[-1] - deciles[0]) / statistics.median(block)
        print(
            f"{r.label} {statistics.median(step) * 1e6:.2f} | {statistics.median(into) * 1e6:.2f} "
            f"| {statistics.median(block) * 1e9:.0f} | {spread:.0%} |"
        )


if __name__ == "__main__":
    main()

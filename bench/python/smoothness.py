"""Sweeps the hidden size one by one and looks for cliffs: sizes far slower than their neighbours.

    python bench/python/smoothness.py                              # LSTM and GRU, H = 1..300
    python bench/python/smoothness.py --sizes 60,70 --kinds train --picture sweep.png

Leaves with 1 where neighbours differ by more than a quarter.

Neighbours that fill as many vectors ought to take nearly the same time. They are timed in turns, as
other work on the machine comes and goes, and the steepest pairs are printed; ``--picture`` draws
all sizes. One thread, float32, I = H.
"""

import argparse
import itertools
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

import gatedcore as gk
from gatedcore import _core

LANES = {"avx512": 16, "avx2": 8, "neon": 4, "baseline": 4}  # float32 numbers in a vector
CLIFF = 1.25  # between neighbours
KINDS, CELLS = ("infer", "train"), ("lstm", "gru")
BURST = 2e-3  # seconds of one sample, where a call is not longer
SHOWN = 5

Body = Callable[[], object]


def body(kind: str, cell: str, shape: tuple[int, int], units: int) -> Body:
    """Return one call: ``infer`` or ``train`` of a cell at (T, B) with so many units."""
    rng = np.random.default_rng(0)
    gates = 4 if cell == "lstm" else 3

    def draw(*sizes: int) -> np.ndarray:
        return (rng.uniform(-1, 1, sizes) / np.sqrt(units)).astype(np.float32)

    x, d_h = draw(*shape, units), draw(*shape, units)
    weights = draw(units, gates * units), draw(units, gates * units)
    run = gk.ops.lstm if cell == "lstm" else gk.ops.gru
    back: Callable[..., object] = gk.ops.lstm_backward if cell == "lstm" else gk.ops.gru_backward
    if kind == "infer":
        return lambda: run(x, *weights, time_major=True)
    return lambda: back(run(x, *weights, time_major=True, return_cache=True)[-1], d_h)


def sample(call: Body) -> float:
    """Return the seconds of a call, from a burst of them."""
    calls, begin = 0, time.perf_counter()
    while True:
        call()
        calls += 1
        spent = time.perf_counter() - begin
        if spent >= BURST:
            return spent / calls


def sweep(bodies: dict[int, Body], rounds: int, tell: Callable[[], object]) -> dict[int, float]:
    """Return the median seconds of each size; every round goes through all of them."""
    samples: dict[int, list[float]] = {units: [] for units in bodies}
    for call in bodies.values():
        call()
    for k in range(rounds):
        order = list(bodies) if k % 2 == 0 else list(bodies)[::-1]
        for units in order:
            samples[units].append(sample(bodies[units]))
            tell()
    return {units: statistics.median(of_units) for units, of_units in samples.items()}


def steepest(seconds: dict[int, float], lanes: int) -> list[tuple[float, int]]:
    """Return (ratio, H) of neighbours H and H + 1 of as many vectors, the steepest first."""
    pairs = [(a, b) for a, b in itertools.pairwise(seconds) if -(-a // lanes) == -(-b // lanes)]
    ratios = [(max(seconds[a] / seconds[b], seconds[b] / seconds[a]), a) for a, b in pairs]
    return sorted(ratios, reverse=True)


def draw(times: dict[str, dict[int, float]], path: Path) -> None:
    """Draw microseconds over hidden size, a line for each cell and kind."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(9, 4.5), layout="constrained")
    for name, seconds in times.items():
        axes.plot(list(seconds), [1e6 * s for s in seconds.values()], label=name, linewidth=1)
    axes.set(xlabel="hidden size", ylabel="microseconds", yscale="log")
    axes.legend(frameon=False)
    figure.savefig(path, dpi=150)


def main() -> None:
    """Read the command line, sweep, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="1,300", help="the first and the last hidden size")
    parser.add_argument("--shape", default="20,32", help="T,B")
    parser.add_argument("--cells", default=",".join(CELLS))
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--rounds", type=int, default=7, help="samples of each size")
    parser.add_argument("--picture", type=Path, help="where a picture goes")
    arguments = parser.parse_args()
    for name, known in (("kinds", KINDS), ("cells", CELLS)):
        wrong = [text for text in getattr(arguments, name).split(",") if text not in known]
        if wrong:
            parser.error(f"--{name}: {wrong[0]!r} is unknown, expected some of {','.join(known)}")
    first, last = (int(text) for text in arguments.sizes.split(","))
    if not 1 <= first < last:
        parser.error(f"--sizes is {arguments.sizes}, expected two sizes such as 1,300")
    steps, batch = (int(text) for text in arguments.shape.split(","))
    gk.set_num_threads(1)
    lanes = LANES[_core.info()["isa"]]
    times: dict[str, dict[int, float]] = {}
    smooth = True
    names = itertools.product(arguments.kinds.split(","), arguments.cells.split(","))
    for kind, cell in names:
        name = f"{kind} {cell}"
        bodies = {h: body(kind, cell, (steps, batch), h) for h in range(first, last + 1)}
        with tqdm(total=arguments.rounds * len(bodies), desc=name, disable=None) as bar:
            times[name] = sweep(bodies, arguments.rounds, bar.update)
        found = steepest(times[name], lanes)
        cliffs = sum(ratio > CLIFF for ratio, _ in found)
        smooth = smooth and not cliffs
        print(f"{name}: {cliffs} of {len(found)} neighbours differ by more than {CLIFF - 1:.0%}")
        for ratio, h in found[:SHOWN]:
            before, after = 1e6 * times[name][h], 1e6 * times[name][h + 1]
            print(f"    H {h} {before:.1f} us, H {h + 1} {after:.1f} us: {ratio:.2f}x")
    if arguments.picture:
        draw(times, arguments.picture)
    sys.exit(0 if smooth else 1)


if __name__ == "__main__":
    main()

"""Several processes that each think the machine theirs, beside the same ones in turn.

    python bench/python/bench_oversubscription.py [--processes 4] [--epochs 400]

Each process trains a model on as many threads as there are processors. All at once they may take
15 % longer than one after the other; more fails. The shortest of three tries counts.
"""

import argparse
import subprocess
import sys
import time

ALLOWED = 0.15
TRIES = 3
PROGRAM = """
import sys
import numpy as np
import gatedcore as gk

x, y = np.ones((32, 50, 32), np.float32), np.ones((32, 1))
model = gk.Sequential([gk.LSTM(64), gk.Dense(1)])
model.compile("adam", "mse")
model.fit(x, y, verbose=0)
for line in iter(lambda: (print("ready", flush=True), sys.stdin.readline())[1], ""):
    model.fit(x, y, epochs=int(line), verbose=0)
"""


def seconds(workers: list[subprocess.Popen], epochs: int) -> float:
    """Return how long workers take that begin together."""
    begin = time.monotonic()
    for worker in workers:
        worker.stdin.write(f"{epochs}\n")
        worker.stdin.flush()
    for worker in workers:
        wait(worker)
    return time.monotonic() - begin


def wait(worker: subprocess.Popen) -> None:
    """Wait until a worker is ready."""
    if worker.stdout.readline() != "ready\n":
        raise RuntimeError("a worker ended before its time")


def main() -> int:
    """Measure, tell, and return 1 where too much is lost."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--epochs", type=int, default=400)
    options = parser.parse_args()
    command = [sys.executable, "-c", PROGRAM]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    workers = [subprocess.Popen(command, **pipes) for _ in range(options.processes)]
    try:
        for worker in workers:
            wait(worker)
        in_turn, together = [], []
        for _ in range(TRIES):
            in_turn.append(sum(seconds([worker], options.epochs) for worker in workers))
            together.append(seconds(workers, options.epochs))
    finally:
        for worker in workers:
            worker.kill()
            worker.communicate()
    lost = min(together) / min(in_turn) - 1
    print(f"in turn {min(in_turn):.2f} s, together {min(together):.2f} s: {lost:+.1%}")
    return int(lost > ALLOWED)


if __name__ == "__main__":
    sys.exit(main())

"""What each rank of ``bench_distributed.py`` runs: steps with the others, and beside them.

Steps alone are taken by all ranks at the same time, so that a rank among others is compared to one
alone beside an equal load, in the same process and a moment later.
"""

import argparse
import json
import os
import statistics
import sys
import time
from pathlib import Path

import numpy as np

import gatedcore as gk
from gatedcore.distributed import Communicator

PARTS = ("alone", "step", "allreduce", "raw")
RAW = 10  # allreduces in a row, of which a quick sum would measure little but the skew of ranks


class Timed(Communicator):
    """A communicator that counts the seconds of its sums."""

    def __init__(self, comm: Communicator) -> None:
        self._comm, self.rank, self.size = comm, comm.rank, comm.size
        self.seconds = 0.0

    def allreduce_(self, array: np.ndarray, op: str = "sum") -> None:
        begin = time.perf_counter()
        self._comm.allreduce_(array, op)
        self.seconds += time.perf_counter() - begin

    def broadcast_(self, array: np.ndarray, root: int = 0) -> None:
        self._comm.broadcast_(array, root)

    def barrier(self) -> None:
        self._comm.barrier()


class Clock(gk.Callback):
    """Takes the time between the ends of batches, each the last of ``every``, and that of sums."""

    def __init__(self, comm: Timed, every: int) -> None:
        super().__init__()
        self._comm, self._every, self._marks = comm, every, []

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:
        self._marks.append((time.perf_counter(), self._comm.seconds))

    def per_step(self) -> tuple[float, float]:
        """Return the seconds of a batch, and those of its sums."""
        marks = self._marks[self._every - 1 :: self._every]
        batches = self._every * (len(marks) - 1)
        return (marks[-1][0] - marks[0][0]) / batches, (marks[-1][1] - marks[0][1]) / batches


def problem(units: int, inputs: int, rows: int, steps: int) -> tuple[gk.Model, list[np.ndarray]]:
    """Return a compiled model, and data of so many rows."""
    gk.set_random_seed(0)
    model = gk.Sequential([gk.LSTM(units, input_shape=(steps, inputs)), gk.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    rng = np.random.default_rng(0)
    x = rng.standard_normal((rows, steps, inputs), np.float32)
    return model, [x, x[:, -1, :1].copy()]


def measure(comm: Communicator, args: argparse.Namespace) -> dict[str, object]:
    """Return medians over rounds of the ranks' mean seconds."""
    way, _, every = args.way.partition("=")
    shared = {way: int(every)} if way else {}
    batches = args.batches * int(every or 1)
    model, data = problem(args.units, args.inputs, args.rows * comm.size * batches, args.steps)
    timed = Timed(comm)
    own = [part[: args.rows * batches] for part in data]
    flat = np.zeros(model.count_params(), np.float32)

    def fit(part: list[np.ndarray], batch: int, **more: object) -> tuple[float, float]:
        comm.barrier()
        clock = Clock(timed, int(every or 1))
        model.fit(*part, batch_size=batch, verbose=0, shuffle=False, callbacks=[clock], **more)
        return clock.per_step()

    def sum_in_a_row() -> float:
        comm.allreduce_(flat)
        begin = time.perf_counter()
        for _ in range(RAW):
            comm.allreduce_(flat)
        return (time.perf_counter() - begin) / RAW

    rounds = []
    for number in range(args.rounds + 1):
        turns = {
            "alone": lambda: fit(own, args.rows),
            "together": lambda: fit(data, args.rows * comm.size, distributed=timed, **shared),
        }
        order = list(turns) if number % 2 else list(turns)[::-1]
        took = {name: turns[name]() for name in order}
        seconds = np.array([took["alone"][0], *took["together"], sum_in_a_row()])
        comm.allreduce_(seconds)
        if number:  # the first round warms up: connections, caches, memory
            rounds.append(seconds / comm.size)
    medians = dict(zip(PARTS, np.median(rounds, axis=0).tolist(), strict=True))
    efficiency = statistics.median(float(r[0] / r[1]) for r in rounds)
    slots = len(model.optimizer.slots)
    return {"parameters": flat.size, "slots": slots, "efficiency": efficiency, **medians}


def main() -> None:
    """Measure, and on the first rank write a JSON file."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("units", "inputs", "rows", "steps", "batches", "rounds"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--way", default="", help="accumulate=4, average_every=4; else every batch")
    parser.add_argument("--json", type=Path, required=True)
    args = parser.parse_args()
    comm = gk.distributed.init(timeout=120)
    cores = sorted(os.sched_getaffinity(0))
    if comm.size <= len(cores):
        os.sched_setaffinity(0, {cores[comm.rank]})
    found = measure(comm, args)
    if comm.rank == 0:
        args.json.write_text(json.dumps(found))
    if "torch" in sys.modules:
        os._exit(0)  # threads of PyTorch's own abort one exit in a hundred


if __name__ == "__main__":
    main()

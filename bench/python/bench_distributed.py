"""Times training on 1, 2 and 4 processes of this host, or on hosts joined by a slow network.

    python bench/python/bench_distributed.py [--page docs/distributed.md]
    sudo python bench/python/bench_distributed.py --hosts --gigabits 1 --delay 0.001

An LSTM and a Dense of one unit, by ``fit(distributed=...)`` with Adam, one thread a process, a
core for each if there are enough. ``compute`` is a step on as many rows by ``fit`` alone, while all
the other processes do the same; ``allreduce`` is time within the sums, with the wait for the
slowest process; ``rest`` is what the step took beyond both. Weak scaling: each process has as many
rows whatever their number; efficiency is compute over step. Strong scaling: together they have
always as many; speed-up is the step of one process over that of all. Rounds of both kinds of steps
take turns; medians over rounds are shown, so that where others use the machine the parts add up to
a step with their noise, and ``rest`` may be below zero.

With ``--hosts`` each process is on a host of its own: a network namespace, joined to the others
with the given rate and delay (``scaling/hosts.py``; root). What ``gatedcore.distributed.predict``
says from the compute time, the rate and the delay stands beside what was measured.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
from contextlib import nullcontext
from itertools import product
from pathlib import Path
from typing import Any

import gatedcore as gk
from contest.machine import processor
from contest.text import markdown
from scaling.hosts import Hosts
from scaling.launch import MPIEXEC, run
from scaling.page import put

RANK = str(Path(__file__).with_name("scaling") / "rank.py")
# A script's own folder is the first of its path: that of the package scaling comes by this.
os.environ["PYTHONPATH"] = os.pathsep.join(
    filter(None, [str(Path(__file__).parent), os.environ.get("PYTHONPATH")])
)

# How each engine adds up, and how many of the network's latencies one of its messages takes: gloo
# asks whether the receiver is ready; MPICH announces a large message, waits, and sends it. Seen in
# the sums in a row of --hosts --ranks 2 --gigabits 1000 --delay 0.05, which are two messages.
ENGINES = {"gloo": ("ring", 2), "mpi": ("halving", 3)}


class Bench:
    """Measurements by engine, ranks, units and rows, each made once.

    Parameters
    ----------
    args : Namespace
        The command line.
    """

    def __init__(self, args: argparse.Namespace) -> None:
        self._args = args
        self._known: dict[tuple[str, int, int, int, str], dict[str, Any]] = {}

    def of(self, engine: str, ranks: int, units: int, rows: int, way: str = "") -> dict[str, Any]:
        """Return what ``scaling/rank.py`` found."""
        key = ("" if ranks == 1 else engine, ranks, units, rows, way)
        if key not in self._known:
            self._known[key] = self._measure(*key)
        return self._known[key]

    def _measure(self, engine: str, ranks: int, units: int, rows: int, way: str) -> dict[str, Any]:
        args = self._args
        options = {
            "units": units,
            "rows": rows,
            "inputs": args.inputs,
            "steps": args.steps,
            "batches": args.batches,
            "rounds": args.rounds,
            "way": way,
        }
        over = Hosts(ranks, args.gigabits, args.delay) if args.hosts and ranks > 1 else None
        with tempfile.TemporaryDirectory() as folder, over or nullcontext() as hosts:
            path = Path(folder) / "found.json"
            words = [f"--{name}={value}" for name, value in options.items()]
            run(engine, ranks, [RANK, *words, f"--json={path}"], hosts)
            return json.loads(path.read_text())


def ms(seconds: float) -> str:
    """Return milliseconds with enough digits."""
    return f"{1e3 * seconds:.2f}" if seconds < 0.1 else f"{1e3 * seconds:.0f}"


def split(found: dict[str, Any]) -> list[str]:
    """Return a step and its parts as cells."""
    rest = found["step"] - found["alone"] - found["allreduce"]
    return [ms(found[name]) for name in ("step", "alone", "allreduce")] + [ms(rest)]


def weak(bench: Bench, args: argparse.Namespace) -> list[str]:
    """Return the table of weak scaling."""
    rows = []
    for units in args.units:
        for engine, ranks in runs(args):
            found = bench.of(engine, ranks, units, args.rows)
            name = engine if ranks > 1 else "-"
            cells = [f"LSTM {units}", name, str(ranks), *split(found)]
            rows.append([*cells, f"{found['efficiency']:.2f}"])
    head = ["model", "engine", "ranks", "step, ms", "compute", "allreduce", "rest", "efficiency"]
    return [f"Weak scaling: {args.rows} rows a rank", "", *markdown(head, rows)]


def strong(bench: Bench, args: argparse.Namespace) -> list[str]:
    """Return the table of strong scaling."""
    total = args.rows * max(args.ranks)
    rows = []
    for units in args.units:
        alone = bench.of("", 1, units, total)["step"]
        for engine, ranks in runs(args):
            found = bench.of(engine, ranks, units, total // ranks)
            name = engine if ranks > 1 else "-"
            cells = [f"LSTM {units}", name, str(ranks), *split(found)]
            rows.append([*cells, f"{alone / found['step']:.2f}x"])
    head = ["model", "engine", "ranks", "step, ms", "compute", "allreduce", "rest", "speed-up"]
    return [f"Strong scaling: {total} rows in all", "", *markdown(head, rows)]


def network(bench: Bench, args: argparse.Namespace) -> list[str]:
    """Return the table of what was predicted beside what was measured."""
    rows = []
    several = [run for run in runs(args) if run[1] > 1]
    for units, (engine, ranks), way in product(args.units, several, args.ways):
        found = bench.of(engine, ranks, units, args.rows, way)
        name, _, every = way.partition("=")
        vectors = sums = 1
        if name == "average_every":  # weights and the optimizer's vectors, after a few flags
            vectors = 1 + found["slots"]
            sums = 1 + vectors
        algorithm, latencies = ENGINES[engine]
        said = gk.distributed.predict(
            vectors * found["parameters"],
            found["alone"],
            ranks,
            args.gigabits,
            sums * latencies * args.delay,
            int(every or 1),
            algorithm,
        )
        cells = [f"LSTM {units}", engine, str(ranks), way or "a sum a batch", ms(found["alone"])]
        cells += [ms(said.allreduce), "" if way else ms(found["raw"]), ms(found["allreduce"])]
        cells += [ms(said.seconds), ms(found["step"])]
        rows.append([*cells, f"{said.efficiency:.2f}", f"{found['efficiency']:.2f}"])
    head = ["model", "engine", "hosts", "way", "compute, ms"]
    head += ["allreduce predicted", "in a row", "in `fit`", "step predicted", "measured"]
    head += ["efficiency predicted", "measured"]
    title = f"Hosts at {args.gigabits:g} Gb/s and {1e3 * args.delay:g} ms, {args.rows} rows each"
    return [title, "", *markdown(head, rows)]


def runs(args: argparse.Namespace) -> list[tuple[str, int]]:
    """Return engines and numbers of ranks; one process alone once."""
    several = [(engine, n) for engine in args.engines for n in args.ranks if n > 1]
    return [("", 1)] * (1 in args.ranks) + several


def numbers(text: str) -> list[int]:
    """Return the whole numbers of ``1,2,4``."""
    return [int(part) for part in text.split(",")]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--engines", type=lambda text: text.split(","), default=list(ENGINES))
    parser.add_argument("--ranks", type=numbers, default=[1, 2, 4])
    parser.add_argument("--units", type=numbers, default=[128, 512])
    parser.add_argument("--inputs", type=int, default=64)
    parser.add_argument("--rows", type=int, default=32, help="of a rank, in weak scaling")
    parser.add_argument("--steps", type=int, default=100, help="time steps of a row")
    parser.add_argument("--batches", type=int, default=6, help="of a round")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--hosts", action="store_true", help="over network namespaces; root")
    parser.add_argument(
        "--ways",
        type=lambda text: text.split(","),
        default=["", "accumulate=4", "average_every=4"],
        help="of fit, with --hosts; none of them is a sum for each batch",
    )
    parser.add_argument("--gigabits", type=float, default=1.0, help="rate of a link, with --hosts")
    parser.add_argument("--delay", type=float, default=1e-3, help="seconds, with --hosts")
    parser.add_argument("--page", type=Path, help="where to put the tables: docs/distributed.md")
    args = parser.parse_args()
    if "mpi" in args.engines and MPIEXEC is None:
        parser.error("engine mpi needs mpiexec: pip install mpi4py mpich, or --engines gloo")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # hosts are removed on the way out
    bench = Bench(args)
    for table in (network,) if args.hosts else (weak, strong):
        lines = [*table(bench, args), processor()]
        print("\n".join([*lines, ""]), flush=True)
        if args.page is not None:
            put(args.page, table.__name__, lines)


if __name__ == "__main__":
    main()

"""Times gatedcore beside other libraries: every row of the performance table, into a JSON file.

    python bench/python/peers.py --json peers.json                      # everything, all libraries
    python bench/python/peers.py --json peers.json --redo disturbed     # what was not quiet, or new
    python bench/python/peers.py --libs gatedcore,torch --cases lstm:100x32x64x64 --kinds train

Each library runs in a process of its own, on the same processors and with as many threads; they
take turns in short bursts. Before a row is timed, the outputs and gradients of all are compared.
A library that is not installed is named and left out. ``report.py`` and ``plot.py`` read the JSON.
"""

import argparse
import datetime
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from tqdm.auto import tqdm

from contest import document as documents
from contest import machine
from contest.adapters import FEW, MODULES, variants
from contest.agreement import NEAR, difference
from contest.cases import ODD, Case, CaseError, has_threads, parse_kinds, select
from contest.processes import WorkerError, WorkerProcess, start_all, versions_of
from contest.samples import summary
from contest.turns import Entry, take_turns

CEILING_SECONDS = 0.5

Key = tuple[Case, int]


def invited(case: Case, library: str) -> bool:
    """Return whether a library is timed on a row."""
    if library == "gatedcore":
        return True
    if (case.T, case.B, case.I, case.H) in ODD:
        return library in FEW["odd"]
    return library in FEW.get(case.option, ()) if case.option else True


class Contest:
    """The processes of all libraries for one number of threads.

    Parameters
    ----------
    libraries : sequence of str
        Names on the command line.
    threads : int
        Threads, and processors, of each.
    """

    def __init__(self, libraries: Sequence[str], threads: int) -> None:
        self.threads = threads
        self.processors = sorted(os.sched_getaffinity(0))[-threads:]
        self.processes, self.absent = start_all(libraries, self.processors)

    def facts(self, *, reading: bool) -> dict[str, Any]:
        """Return versions and ceilings."""
        own = self.processes.get("gatedcore")
        ceilings = own.ask("ceilings", seconds=CEILING_SECONDS, reading=reading) if own else {}
        return {"versions": versions_of(self.processes), "ceilings": ceilings}

    def measure(self, case: Case, seconds: float) -> tuple[dict[str, Any], dict[str, str]]:
        """Return the results of a row by contestant, and why others have none."""
        entries: dict[str, Entry] = {}
        facts: dict[str, dict[str, Any]] = {}
        skipped: dict[str, str] = {}
        with tempfile.TemporaryDirectory() as folder:
            for name, process, variant in self._contestants(case):
                request = {"key": name, "case": asdict(case), "variant": variant}
                try:
                    answer = process.ask("prepare", **request, results=str(_file(folder, name)))
                except WorkerError as error:
                    skipped[name] = str(error).splitlines()[0][:200]
                    continue
                if "not_offered" in answer:
                    skipped[name] = answer["not_offered"]
                    continue
                entries[name] = Entry(process, name, answer["once"])
                facts[name] = {"work": answer["work"]}
            for name, off in self._differences(folder, list(entries)).items():
                facts[name]["error"] = off
                if off > NEAR:
                    skipped[name] = f"its results differ by {off:.2g}"
                    del entries[name]
        if "gatedcore" in self.processes and "gatedcore" not in entries:
            entries = {}  # a row is about gatedcore
        if entries:
            take_turns(
                list(entries.values()), seconds, lambda: machine.busy_seconds(self.processors)
            )
        for process in self.processes.values():
            process.ask("forget")
        return {name: {**facts[name], **_result(e)} for name, e in entries.items()}, skipped

    def _contestants(self, case: Case) -> Iterator[tuple[str, WorkerProcess, str]]:
        """Give name, process and variant of everybody who is timed on a row."""
        for library, process in self.processes.items():
            if invited(case, library):
                for variant in variants(library, case, self.threads):
                    yield f"{library}/{variant}" if variant else library, process, variant

    @staticmethod
    def _differences(folder: str, names: list[str]) -> dict[str, float]:
        """Return how far each contestant with results is from the first of them."""
        found: dict[str, float] = {}
        reference: dict[str, np.ndarray] = {}
        for name in names:
            with np.load(_file(folder, name)) as arrays:
                results = dict(arrays)
            if results and "/" not in name:
                reference = reference or results
                found[name] = difference(results, reference)
        return found

    def close(self) -> None:
        """End all processes."""
        for process in self.processes.values():
            process.close()


def _file(folder: str, name: str) -> Path:
    """Return where a contestant's results go."""
    return Path(folder) / f"{name.replace('/', '-')}.npz"


def _result(entry: Entry) -> dict[str, Any]:
    share = max(0.0, entry.disturbed / entry.wall)
    return {**summary(entry.times), "disturbed": round(share, 3)}


def tell(case: Case, threads: int, results: dict[str, Any], skipped: dict[str, str]) -> None:
    """Print a row as it is measured, the fastest contestant first."""
    ranked = sorted(results, key=lambda name: results[name]["median"])
    times = ", ".join(f"{name} {results[name]['median'] * 1e6:.1f}" for name in ranked)
    tqdm.write(f"{case.name}, {threads} thread(s), us: {times or 'nobody'}", file=sys.stdout)
    for name, reason in skipped.items():
        if "differ" in reason or "gatedcore" in name or ": " in reason:
            tqdm.write(f"    without {name}: {reason}", file=sys.stdout)
    sys.stdout.flush()


def run(
    keys: list[Key],
    libraries: Sequence[str],
    seconds: float,
    path: Path | None,
    arguments: Sequence[str],
) -> None:
    """Measure rows and write each to the document as soon as it is there.

    ``arguments`` are those of the command line, for the report.
    """
    document = documents.load(path) if path and path.exists() else documents.empty()
    bar = tqdm(total=len(keys), unit="row", disable=None)  # rows are printed anyway
    for threads in sorted({threads for _, threads in keys}):
        contest = Contest(libraries, threads)
        for library, reason in contest.absent.items():
            tqdm.write(f"without {library}: {reason}", file=sys.stdout)
        document["runs"].append(
            {
                "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
                "machine": machine.describe(),
                "threads": threads,
                "on_processors": contest.processors,
                "arguments": list(arguments),
                "seconds": seconds,
                "load": os.getloadavg()[0],
                "absent": contest.absent,
                **contest.facts(reading=threads == 1),
            }
        )
        for case in [case for case, wanted in keys if wanted == threads]:
            bar.set_postfix_str(case.name, refresh=False)
            results, skipped = contest.measure(case, seconds)
            tell(case, threads, results, skipped)
            if results:
                number = len(document["runs"]) - 1
                documents.put(document, documents.new_row(case, threads, results, skipped, number))
                if path:
                    documents.save(document, path)
            bar.update()
        if "gatedcore" in contest.processes:
            # Once more, in case others were at work the first time: too low a peak flatters.
            first = document["runs"][-1]["ceilings"]
            again = contest.facts(reading=False)["ceilings"]
            first["multiply_add"] = max(first["multiply_add"], again["multiply_add"])
            if path:
                documents.save(document, path)
        contest.close()
    bar.close()


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--libs", default=",".join(MODULES), help="some of %(default)s")
    parser.add_argument(
        "--cases", default="all", help="groups, or shapes such as lstm:100x32x64x64"
    )
    parser.add_argument("--kinds", default="infer,train,step")
    parser.add_argument("--threads", default="1,2", help="one number or several")
    parser.add_argument("--seconds", type=float, default=0.4, help="for each library on each row")
    parser.add_argument("--json", type=Path, help="where results go; rows that are there stay")
    parser.add_argument(
        "--redo",
        nargs="?",
        const="missing",
        choices=("missing", "disturbed"),
        help="measure only rows that the JSON lacks, or those and the disturbed ones",
    )
    arguments = parser.parse_args()
    libraries = arguments.libs.split(",")
    unknown = [library for library in libraries if library not in MODULES]
    if unknown:
        parser.error(f"library {unknown[0]!r} is unknown, expected some of {','.join(MODULES)}")
    try:
        cases = select(arguments.cases, parse_kinds(arguments.kinds))
    except CaseError as error:
        parser.error(str(error))
    here = len(os.sched_getaffinity(0))
    numbers = [int(text) for text in arguments.threads.split(",")]
    if not 1 <= min(numbers) <= max(numbers) <= here:
        parser.error(f"--threads is {arguments.threads}, expected numbers from 1 to {here}")
    named = len(arguments.cases.split(",")) > 0 and ":" in arguments.cases
    keys = [(c, n) for n in numbers for c in cases if named or has_threads(c, n)]
    if arguments.redo:
        if arguments.json is None:
            parser.error("--redo needs --json")
        if arguments.json.exists():
            old = documents.load(arguments.json)
            choose = documents.missing if arguments.redo == "missing" else None
            keys = (choose or documents.missing_or_disturbed)(old, keys)
    run(keys, libraries, arguments.seconds, arguments.json, sys.argv[1:])


if __name__ == "__main__":
    main()

"""Times whole jobs of training beside Keras and PyTorch, into a JSON file.

    python bench/python/jobs.py --json jobs.json                    # all jobs, all libraries
    python bench/python/jobs.py --libs gatedcore,keras-jax --jobs compare-lstm --epochs 100

``compare-lstm`` and ``compare-gru`` are ``fit`` on windows of a noisy sine, ``sentiment`` is a
training step on random tokens, ``overhead`` is ``fit`` where there is next to nothing to compute.
Each library runs in a process of its own, on the same processors; they take turns, a fit or some
steps at a time. What they learned is compared. ``jobs_report.py`` reads the JSON.
"""

import argparse
import datetime
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from contest import document as documents
from contest import machine
from contest.job_figures import learned_apart, predicted_apart
from contest.job_problem import JOBS, FitJob, Job, StepJob, to_json
from contest.processes import WorkerError, WorkerProcess, start_all, versions_of
from contest.samples import summary
from contest.text import time_text
from contest.trainers import DIFFERENT, MODULES

CHECKED = 3  # steps without dropout, after which predictions are compared
# Losses of an epoch may differ by so much of themselves: sums in float32 in another order grow over
# hundreds of steps of Adam, to 6e-4 after 20 epochs.
NEAR_LOSS = 0.01
# Predictions may differ by so much of how far the steps have moved them. 0.03 is Keras on
# TensorFlow, which squares an embedding's gradient token by token where the others square the sum;
# all others stay below 2e-5.
NEAR_PREDICTION = 0.05

Answer = dict[str, Any]
Processes = dict[str, WorkerProcess]


class Turns:
    """Processes that take turns, with what others took of the processors meanwhile."""

    def __init__(self, processes: Mapping[str, WorkerProcess], processors: Sequence[int]) -> None:
        self._processes = dict(processes)
        self._processors = processors
        self.skipped: dict[str, str] = {}
        self._disturbed = dict.fromkeys(processes, 0.0)
        self._wall = dict.fromkeys(processes, 0.0)

    def ask(self, do: str, **arguments: object) -> Iterator[tuple[str, Answer]]:
        """Ask all who are left; who fails or has no such thing is left out from then on."""
        for name, process in list(self._processes.items()):
            before = machine.busy_seconds(self._processors)
            try:
                answer = process.ask(do, **arguments)
            except WorkerError as error:
                answer = {"not_offered": str(error).splitlines()[0][:200]}
            if "not_offered" in answer:
                self.skipped[name] = answer["not_offered"]
                del self._processes[name]
                continue
            if "cpu" in answer:
                busy = machine.busy_seconds(self._processors) - before
                self._disturbed[name] += busy - answer["cpu"]
                self._wall[name] += answer["wall"]
            yield name, answer
        first = next(iter(self._processes), None)
        if first is not None:  # nobody always follows the same
            self._processes[first] = self._processes.pop(first)

    def disturbed(self, name: str) -> float:
        """Return the share of a processor that others took during the turns of one."""
        return round(max(0.0, self._disturbed[name] / max(self._wall[name], 1e-9)), 3)


def run_fits(turns: Turns, job: FitJob, rounds: int, epochs: int) -> dict[str, Answer]:
    """Return times and losses of several fits of each library."""
    answers: dict[str, list[Answer]] = {}
    for _ in range(rounds):
        for name, answer in turns.ask("fit", job=to_json(job), epochs=epochs):
            answers.setdefault(name, []).append(answer)
    answers = {name: found for name, found in answers.items() if name not in turns.skipped}
    return {
        name: {
            "total": summary([answer["total"] for answer in found]),
            "first": summary([answer["seconds"][0] for answer in found]),
            "later": summary([s for answer in found for s in answer["seconds"][1:]]),
            "losses": found[-1]["losses"],
            "disturbed": turns.disturbed(name),
        }
        for name, found in answers.items()
    }


def run_steps(turns: Turns, job: StepJob, rounds: int, count: int) -> dict[str, Answer]:
    """Return times of steps, and the predictions of a short training without dropout."""
    checks = dict(turns.ask("start_steps", job=to_json(replace(job, rate=0.0)), checked=CHECKED))
    firsts = {n: a["first"] for n, a in turns.ask("start_steps", job=to_json(job), checked=1)}
    times: dict[str, list[float]] = {}
    for _ in range(rounds):
        for name, answer in turns.ask("take_steps", count=count):
            times.setdefault(name, []).extend(answer["seconds"])
    return {
        name: {
            "first": summary([firsts[name]]),
            "later": summary(seconds),
            "predictions": {key: checks[name][key] for key in ("before", "after")},
            "disturbed": turns.disturbed(name),
        }
        for name, seconds in times.items()
        if name not in turns.skipped
    }


def without_the_different(
    results: dict[str, Answer], apart: Callable[[Answer, Answer], float], near: float
) -> dict[str, str]:
    """Note how far each is from the first; take out, and name, who did not do the same."""
    skipped = {}
    names = [name for name in MODULES if name in results and name not in DIFFERENT]
    for name in names[1:]:
        off = apart(results[name], results[names[0]])
        results[name]["apart"] = off
        if not off <= near:
            skipped[name] = f"what it learned differs by {off:.2g} from {names[0]}'s"
            del results[name]
    return skipped


def measure(
    processes: Processes, processors: Sequence[int], job: Job, options: argparse.Namespace
) -> Answer:
    """Return results by library, and why others have none."""
    turns = Turns(processes, processors)
    if isinstance(job, FitJob):
        results = run_fits(turns, job, options.rounds, options.epochs)
        skipped = without_the_different(results, learned_apart, NEAR_LOSS)
    else:
        results = run_steps(turns, job, options.rounds, options.steps)
        skipped = without_the_different(results, predicted_apart, NEAR_PREDICTION)
        for result in results.values():
            del result["predictions"]  # hundreds of numbers that say no more than "apart"
    return {"job": to_json(job), "results": results, "skipped": {**turns.skipped, **skipped}}


def tell(name: str, found: Answer) -> None:
    """Print a job as it is measured, the fastest library first."""
    results = found["results"]
    for library in sorted(results, key=lambda library: results[library]["later"]["median"]):
        first, later = (time_text(results[library][key]["median"]) for key in ("first", "later"))
        print(f"{name}: {library} {later}, the first {first}", flush=True)
    for library, reason in found["skipped"].items():
        print(f"{name}: without {library}: {reason}", flush=True)


def run(jobs: Mapping[str, Job], options: argparse.Namespace) -> None:
    """Measure jobs and write the document after each."""
    processors = sorted(os.sched_getaffinity(0))[-options.threads :]
    processes, absent = start_all(options.libs, processors, "contest.job_worker")
    for library, reason in absent.items():
        print(f"without {library}: {reason}", flush=True)
    document: documents.Document = {
        "format": documents.JOBS_FORMAT,
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "machine": machine.describe(),
        "threads": options.threads,
        "epochs": options.epochs,
        "rounds": options.rounds,
        "arguments": sys.argv[1:],
        "load": os.getloadavg()[0],
        "absent": absent,
        "versions": versions_of(processes),
        "jobs": {},
    }
    for name, job in jobs.items():
        document["jobs"][name] = measure(processes, processors, job, options)
        tell(name, document["jobs"][name])
        if options.json:
            documents.save(document, options.json)
    for process in processes.values():
        process.close()


def parsed(arguments: Sequence[str] | None = None) -> tuple[dict[str, Job], argparse.Namespace]:
    """Return the jobs that were asked for, and the options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--libs", default=",".join(MODULES), help="some of %(default)s")
    parser.add_argument("--jobs", default=",".join(JOBS), help="some of %(default)s")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each (%(default)s)")
    parser.add_argument("--epochs", type=int, default=10, help="of each fit (%(default)s)")
    parser.add_argument("--steps", type=int, default=5, help="in a turn (%(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="and processors (%(default)s)")
    parser.add_argument("--json", type=Path, help="where results go")
    options = parser.parse_args(arguments)
    options.libs = options.libs.split(",")
    for what, names, known in (
        ("library", options.libs, MODULES),
        ("job", options.jobs.split(","), JOBS),
    ):
        unknown = [name for name in names if name not in known]
        if unknown:
            parser.error(f"{what} {unknown[0]!r} is unknown, expected some of {','.join(known)}")
    here = len(os.sched_getaffinity(0))
    if not 1 <= options.threads <= here:
        parser.error(f"--threads is {options.threads}, expected a number from 1 to {here}")
    for name, least in (("rounds", 1), ("epochs", 2), ("steps", 1)):
        if getattr(options, name) < least:
            parser.error(f"--{name} is {getattr(options, name)}, expected at least {least}")
    return {name: JOBS[name] for name in options.jobs.split(",")}, options


if __name__ == "__main__":
    run(*parsed())

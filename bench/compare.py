"""Tells whether a build of gatedcore became slower: OLD beside NEW, in turns, on a noisy machine.

    python bench/compare.py HEAD~1 HEAD                       # two revisions, built and kept
    python bench/compare.py OLD_VENV NEW_VENV --cases lstm:100x32x64x64 --kinds infer

OLD and NEW are an interpreter, a virtual environment or a git revision; a revision is built into a
virtual environment in the user's cache. Both run in processes of their own on the same processors
and take turns in short bursts; new processes are started a few times, as speed also depends on
where memory happens to lie. What counts is the ratio of medians, NEW over OLD, with its interval.

Exit code: 1 if a case is slower by more than the threshold and its interval lies above 1, else 0.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "bench" / "python"))

from contest.agreement import NEAR, difference  # noqa: E402  # the path comes first
from contest.cases import Case, CaseError, parse_kinds, select  # noqa: E402  # the path comes first
from contest.processes import AbsentError, WorkerError, WorkerProcess  # noqa: E402  # the path comes first
from contest.samples import Ratio, ratio_of_medians  # noqa: E402  # the path comes first
from contest.turns import Entry, take_paired_turns  # noqa: E402  # the path comes first

# What a change of the kernels touches, in a minute or two.
SHAPES = ("100x32x1x50", "100x32x64x64", "100x32x256x256", "100x1x64x64", "1x1x16x16", "480x1x1x16")
CASES = ",".join(f"{cell}:{shape}" for cell in ("lstm", "gru") for shape in SHAPES)


class BuildError(Exception):
    """OLD or NEW is no build of gatedcore, and none can be made of it."""


@dataclass(frozen=True)
class Comparison:
    """One case: how much slower NEW is, and the median of OLD."""

    case: Case
    ratio: Ratio
    old_seconds: float

    def is_slower(self, threshold: float) -> bool:
        """Return whether NEW is beyond the threshold, and not by chance."""
        return self.ratio.value > 1 + threshold and self.ratio.low > 1

    def is_faster(self, threshold: float) -> bool:
        """Return the same of the other direction."""
        return self.ratio.value < 1 / (1 + threshold) and self.ratio.high < 1


def interpreter_of(build: str, cache: Path) -> str:
    """Return the interpreter of a build.

    Raises
    ------
    BuildError
        If there is none.
    """
    path = Path(build)
    if path.is_dir() and (path / "bin" / "python").exists():
        return str(path.absolute() / "bin" / "python")
    if path.is_file() and os.access(path, os.X_OK):
        return str(path.absolute())
    asked = subprocess.run(
        ["git", "rev-parse", "--verify", "--quiet", f"{build}^{{commit}}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode:
        raise BuildError(
            f"{build!r} is no interpreter, no virtual environment and no git revision, expected "
            "one of these; try HEAD~1"
        )
    return built(asked.stdout.strip(), cache)


def built(commit: str, cache: Path) -> str:
    """Return the interpreter of a revision's own virtual environment, made if it is not there."""
    venv = cache / commit[:16]
    python = venv / "bin" / "python"
    done = venv / "built"
    if done.exists():
        return str(python)
    print(f"building {commit[:12]} in {venv}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        archive = subprocess.run(
            ["git", "archive", commit], cwd=ROOT, check=True, capture_output=True
        ).stdout
        subprocess.run(["tar", "-x", "-C", folder], input=archive, check=True)
        for command in (
            [sys.executable, "-m", "venv", "--clear", str(venv)],
            [str(python), "-m", "pip", "install", "-q", f"numpy=={np.__version__}", folder],
        ):
            made = subprocess.run(command, capture_output=True, text=True, check=False)
            if made.returncode:
                raise BuildError(f"{commit[:12]} cannot be built: {made.stderr.strip()[-2000:]}")
    done.touch()
    return str(python)


def compare(
    pythons: Sequence[str], cases: Sequence[Case], threads: int, seconds: float, starts: int
) -> list[Comparison]:
    """Measure every case with processes started several times."""
    processors = sorted(os.sched_getaffinity(0))[-threads:]
    times: dict[Case, tuple[list[float], list[float]]] = {case: ([], []) for case in cases}
    for _ in range(starts):
        workers: list[WorkerProcess] = []
        try:
            for name, python in zip(("OLD", "NEW"), pythons, strict=True):
                workers.append(WorkerProcess(name, "gatedcore", processors, python))
            for case in cases:
                entries = prepared(workers, case)
                if entries:
                    take_paired_turns(entries, seconds / starts)
                    for entry, taken in zip(entries, times[case], strict=True):
                        taken.extend(entry.times)
                for worker in workers:
                    worker.ask("forget")
        finally:
            for worker in workers:
                worker.close()
    return [
        Comparison(case, ratio_of_medians(new, old), float(np.median(old)))
        for case, (old, new) in times.items()
        if old
    ]


def prepared(workers: Sequence[WorkerProcess], case: Case) -> list[Entry]:
    """Return both sides, ready; nobody where one of them lacks the case.

    Raises
    ------
    WorkerError
        If their results differ.
    """
    entries, results = [], []
    with tempfile.TemporaryDirectory() as folder:
        for worker in workers:
            path = Path(folder) / f"{worker.name}.npz"
            answer = worker.ask(
                "prepare", key="case", case=asdict(case), variant="", results=str(path)
            )
            if "not_offered" in answer:
                print(f"{case.name}: left out, {worker.name}: {answer['not_offered']}")
                return []
            entries.append(Entry(worker, "case", answer["once"]))
            with np.load(path) as arrays:
                results.append(dict(arrays))
    off = difference(results[1], results[0])
    if off > NEAR:
        raise WorkerError(f"{case.name}: results of OLD and NEW differ by {off:.2g}")
    # Bursts of as many calls on either side.
    once = min(entry.once for entry in entries)
    return [Entry(entry.process, entry.key, once) for entry in entries]


def tell(found: Sequence[Comparison], threshold: float) -> int:
    """Print the table; return the exit code."""
    width = max((len(each.case.name) for each in found), default=4)
    print(f"{'case':{width}}  {'OLD, us':>10}  {'NEW/OLD':>8}  99 % interval")
    for each in found:
        ratio = each.ratio
        verdict = ""
        if each.is_slower(threshold):
            verdict = "  SLOWER"
        elif each.is_faster(threshold):
            verdict = "  faster"
        print(
            f"{each.case.name:{width}}  {each.old_seconds * 1e6:10.1f}  {ratio.value:8.3f}  "
            f"{ratio.low:.3f} to {ratio.high:.3f}{verdict}"
        )
    slower = [each for each in found if each.is_slower(threshold)]
    print(f"{len(slower)} of {len(found)} cases slower by more than {threshold:.0%}")
    return 1 if slower else 0


def main() -> None:
    """Read the command line, compare, leave with the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("old", help="interpreter, virtual environment or git revision")
    parser.add_argument("new", help="likewise")
    parser.add_argument("--cases", default=CASES, help="groups or shapes, as for peers.py")
    parser.add_argument("--kinds", default="infer,train,step")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=2.0, help="for each side of each case")
    parser.add_argument("--starts", type=int, default=3, help="how often processes start anew")
    parser.add_argument("--threshold", type=float, default=0.03, help="slower by this share fails")
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "gatedcore-bench"
    parser.add_argument("--cache", type=Path, default=cache, help="where revisions are built")
    arguments = parser.parse_args()
    here = len(os.sched_getaffinity(0))
    if not 1 <= arguments.threads <= here:
        parser.error(f"--threads is {arguments.threads}, expected 1 to {here}")
    if arguments.starts < 1 or arguments.seconds <= 0:
        parser.error("--starts and --seconds must be above 0")
    try:
        cases = select(arguments.cases, parse_kinds(arguments.kinds))
        pythons = [interpreter_of(b, arguments.cache) for b in (arguments.old, arguments.new)]
        found = compare(pythons, cases, arguments.threads, arguments.seconds, arguments.starts)
    except (CaseError, BuildError, AbsentError) as error:
        parser.error(str(error))
    except WorkerError as error:
        raise SystemExit(f"compare: {error}") from None
    raise SystemExit(tell(found, arguments.threshold))


if __name__ == "__main__":
    main()

"""The process of one library: prepares what it is told to, runs bursts of it, tells the times.

    python -m contest.worker LIBRARY THREADS

One JSON object a line in either direction, on standard input and output; what a library prints goes
to standard error. Requests are ``{"do": ...}``; every answer has ``error`` if it failed.
"""

import gc
import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any, TextIO

import numpy as np

from contest.adapters import Adapter, NotOfferedError, Prepared, load
from contest.cases import Case
from contest.problem import problem_of

# A burst begins with calls that are not timed, as the caches hold what the other process left and a
# second thread has to wake: at least one, and as many as fit in this many seconds.
WARMING = 10e-3
# A longer call is its own warming.
LONG = 40e-3
# The first call may be slower than all others; of one that takes longer it does not matter.
BRIEF = 0.1
# Then others get the processors; a library's threads may spin for a moment first.
SETTLING = 2e-3
# Sizes at which reading is measured, in bytes: from the first cache to memory.
READ_SIZES = tuple(2**exponent for exponent in range(14, 29))


class Worker:
    """What the process does when asked."""

    def __init__(self, adapter: Adapter, threads: int) -> None:
        self._adapter = adapter
        self._threads = threads
        self._prepared: dict[str, Prepared] = {}

    def versions(self) -> dict[str, Any]:
        """Return the versions that matter, NumPy's among them."""
        versions = {"numpy": np.__version__, "python": sys.version.split()[0]}
        return {"versions": {**versions, **self._adapter.versions()}}

    def ceilings(self, seconds: float, reading: bool) -> dict[str, Any]:
        """Measure the machine; only gatedcore's process can."""
        from gatedcore.ceilings import multiply_add_rate, read_rate

        sizes = READ_SIZES if reading else ()
        return {
            "multiply_add": multiply_add_rate(self._threads, seconds),
            "read": {str(size): read_rate(size, seconds / 8) for size in sizes},
        }

    def prepare(self, key: str, case: dict[str, Any], variant: str, results: str) -> dict[str, Any]:
        """Make a computation ready and run it; write its results to a file."""
        try:
            prepared = self._adapter.prepare(problem_of(Case(**case)), variant)
        except NotOfferedError as refusal:
            return {"not_offered": str(refusal)}
        np.savez(results, **prepared.results())
        begin = time.perf_counter()
        prepared.run()
        once = time.perf_counter() - begin
        if once < BRIEF:
            begin = time.perf_counter()
            prepared.run()
            once = min(once, time.perf_counter() - begin)
        self._prepared[key] = prepared
        return {"once": once, "work": prepared.work}

    def burst(self, key: str, calls: int, once: float) -> dict[str, Any]:
        """Time several calls; once is about what one takes."""
        run = self._prepared[key].run
        cpu, begin = time.process_time(), time.perf_counter()
        if once < LONG:
            for _ in range(max(1, int(WARMING / once))):
                run()
        timed = time.perf_counter()
        for _ in range(calls):
            run()
        end = time.perf_counter()
        time.sleep(SETTLING)
        return {
            "seconds": (end - timed) / calls,
            "cpu": time.process_time() - cpu,
            "wall": time.perf_counter() - begin,
        }

    def forget(self) -> dict[str, Any]:
        """Drop all that was prepared."""
        self._prepared.clear()
        gc.collect()
        return {}


def private_stdout() -> TextIO:
    """Return the standard output for us alone; what anybody else prints goes to standard error."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return answers


def serve(made: Callable[[str, int], object]) -> None:
    """Answer requests until there are no more, each by the method that it names.

    Parameters
    ----------
    made : callable
        Gives the object with the methods, from library and number of threads; raises ImportError
        where the library is not installed.
    """
    answers = private_stdout()

    def answer(content: dict[str, Any]) -> None:
        answers.write(json.dumps(content) + "\n")
        answers.flush()

    try:
        worker = made(sys.argv[1], int(sys.argv[2]))
    except ImportError as error:
        answer({"absent": str(error)})
        return
    answer({})
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer(getattr(worker, request.pop("do"))(**request))
        except Exception as error:  # of whatever kind a library has; the parent names it
            traceback.print_exc()
            answer({"error": f"{type(error).__name__}: {error}"})


if __name__ == "__main__":
    serve(lambda library, threads: Worker(load(library, threads), threads))

"""The parent's side of a worker: start it on its processors, ask it, end it."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1]  # where the package contest lies
LAST_WORDS = 2000  # characters of standard error that a failure shows


class AbsentError(Exception):
    """The library of a worker is not installed."""


class WorkerError(RuntimeError):
    """A worker failed or ended."""


def thread_environment(threads: int) -> dict[str, str]:
    """Return the variables by which libraries learn how many threads they may use."""
    names = ("OMP", "MKL", "OPENBLAS", "NUMEXPR", "GATEDCORE")
    single = "--xla_cpu_multi_thread_eigen=false"
    return {
        **{f"{name}_NUM_THREADS": str(threads) for name in names},
        "XLA_FLAGS": single if threads == 1 else "",
        "JAX_PLATFORMS": "cpu",
        "KERAS_BACKEND": "tensorflow",
        "CUDA_VISIBLE_DEVICES": "",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }


@contextlib.contextmanager
def _on(processors: Sequence[int]) -> Iterator[None]:
    """Keep this thread on some processors: a process inherits them from who starts it."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, processors)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class WorkerProcess:
    """One library in a process of its own.

    Parameters
    ----------
    name : str
        For messages and results.
    library : str
        A name of ``adapters.MODULES``.
    processors : sequence of int
        Those that the process may use, one for each of its threads.
    python : str
        The interpreter that has the library.

    Raises
    ------
    AbsentError
        If the library is not installed there.
    """

    def __init__(
        self,
        name: str,
        library: str,
        processors: Sequence[int],
        python: str = sys.executable,
        environment: dict[str, str] | None = None,
    ) -> None:
        self.name = name
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115  # open as long as the process
        threads = len(processors)
        with _on(processors):
            self._process = self._start(python, library, threads, environment or {})
        answer = self._answer()
        if "absent" in answer:
            self.close()
            raise AbsentError(answer["absent"])

    def _start(
        self, python: str, library: str, threads: int, environment: dict[str, str]
    ) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [python, "-m", "contest.worker", library, str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env={
                **os.environ,
                **thread_environment(threads),
                "PYTHONPATH": str(FOLDER),
                **environment,
            },
        )

    def ask(self, do: str, **arguments: object) -> dict[str, Any]:
        """Return the worker's answer to a request.

        Raises
        ------
        WorkerError
            If it failed.
        """
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # then _answer raises, with its last words
            self._process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
            self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._errors.seek(0)
            raise WorkerError(f"{self.name}: ended; {self._errors.read()[-LAST_WORDS:]}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise WorkerError(f"{self.name}: {answer['error']}")
        return answer

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it has ended before
            self._process.stdin.close()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._errors.close()

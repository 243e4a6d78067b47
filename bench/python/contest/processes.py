"""The parent's side of a worker: start it on its processors, ask it, end it."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
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


def _given_path() -> list[str]:
    """Return the folders of PYTHONPATH: gatedcore may come from one."""
    return [folder for folder in os.environ.get("PYTHONPATH", "").split(os.pathsep) if folder]


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
        A name that the program knows, such as those of ``adapters.MODULES``.
    processors : sequence of int
        Those that the process may use, one for each of its threads.
    python : str
        The interpreter that has the library.
    environment : dict from str to str, optional
        Variables of the process beside or instead of ours.
    program : str
        The module that the process runs.

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
        program: str = "contest.worker",
    ) -> None:
        self.name = name
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115  # open as long as the process
        threads = len(processors)
        with _on(processors):
            command = [python, "-m", program, library, str(threads)]
            self._process = self._start(command, threads, environment or {})
        answer = self._answer()
        if "absent" in answer:
            self.close()
            raise AbsentError(answer["absent"])

    def _start(
        self, command: Sequence[str], threads: int, environment: dict[str, str]
    ) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env={
                **os.environ,
                **thread_environment(threads),
                "PYTHONPATH": os.pathsep.join([str(FOLDER), *_given_path()]),
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


def start_all(
    libraries: Sequence[str], processors: Sequence[int], program: str = "contest.worker"
) -> tuple[dict[str, WorkerProcess], dict[str, str]]:
    """Return the processes by library, and why others have none."""
    processes: dict[str, WorkerProcess] = {}
    absent: dict[str, str] = {}
    for library in libraries:
        try:
            processes[library] = WorkerProcess(library, library, processors, program=program)
        except (AbsentError, WorkerError) as error:
            absent[library] = str(error).splitlines()[0]
    return processes, absent


def versions_of(processes: Mapping[str, WorkerProcess]) -> dict[str, str]:
    """Return the versions of all libraries."""
    versions: dict[str, str] = {}
    for process in processes.values():
        versions.update(process.ask("versions")["versions"])
    return versions

"""Programs that run as several ranks: started by mpiexec, or as a group of gloo.

``ranks.run("mpi", 2, CODE)`` is what a test calls; ``ranks.ENGINES`` are its parameters, skipped
where an engine is not installed.
"""

import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from scaling.launch import MPIEXEC, VARIABLES, free_port

PACKAGE = Path(__file__).resolve().parents[2] / "python"

needs_mpi = pytest.mark.skipif(
    MPIEXEC is None or importlib.util.find_spec("mpi4py") is None,
    reason="needs mpi4py and an MPI: pip install mpi4py mpich",
)
needs_gloo = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="needs PyTorch: pip install torch"
)
ENGINES = [pytest.param("mpi", marks=needs_mpi), pytest.param("gloo", marks=needs_gloo)]

_LAST_WORDS = 5.0  # seconds for the ranks that are left when one has failed
# PyTorch's own threads abort one exit in a hundred, without gatedcore too: leave without them.
_LEAVE = "\nimport os, sys\nsys.stdout.flush()\nos._exit(0)\n"


def environment(**more: str) -> dict[str, str]:
    """Return the environment of a rank: one thread, and the package from where the tests are."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("OMPI_", "PMI", "PRTE"))}
    path = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), *_source_tree()]))
    return {
        **inherited,
        **VARIABLES,
        "PYTHONPATH": path,
        **more,
    }


def _source_tree() -> list[str]:
    """Return where the package is to be found, if it is not installed; and the tests' modules."""
    built = any((PACKAGE / "gatedcore").glob("_core.*.so"))
    return [str(Path(__file__).parent), *([str(PACKAGE)] if built else [])]


def run(
    engine: str,
    size: int,
    code: str,
    *arguments: object,
    timeout: float = 60.0,
    check: bool = True,
    cwd: Path | None = None,
    **variables: str,
) -> "subprocess.CompletedProcess[str]":
    """Run a program as so many ranks.

    Parameters
    ----------
    engine : {"mpi", "gloo"}
        What starts them.
    size : int
        How many.
    code : str
        A program in Python; it calls ``gk.distributed.init()`` itself.
    *arguments
        Its ``sys.argv[1:]``.
    timeout : float
        Seconds after which the test fails; all ranks are killed then.
    check : bool
        Whether every rank must end well.
    cwd : Path, optional
        The folder they run in.
    **variables
        More of the environment.

    Returns
    -------
    CompletedProcess
        The largest exit code, and what all ranks wrote: output, and behind it errors.
    """
    given = list(map(str, arguments))
    shared = environment(**variables)
    if engine == "mpi":
        assert MPIEXEC is not None
        command = [MPIEXEC, "-n", str(size), sys.executable, "-c", code, *given]
        return _outcome([(command, shared)], timeout, check, cwd)
    shared |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
    command = [sys.executable, "-c", code + _LEAVE, *given]
    places = [{"RANK": str(rank), "WORLD_SIZE": str(size)} for rank in range(size)]
    return _outcome([(command, shared | place) for place in places], timeout, check, cwd)


def _outcome(
    commands: list[tuple[list[str], dict[str, str]]], timeout: float, check: bool, cwd: Path | None
) -> "subprocess.CompletedProcess[str]":
    """Run processes that belong together; end the others a while after one fails."""
    with tempfile.TemporaryFile("a+b") as output, tempfile.TemporaryFile("a+b") as errors:
        processes = [
            subprocess.Popen(
                command, env=variables, cwd=cwd, stdout=output, stderr=errors,
                start_new_session=True,
            )
            for command, variables in commands
        ]  # fmt: skip
        last = time.monotonic() + timeout
        failed = late = False
        while (running := [p for p in processes if p.poll() is None]) and not late:
            if not failed and any(p.returncode for p in processes):
                # As torchrun does, but late enough that they can say what became of them.
                failed, last = True, min(last, time.monotonic() + _LAST_WORDS)
            late = time.monotonic() > last
            time.sleep(0.02)
        for process in running:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        output.seek(0)
        errors.seek(0)
        text = output.read().decode() + errors.read().decode()
    assert failed or not late, f"no end within {timeout:g} s; the ranks wrote:\n{text}"
    code = max(abs(process.returncode) for process in processes)
    assert not (check and code), f"exit code {code}; the ranks wrote:\n{text}"
    return subprocess.CompletedProcess(commands[0][0], code, text)

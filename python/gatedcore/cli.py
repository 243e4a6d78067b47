"""The command ``gatedcore``: runs the example tasks, tells about the installation."""

import argparse
import contextlib
import difflib
import os
import platform
import sys
from collections.abc import Callable, Collection, Sequence

from gatedcore import __version__, _core, benchmark, conversion, distributed, tasks
from gatedcore.distributed.failing import end_job
from gatedcore.tasks.console import Parser

_COMMANDS_HELP = """commands:
  run NAME [options]  run an example task; run NAME --help lists its options
  run --list, tasks   list the example tasks
  info                version, instruction sets, threads, build flags
  bench [options]     a minute of timing on this machine; bench --help lists its options
  convert IN OUT      a model of Keras, PyTorch or ONNX into another file; see convert --help
"""


class UsageError(Exception):
    """What was typed is no command."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the process.

    Returns
    -------
    int
        0 on success, 2 after an error that the user can mend, 130 after Ctrl-C. Of several
        processes that run a task together one that fails ends all.
    """
    try:
        status = _main(arguments)
    except SystemExit as ended:  # the parser's, after --help too
        if ended.code:
            end_job(2)
        raise
    if status:
        end_job(status)
    return status


def _main(arguments: Sequence[str] | None) -> int:
    parser = Parser(
        prog="gatedcore",
        description="LSTM and GRU on the CPU.",
        epilog=_COMMANDS_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"gatedcore {__version__}")
    parser.add_argument("command", nargs="?", help="one of those below")
    parser.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.command is None:
        parser.print_help()
        return 0
    try:
        _COMMANDS[_pick("command", options.command, _COMMANDS)](options.rest)
        sys.stdout.flush()
    except (UsageError, ValueError) as error:
        return _fail(str(error))
    except BrokenPipeError:
        # The reader, such as head, has what it wanted; nothing may be written any more, not even
        # what is still in the buffer at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        named = "" if error.filename is None else f"{error.filename}: "
        return _fail(f"{named}{error.strerror or error}")
    except KeyboardInterrupt:
        print("gatedcore: interrupted", file=sys.stderr)
        return 130
    return 0


def _fail(message: str) -> int:
    """Say what is wrong; return the exit code for it."""
    sys.stdout.flush()
    print(f"gatedcore: {message}", file=sys.stderr)
    return 2


def _pick(kind: str, name: str, known: Collection[str]) -> str:
    """Return ``name`` if it is known.

    Raises
    ------
    UsageError
        If it is not; it suggests the nearest.
    """
    if name in known:
        return name
    near = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean {near[0]!r}?" if near else "choose one of these"
    raise UsageError(f"unknown {kind} {name!r}, expected one of {', '.join(known)}; {hint}")


def _run(arguments: list[str]) -> None:
    """Run a task; what follows its name goes to it."""
    if not arguments:
        raise UsageError(
            f"run: no task is named, expected one of {', '.join(tasks.NAMES)}; "
            "try gatedcore run temperature"
        )
    name, *rest = arguments
    if name == "--list":
        _no_arguments("run --list", rest)
        _list_tasks([])
        return
    if name in ("-h", "--help"):
        print("usage: gatedcore run NAME [options]\n")
        _list_tasks([])
        return
    task = tasks.module(_pick("task", name, tasks.NAMES))
    try:
        leads = distributed.init().rank == 0
    except (ModuleNotFoundError, RuntimeError) as error:
        raise UsageError(str(error)) from error
    with contextlib.ExitStack() as stack:
        if not leads:  # the first speaks for all
            quiet = stack.enter_context(open(os.devnull, "w"))
            stack.enter_context(contextlib.redirect_stdout(quiet))
        task.main(rest)


def _list_tasks(arguments: list[str]) -> None:
    """Print each task with the first line of its documentation."""
    _no_arguments("tasks", arguments)
    width = max(map(len, tasks.NAMES))
    for name in tasks.NAMES:
        print(f"{name:<{width}}  {(tasks.module(name).__doc__ or '').splitlines()[0]}")


def _info(arguments: list[str]) -> None:
    """Print what a report of a problem should hold."""
    _no_arguments("info", arguments)
    facts = _core.info()
    rows = {
        "version": facts["version"],
        "instruction set": f"{facts['isa']} (GATEDCORE_ISA chooses another)",
        "built": ", ".join(facts["isas_built"]),
        "on this machine": ", ".join(facts["isas_available"]),
        "threads": f"{facts['threads']} (GATEDCORE_NUM_THREADS sets another number)",
        "compiler": facts["compiler"],
        "build flags": facts["build_flags"],
        "python": f"{platform.python_version()}, {platform.platform()}",
    }
    width = max(map(len, rows))
    for name, value in rows.items():
        print(f"{name:<{width}}  {value}")


def _no_arguments(command: str, arguments: list[str]) -> None:
    if arguments:
        raise UsageError(f"{command}: got {arguments[0]!r}, expected nothing more; leave it out")


_COMMANDS: dict[str, Callable[[list[str]], None]] = {
    "run": _run,
    "tasks": _list_tasks,
    "info": _info,
    "bench": benchmark.main,
    "convert": conversion.main,
}


if __name__ == "__main__":
    sys.exit(main())

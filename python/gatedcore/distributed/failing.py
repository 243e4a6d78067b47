"""A rank that fails ends the job, with its message."""

import platform
import sys
import threading
import time
import traceback
from collections.abc import Callable
from types import TracebackType

from gatedcore.distributed.communicator import Communicator

# Seconds for the launcher to pass a message on: at an abort MPICH's drops what it has not read.
FORWARDED = 0.25

_aborts: list[Callable[[int], None]] = []  # what ends the job that this process has joined


def abort_on_error(comm: Communicator, abort: Callable[[int], None]) -> None:
    """From now on, say which rank an error that nobody catches is of, and end the job.

    Parameters
    ----------
    comm : Communicator
        All ranks.
    abort : callable
        What ends the job, given an exit status.
    """
    _aborts.append(abort)
    head = f"rank {comm.rank} of {comm.size} on {platform.node()}: "

    def tell(
        kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # In one piece: the lines of several ranks would mix otherwise.
        sys.stderr.write(head + "".join(traceback.format_exception(kind, error, trace)))
        sys.stdout.flush()
        sys.stderr.flush()
        time.sleep(FORWARDED)
        end_job(130 if issubclass(kind, KeyboardInterrupt) else 1)

    def tell_of_thread(failed: threading.ExceptHookArgs) -> None:
        if not issubclass(failed.exc_type, SystemExit):  # which ends a thread and means no harm
            tell(failed.exc_type, failed.exc_value, failed.exc_traceback)

    sys.excepthook = tell
    threading.excepthook = tell_of_thread


def end_job(status: int) -> None:
    """End all ranks of the job that this process has joined, where its own end would not.

    Parameters
    ----------
    status : int
        Exit status of the job; not 0.
    """
    for abort in _aborts:
        abort(status)

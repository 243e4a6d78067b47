"""Ranks that are threads of one process, for tests that need no engine: what fit does, say."""

import threading
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np

from gatedcore.distributed.communicator import (
    Buffer,
    Communicator,
    Op,
    check_buffer,
    check_op,
    check_root,
)

_COMBINE = {"sum": np.add, "max": np.maximum, "min": np.minimum}


class _Meeting:
    """Where the threads of a job exchange arrays."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.arrays: list[Any] = [None] * size
        # One for each meeting: a rank that fails must not disturb those who still leave the last.
        self.barriers: defaultdict[int, threading.Barrier] = defaultdict(self._barrier)

    def _barrier(self) -> threading.Barrier:
        return threading.Barrier(self.size, timeout=60.0)


class ThreadCommunicator(Communicator):
    """One of the ranks; it counts what it was asked for in ``calls``."""

    def __init__(self, meeting: _Meeting, rank: int) -> None:
        self._meeting = meeting
        self.rank, self.size = rank, meeting.size
        self.calls: list[str] = []
        self._met = 0

    def allreduce_(self, array: Buffer, op: Op = "sum") -> None:
        check_buffer("allreduce_", array)
        check_op("allreduce_", op)
        # In the order of the ranks, so that all get the same bits.
        self._exchange(f"allreduce_ {op}", array, _COMBINE[op].reduce)

    def broadcast_(self, array: Buffer, root: int = 0) -> None:
        check_buffer("broadcast_", array)
        check_root("broadcast_", root, self.size)
        self._exchange(f"broadcast_ {root}", array, lambda arrays: arrays[root])

    def barrier(self) -> None:
        self._exchange("barrier", np.zeros(1), lambda arrays: arrays[0])

    def _exchange(
        self, what: str, array: Buffer, combine: Callable[[list[Buffer]], Buffer]
    ) -> None:
        self.calls.append(what)
        meeting = self._meeting
        meeting.arrays[self.rank] = what, array
        self._meet()
        kinds = {(w, a.shape, a.dtype) for w, a in meeting.arrays}
        assert len(kinds) == 1, f"the ranks are at different places: {kinds}"
        result = np.array(combine([a for _, a in meeting.arrays]), array.dtype)
        self._meet()
        array[...] = result

    def _meet(self) -> None:
        self._met += 1
        self._meeting.barriers[self._met].wait()

    def leave(self) -> None:
        """Let nobody wait for this rank any more."""
        self._meeting.barriers[self._met + 1].abort()


def run(size: int, program: Callable[[Communicator], Any]) -> list[Any]:
    """Return what a program returns on each rank; raise the first error that is its own.

    Parameters
    ----------
    size : int
        How many ranks.
    program : callable
        Gets the rank's communicator.
    """
    results, errors = outcomes(size, program)
    for error in errors:
        if error is not None and not isinstance(error, threading.BrokenBarrierError):
            raise error
    assert not any(errors)
    return results


def outcomes(
    size: int, program: Callable[[Communicator], Any]
) -> tuple[list[Any], list[BaseException | None]]:
    """Return what a program returns, and the error that it raises, on each rank."""
    meeting = _Meeting(size)
    results: list[Any] = [None] * size
    errors: list[BaseException | None] = [None] * size

    def work(rank: int) -> None:
        comm = ThreadCommunicator(meeting, rank)
        try:
            results[rank] = program(comm)
        except BaseException as error:
            errors[rank] = error
            comm.leave()

    threads = [threading.Thread(target=work, args=(rank,)) for rank in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results, errors

"""Ranks that are forks of the test's process, which need no MPI: ``forked_ranks.run(2, train)``."""

import mmap
import multiprocessing
import os
import pickle
import sys
import traceback
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from gatedcore.distributed import Communicator
from gatedcore.distributed.communicator import Buffer, Op, check_buffer, check_op, check_root

SECONDS = 10.0  # the longest that one rank waits for another
_ROOM = 1 << 22  # bytes of each rank

_CALLS = {"sum": np.add, "max": np.maximum, "min": np.minimum}


class ForkedCommunicator(Communicator):
    """Processes of one host with a piece of shared memory."""

    def __init__(self, rank: int, size: int, memory: mmap.mmap, gate: Any) -> None:
        self.rank, self.size = rank, size
        self._memory, self._gate = memory, gate
        self.sums = 0  # how often something was added up

    def allreduce_(self, array: Buffer, op: Op = "sum") -> None:
        check_buffer("allreduce_", array)
        check_op("allreduce_", op)
        self.sums += 1
        slots = self._share(array)
        total = slots[0].copy()
        for slot in slots[1:]:
            total = _CALLS[op](total, slot)
        self.barrier()
        array[:] = total

    def broadcast_(self, array: Buffer, root: int = 0) -> None:
        check_buffer("broadcast_", array)
        check_root("broadcast_", root, self.size)
        array[:] = self._share(array)[root]
        self.barrier()

    def barrier(self) -> None:
        self._gate.wait(SECONDS)

    def _share(self, array: Buffer) -> np.ndarray:
        assert array.nbytes <= _ROOM
        memory = np.frombuffer(self._memory, np.uint8).reshape(self.size, _ROOM)
        memory[self.rank, : array.nbytes] = array.view(np.uint8)
        self.barrier()
        return memory[:, : array.nbytes].copy().view(array.dtype)


def run(size: int, program: Callable[[Communicator], Any]) -> list[Any]:
    """Return what a program returns on each rank; what it raises there as an error.

    Parameters
    ----------
    size : int
        How many ranks.
    program : callable
        Given the communicator; what it returns must be picklable.
    """
    context = multiprocessing.get_context("fork")
    memory = mmap.mmap(-1, size * _ROOM)
    gate = context.Barrier(size)
    ranks = []
    sys.stdout.flush()
    for rank in range(size):
        reading, writing = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the core's threads, which survive a fork
            child = os.fork()
        if not child:
            _be(ForkedCommunicator(rank, size, memory, gate), program, writing)
        os.close(writing)
        ranks.append((child, reading))
    results = []
    for child, reading in ranks:
        with os.fdopen(reading, "rb") as pipe:
            told = pipe.read()
        os.waitpid(child, 0)
        results.append(pickle.loads(told) if told else RuntimeError("the rank said nothing"))
    return results


def _be(comm: Communicator, program: Callable[[Communicator], Any], writing: int) -> None:
    """Run a program as a rank, tell what came of it, and never return."""
    try:
        try:
            told = pickle.dumps(program(comm))
        except BaseException as error:
            traceback.print_exc()
            told = pickle.dumps(error)
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(told)
    finally:
        os._exit(0)

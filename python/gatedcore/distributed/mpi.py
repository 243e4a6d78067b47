"""Ranks started by ``mpiexec`` or Slurm, through mpi4py."""

import os
import platform
import sys
from contextlib import AbstractContextManager, nullcontext
from types import ModuleType
from typing import Any

from gatedcore.distributed.communicator import (
    Buffer,
    Communicator,
    Op,
    check_buffer,
    check_op,
    check_root,
)
from gatedcore.distributed.patience import Patience
from gatedcore.frameworks import require

_ABORT = 5.0  # seconds: MPI's own end of the job, which may wait for a host that is gone


class MPICommunicator(Communicator):
    """The ranks of an MPI communicator.

    It works on a duplicate, so that its messages do not meet those of the program.

    Parameters
    ----------
    comm : mpi4py.MPI.Comm, optional
        All processes of the job by default.
    timeout : float, optional
        Seconds that a call may wait for the other ranks, before this one ends the job with a
        message; for ever by default. MPI notices a process that died, not a host that was cut off.

    Raises
    ------
    ModuleNotFoundError
        If mpi4py is not installed.
    RuntimeError
        If there is no MPI for it.
    TypeError
        If ``comm`` is something else.
    """

    def __init__(self, comm: Any = None, timeout: float | None = None) -> None:
        mpi = load_mpi("MPICommunicator")
        if comm is not None and not isinstance(comm, mpi.Intracomm):
            raise TypeError(
                f"MPICommunicator: comm has type {type(comm).__name__}, expected a communicator of "
                "mpi4py; pass mpi4py.MPI.COMM_WORLD, say"
            )
        self._comm = (mpi.COMM_WORLD if comm is None else comm).Dup()
        self._in_place = mpi.IN_PLACE
        self._ops = {"sum": mpi.SUM, "max": mpi.MAX, "min": mpi.MIN}
        self.rank, self.size = self._comm.Get_rank(), self._comm.Get_size()
        self._patience: AbstractContextManager[None] = nullcontext()
        if timeout is not None:
            self._patience = Patience(timeout, lambda: self._give_up(mpi, timeout))

    def allreduce_(self, array: Buffer, op: Op = "sum") -> None:
        check_buffer("MPICommunicator.allreduce_", array)
        check_op("MPICommunicator.allreduce_", op)
        with self._patience:
            self._comm.Allreduce(self._in_place, array, self._ops[op])

    def broadcast_(self, array: Buffer, root: int = 0) -> None:
        check_buffer("MPICommunicator.broadcast_", array)
        check_root("MPICommunicator.broadcast_", root, self.size)
        with self._patience:
            self._comm.Bcast(array, root)

    def barrier(self) -> None:
        with self._patience:
            self._comm.Barrier()

    def _give_up(self, mpi: ModuleType, timeout: float) -> None:
        sys.stderr.write(
            f"rank {self.rank} of {self.size} on {platform.node()}: MPICommunicator: the other "
            f"ranks did not answer for {timeout:g} s, expected all to take part; a rank that does "
            "not say so hangs, or its host is gone: start the job again, or with a longer timeout "
            "of gatedcore.distributed.init where ranks have reason to wait\n"
        )
        sys.stderr.flush()
        Patience(_ABORT, lambda: os._exit(1)).__enter__()
        mpi.COMM_WORLD.Abort(1)


def load_mpi(where: str) -> ModuleType:
    """Return ``mpi4py.MPI``; importing it starts MPI.

    Raises
    ------
    ModuleNotFoundError
        If mpi4py is not installed.
    RuntimeError
        If there is no MPI for it.
    """
    try:
        return require(where, "mpi4py.MPI", "mpi")
    except ModuleNotFoundError:
        raise
    except (ImportError, RuntimeError) as error:
        reason = str(error).partition("\n")[0]
        raise RuntimeError(
            f"{where}: mpi4py finds no MPI ({reason}), expected MPICH, Open MPI or another; "
            "run pip install mpich, or load the cluster's module"
        ) from error

"""Ranks started by ``mpiexec`` or Slurm, through mpi4py."""

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
from gatedcore.frameworks import require


class MPICommunicator(Communicator):
    """The ranks of an MPI communicator.

    It works on a duplicate, so that its messages do not meet those of the program.

    Parameters
    ----------
    comm : mpi4py.MPI.Comm, optional
        All processes of the job by default.

    Raises
    ------
    ModuleNotFoundError
        If mpi4py is not installed.
    RuntimeError
        If there is no MPI for it.
    TypeError
        If ``comm`` is something else.
    """

    def __init__(self, comm: Any = None) -> None:
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

    def allreduce_(self, array: Buffer, op: Op = "sum") -> None:
        check_buffer("MPICommunicator.allreduce_", array)
        check_op("MPICommunicator.allreduce_", op)
        self._comm.Allreduce(self._in_place, array, self._ops[op])

    def broadcast_(self, array: Buffer, root: int = 0) -> None:
        check_buffer("MPICommunicator.broadcast_", array)
        check_root("MPICommunicator.broadcast_", root, self.size)
        self._comm.Bcast(array, root)

    def barrier(self) -> None:
        self._comm.Barrier()


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

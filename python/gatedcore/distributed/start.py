"""Join the job that this process was started for, whoever started it."""

import os
from datetime import timedelta

from gatedcore.checks import check_number
from gatedcore.distributed.communicator import Communicator, SelfCommunicator
from gatedcore.distributed.cores import share_cores
from gatedcore.distributed.failing import abort_on_error
from gatedcore.distributed.gloo import TorchCommunicator
from gatedcore.distributed.mpi import MPICommunicator, load_mpi
from gatedcore.frameworks import require

# What launchers say about the number of processes: Open MPI, MPICH and Intel MPI (and Slurm's PMI),
# and a step of Slurm.
_MPI_SIZES = ("OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS")
# And torchrun, Ray Train and the operators of Kubernetes for PyTorch.
_TORCH = ("RANK", "WORLD_SIZE", "MASTER_ADDR")

_joined: dict[str, Communicator] = {}


def init(backend: str | None = None, timeout: float = 30.0) -> Communicator:
    """Return the communicator of the job that this process was started for.

    Of ``torchrun``, Ray Train and the like it is one on PyTorch's gloo; of ``mpiexec`` and Slurm
    one on MPI; of a process started alone one of a single rank. From now on an error that ends
    this process ends the whole job. Called again it returns the same.

    The ranks of a host share the cores that they may run on, unless GATEDCORE_NUM_THREADS or
    OMP_NUM_THREADS is set (what torchrun sets by itself does not count). Open MPI lets one or two
    ranks run on a single core each, unless it is told ``mpiexec --bind-to none``.

    Parameters
    ----------
    backend : {"mpi", "gloo"}, optional
        Instead of what the environment says.
    timeout : float
        Seconds after which a rank that does not answer is taken for gone; the longest that ranks
        may have to wait for one another.

    Returns
    -------
    Communicator
        For ``fit(..., distributed=...)``.

    Raises
    ------
    ModuleNotFoundError
        If the engine is not installed.
    RuntimeError
        If there is no MPI, or not the one that started the ranks.
    ValueError
        If an argument is out of range.
    """
    check_number("init", "timeout", timeout, 0.0, open_start=True)
    chosen = started_by() if backend is None else backend
    if chosen not in (None, "mpi", "gloo"):
        raise ValueError(
            f"init: backend is {backend!r}, expected 'mpi' or 'gloo'; use one of these"
        )
    if chosen is None:
        return SelfCommunicator()
    if chosen not in _joined:
        comm = _join_mpi(timeout) if chosen == "mpi" else _join_gloo(timeout)
        share_cores(comm)
        _joined[chosen] = comm
    return _joined[chosen]


def started_by() -> str | None:
    """Return "gloo" or "mpi" if the environment says that this process is one of several."""
    # Slurm may stand around torchrun, hardly torchrun around mpiexec.
    if all(map(os.environ.get, _TORCH)):
        return "gloo"
    return "mpi" if any(_started(name) > 1 for name in _MPI_SIZES) else None


def _started(name: str) -> int:
    text = os.environ.get(name, "")
    return int(text) if text.isdecimal() else 0


def _join_mpi(timeout: float) -> Communicator:
    mpi = load_mpi("init")
    comm = MPICommunicator(timeout=timeout)
    sizes = {name: _started(name) for name in _MPI_SIZES if _started(name) > 1}
    if comm.size == 1 and sizes:
        name, size = next(iter(sizes.items()))
        library = mpi.Get_library_version().split("\n")[0].strip()
        raise RuntimeError(
            f"init: MPI has 1 rank, expected {size}, which {name} says were started: mpi4py uses "
            f"{library}, and another MPI's launcher started this process; use the mpiexec of the "
            "same MPI, or srun with another --mpi"
        )
    abort_on_error(comm, mpi.COMM_WORLD.Abort)
    return comm


def _join_gloo(timeout: float) -> Communicator:
    dist = require("init", "torch.distributed", "torch")
    if not dist.is_initialized():
        dist.init_process_group("gloo", timeout=timedelta(seconds=timeout))
    comm = TorchCommunicator()
    # The end of a process ends the job. At once: a normal exit may wait for PyTorch's threads.
    abort_on_error(comm, os._exit)
    return comm

"""The cores of a host, divided among the ranks on it."""

import os
from collections import Counter
from pathlib import Path

from gatedcore.distributed.communicator import Communicator
from gatedcore.distributed.exchange import gather
from gatedcore.ops import get_num_threads, set_num_threads
from gatedcore.ops.threads import usable_cores


def share_cores(comm: Communicator) -> None:
    """Set the number of threads of a call so that the ranks of a host do not crowd each other.

    A core that several ranks may use counts for each with its share; so ranks that the launcher
    bound to cores of their own keep all of them. A limit on processor time, as containers have, is
    divided by the ranks under it. Nothing is set where GATEDCORE_NUM_THREADS or OMP_NUM_THREADS is,
    but for the OMP_NUM_THREADS=1 that torchrun sets where nobody did.

    Parameters
    ----------
    comm : Communicator
        All ranks.
    """
    cores = usable_cores()
    told = gather(comm, [_read("/proc/sys/kernel/random/boot_id"), _cgroup(), cores])
    if os.environ.get("TORCHELASTIC_RUN_ID") and os.environ.get("OMP_NUM_THREADS") == "1":
        os.environ.pop("OMP_NUM_THREADS")  # before the core looks; PyTorch has done so
    if any(map(os.environ.get, ("GATEDCORE_NUM_THREADS", "OMP_NUM_THREADS"))):
        return
    host, cgroup, _ = told[comm.rank]
    set_num_threads(
        threads_for(
            cores,
            [others for h, _, others in told if h == host],
            get_num_threads(),
            sum(h == host and c == cgroup for h, c, _ in told),
        )
    )


def threads_for(cores: list[int], on_host: list[list[int]], limit: int, peers: int) -> int:
    """Return how many threads a rank may use.

    Parameters
    ----------
    cores : list of int
        Those that it may run on.
    on_host : list of list of int
        Those that each rank of the host may run on, its own included.
    limit : int
        What it would use alone: at most ``len(cores)``, less where processor time is limited.
    peers : int
        How many ranks are under that limit.
    """
    users = Counter(core for others in on_host for core in others)
    share = sum(1 / users[core] for core in cores)
    if limit < len(cores):
        share = min(share, limit / peers)
    return max(1, int(share + 1e-9))


def _cgroup() -> str:
    """Return what names the control group, in a container too, where all see the same path."""
    return f"{_inode('/proc/self/ns/cgroup')} {_read('/proc/self/cgroup')}"


def _read(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:  # not everywhere readable; then all are taken for one
        return ""


def _inode(path: str) -> int:
    try:
        return os.stat(path).st_ino
    except OSError:
        return 0

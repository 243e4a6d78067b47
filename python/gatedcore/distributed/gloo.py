"""Ranks started by ``torchrun``, Ray Train or an operator of Kubernetes, through PyTorch's gloo."""

import platform
import re
from collections.abc import Iterator
from contextlib import contextmanager
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


class TorchCommunicator(Communicator):
    """The ranks of a process group of ``torch.distributed``.

    Parameters
    ----------
    group : torch.distributed.ProcessGroup, optional
        All processes by default. If its backend is not gloo, a group with the same processes and
        gloo is made beside it.

    Raises
    ------
    ModuleNotFoundError
        If PyTorch is not installed.
    ValueError
        If there are no process groups yet, or this process is not in ``group``.
    """

    def __init__(self, group: Any = None) -> None:
        torch = require("TorchCommunicator", "torch", "torch")
        dist = require("TorchCommunicator", "torch.distributed", "torch")
        if not dist.is_initialized():
            raise ValueError(
                "TorchCommunicator: there is no process group, expected one; call "
                "gatedcore.distributed.init(), or torch.distributed.init_process_group('gloo')"
            )
        self._dist, self._tensor = dist, torch.from_numpy
        self._group = dist.group.WORLD if group is None else group
        self.rank, self.size = dist.get_rank(self._group), dist.get_world_size(self._group)
        if self.rank < 0:
            raise ValueError(
                "TorchCommunicator: this process is not in group, expected one of its members; "
                "pass a group that holds it"
            )
        self._members = dist.get_process_group_ranks(self._group)
        if dist.get_backend(self._group) != "gloo":
            self._group = dist.new_group(
                self._members, backend="gloo", use_local_synchronization=True
            )
        ops = dist.ReduceOp
        self._ops = {"sum": ops.SUM, "max": ops.MAX, "min": ops.MIN}

    def allreduce_(self, array: Buffer, op: Op = "sum") -> None:
        where = "TorchCommunicator.allreduce_"
        check_buffer(where, array)
        check_op(where, op)
        with self._explained(where):
            self._dist.all_reduce(self._tensor(array), self._ops[op], group=self._group)

    def broadcast_(self, array: Buffer, root: int = 0) -> None:
        where = "TorchCommunicator.broadcast_"
        check_buffer(where, array)
        check_root(where, root, self.size)
        with self._explained(where):
            self._dist.broadcast(self._tensor(array), self._members[root], group=self._group)

    def barrier(self) -> None:
        with self._explained("TorchCommunicator.barrier"):
            self._dist.barrier(group=self._group)

    @contextmanager
    def _explained(self, where: str) -> Iterator[None]:
        """Say what it most often means when gloo fails: its words name an address, or nothing."""
        try:
            yield
        except RuntimeError as error:
            # Without the place in gloo's source before, and the advice behind.
            reason = re.sub(r"^\[[^]]*\] ", "", str(error)).partition(". ")[0].strip()
            raise RuntimeError(
                f"{where}: rank {self.rank} of {self.size} on {platform.node()} has lost another "
                f"rank ({reason}), expected all to take part; look for the first error "
                "among all ranks' messages, and start the job again"
            ) from error

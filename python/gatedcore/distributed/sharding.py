"""One source of batches that every rank reads, each taking its rows."""

from collections.abc import Iterator
from typing import Any

from gatedcore.distributed.communicator import Communicator


class ShardedSource:
    """What ``shard`` returns.

    Attributes
    ----------
    source : object
        What gives the batches of all ranks together.
    comm : Communicator
        The ranks.
    """

    def __init__(self, source: Any, comm: Communicator) -> None:
        self.source, self.comm = source, comm

    def __iter__(self) -> Iterator[Any]:
        """Yield whole batches, as ``fit`` divides them."""
        return iter(self.source)


def shard(source: Any, comm: Communicator) -> ShardedSource:
    """Return a source of batches of which each rank shall train on its rows.

    Without this a generator, a sequence of batches or a DataLoader is each rank's own: the batches
    of all ranks together make one step.

    Parameters
    ----------
    source : object
        What gives batches, the same ones on every rank: as ``x`` of ``fit``.
    comm : Communicator
        The ranks.

    Returns
    -------
    ShardedSource
        For ``fit(..., distributed=comm)`` and ``evaluate``.

    Raises
    ------
    TypeError
        If ``comm`` is something else.
    """
    if not isinstance(comm, Communicator):
        raise TypeError(
            f"shard: comm has type {type(comm).__name__}, expected a Communicator; pass what "
            "gatedcore.distributed.init() returned"
        )
    return ShardedSource(source, comm)

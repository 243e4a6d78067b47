"""Small things that every rank tells all others, with nothing but what a communicator has."""

import json
from typing import Any

import numpy as np

from gatedcore.distributed.communicator import Communicator


def gather(comm: Communicator, value: Any) -> list[Any]:
    """Return every rank's value, on all ranks.

    Parameters
    ----------
    comm : Communicator
        The ranks.
    value : JSON-able
        What this one tells.

    Returns
    -------
    list
        By rank.
    """
    data = np.frombuffer(json.dumps(value).encode(), np.uint8)
    lengths = np.zeros(comm.size, np.int64)
    lengths[comm.rank] = len(data)
    comm.allreduce_(lengths)
    # Each byte is 0 on all ranks but one, so that no sum overflows.
    slots = np.zeros((comm.size, int(lengths.max())), np.uint8)
    slots[comm.rank, : len(data)] = data
    comm.allreduce_(slots.reshape(-1))
    return [json.loads(slots[r, :n].tobytes()) for r, n in enumerate(lengths)]


def broadcast_bytes(comm: Communicator, data: bytes | bytearray | None, root: int = 0) -> bytes:
    """Return the bytes of rank ``root``, on all ranks.

    Parameters
    ----------
    comm : Communicator
        The ranks.
    data : bytes or None
        Of ``root``; other ranks' are passed over.
    root : int
        Who has them.
    """
    own = bytearray(data or b"") if comm.rank == root else bytearray()
    length = np.array([len(own)], np.int64)
    comm.broadcast_(length, root)
    array = np.frombuffer(own or bytearray(int(length[0])), np.uint8)
    comm.broadcast_(array, root)
    return array.tobytes()


def broadcast(comm: Communicator, value: Any = None, root: int = 0) -> Any:
    """Return the value of rank ``root``, on all ranks.

    Parameters
    ----------
    comm : Communicator
        The ranks.
    value : JSON-able
        Of ``root``; other ranks' are passed over.
    root : int
        Who has it.
    """
    data = json.dumps(value).encode() if comm.rank == root else None
    return json.loads(broadcast_bytes(comm, data, root))

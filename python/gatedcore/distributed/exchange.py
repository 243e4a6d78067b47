"""Small things that every rank tells all others, with nothing but what a communicator has."""

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np

from gatedcore.distributed.communicator import Communicator


def gather(comm: Communicator, value: Any) -> list[Any]:
    """Return every rank's value, on all ranks.

    Parameters
    ----------
    comm : Communicator
        The ranks.
    value : object
        What this one tells; it can be pickled.

    Returns
    -------
    list
        By rank.
    """
    data = np.frombuffer(pickle.dumps(value), np.uint8)
    lengths = np.zeros(comm.size, np.int64)
    lengths[comm.rank] = len(data)
    comm.allreduce_(lengths)
    # Each byte is 0 on all ranks but one, so that no sum overflows.
    slots = np.zeros((comm.size, int(lengths.max())), np.uint8)
    slots[comm.rank, : len(data)] = data
    comm.allreduce_(slots.reshape(-1))
    return [pickle.loads(slots[r, :n].tobytes()) for r, n in enumerate(lengths)]


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
    value : object
        Of ``root``, where it can be pickled; other ranks' are passed over.
    root : int
        Who has it.
    """
    data = pickle.dumps(value) if comm.rank == root else None
    return pickle.loads(broadcast_bytes(comm, data, root))


def of_first(comm: Communicator, make: Callable[[], Any]) -> Any:
    """Return what ``make`` returns on rank 0, where alone it is called.

    Parameters
    ----------
    comm : Communicator
        The ranks.
    make : callable
        Gives something that can be pickled, or raises.

    Raises
    ------
    Exception
        What ``make`` raises on rank 0.
    RuntimeError
        Then on all others; so that none waits for it.
    """
    failure: Exception | None = None
    told: tuple[Any, str | None] = None, None
    if comm.rank == 0:
        try:
            told = make(), None
        except Exception as error:
            failure, told = error, (None, f"{type(error).__name__}: {error}")
    if comm.size > 1:
        told = broadcast(comm, told)
    if failure is not None:
        raise failure
    value, message = told
    if message is not None:
        raise RuntimeError(f"rank 0 failed: {message}")
    return value

"""The ranks of a run: how they divide the rows of a batch, and add up what each computed."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from gatedcore.arrays import Array
from gatedcore.callbacks import NotFiniteError
from gatedcore.checks import is_one_of
from gatedcore.distributed import Communicator, SelfCommunicator
from gatedcore.distributed.exchange import gather
from gatedcore.random import Rows

CHUNKS = 8  # of an ordered run: few enough that a batch of 256 keeps 32 rows in each


class Team:
    """What one rank knows of all.

    Parameters
    ----------
    comm : Communicator
        The ranks.
    ordered : bool
        Whether sums over rows are made in an order that does not depend on the number of ranks: a
        batch is cut into ``CHUNKS``, of each of which the sum is made alone, and then of these by
        twos, fours and so on.

    Attributes
    ----------
    rank, size : int
        As of the communicator.
    chunks : int
        In how many parts a rank computes its rows.
    """

    def __init__(self, comm: Communicator, *, ordered: bool = False) -> None:
        self.comm, self.ordered = comm, ordered
        self.rank, self.size = comm.rank, comm.size
        self.chunks = CHUNKS // comm.size if ordered else 1

    # Rows.

    def own_rows(self, total: int) -> Rows:
        """Return which rows of a batch are this rank's: the first ranks have one more, if any."""
        parts, first = self.size * self.chunks, self.rank * self.chunks
        begin, end = _bound(total, parts, first), _bound(total, parts, first + self.chunks)
        return Rows(begin, end - begin, total)

    def pieces(self, rows: Rows) -> list[tuple[slice, Rows]]:
        """Return place among its own rows, and rows, of each part that a rank computes."""
        if not self.ordered:
            return [(slice(0, rows.own), rows)]
        bounds = [
            _bound(rows.total, CHUNKS, self.rank * self.chunks + k) for k in range(self.chunks + 1)
        ]
        return [
            (slice(begin - rows.before, end - rows.before), Rows(begin, end - begin, rows.total))
            for begin, end in pairwise(bounds)
        ]

    # Sums.

    def add_up(self, parts: Array) -> Array:
        """Return the sum over all parts of all ranks, (...), of a rank's own, (chunks, ...)."""
        own = _by_twos(parts)
        if not self.ordered:
            whole = np.ascontiguousarray(own)
            self.comm.allreduce_(whole.reshape(-1))
            return whole
        # Each place is zero on all ranks but one, so that these sums round nothing.
        slots = np.zeros((self.size, *own.shape), own.dtype)
        slots[self.rank] = own
        self.comm.allreduce_(slots.reshape(-1))
        return _by_twos(slots) + own.dtype.type(0)  # -0 would tell that there was no other rank

    def raise_alike(self, error: Exception | None) -> None:
        """Raise on all ranks if there is an error on any: the first one, with the same message.

        Raises
        ------
        NotFiniteError, ValueError, TypeError
            If the first error is one.
        RuntimeError
            If it is another.
        """
        told = gather(self.comm, None if error is None else [type(error).__name__, str(error)])
        for rank, said in enumerate(told):
            if said is None:
                continue
            if self.size == 1:
                assert error is not None
                raise error
            kind, text = said
            known = {one.__name__: one for one in (NotFiniteError, ValueError, TypeError)}
            what = text if kind in known else f"{kind}: {text}"
            raise known.get(kind, RuntimeError)(
                f"{what} (on rank {rank} of {self.size})"
            ) from error


def _bound(total: int, parts: int, part: int) -> int:
    """Return where a part of so many rows begins, the first ones being the larger."""
    return part * (total // parts) + min(part, total % parts)


def _by_twos(parts: Any) -> Array:
    """Return the sum of 1, 2, 4 ... arrays, in the order of a binary tree."""
    while len(parts) > 1:
        parts = parts[0::2] + parts[1::2]
    first: Array = parts[0]
    return first


def as_team(
    where: str, comm: object, reduction: object = "fast", always: bool = False
) -> Team | None:
    """Return the team of the arguments ``distributed`` and ``reduction``.

    None for a process that is alone, unless one is wanted ``always``.

    Raises
    ------
    TypeError, ValueError
        If one of them is something else.
    """
    if comm is not None and not isinstance(comm, Communicator):
        raise TypeError(
            f"{where}: distributed has type {type(comm).__name__}, expected a Communicator; pass "
            "what gatedcore.distributed.init() returned"
        )
    if not is_one_of(reduction, ("fast", "ordered")):
        raise ValueError(
            f"{where}: reduction is {reduction!r}, expected 'fast' or 'ordered'; use one of these"
        )
    ordered = reduction == "ordered"
    if comm is None:
        return Team(SelfCommunicator(), ordered=ordered) if ordered or always else None
    if ordered and CHUNKS % comm.size:
        raise ValueError(
            f"{where}: reduction='ordered' came with {comm.size} ranks, expected a number that "
            f"divides the {CHUNKS} chunks of a batch; start 1, 2, 4 or 8, or take 'fast'"
        )
    return Team(comm, ordered=ordered)

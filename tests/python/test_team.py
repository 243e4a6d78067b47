"""How ranks divide rows and add up."""

from functools import partial

import numpy as np
import pytest

import forked_ranks
import gatedcore as gk
from gatedcore.callbacks import NotFiniteError
from gatedcore.distributed import Communicator, SelfCommunicator
from gatedcore.random import Rows
from gatedcore.team import CHUNKS, Team, as_team
from shared_training import checked


class Placed(SelfCommunicator):
    """A rank of some size that talks to nobody."""

    def __init__(self, rank: int, size: int) -> None:
        super().__init__()
        self.rank, self.size = rank, size


@pytest.mark.parametrize("total", [0, 1, 3, 4, 11, 32])
@pytest.mark.parametrize("size", [1, 2, 3, 4, 8])
def test_rows_are_divided_without_gap_the_first_ranks_having_more(total: int, size: int) -> None:
    rows = [Team(Placed(rank, size)).own_rows(total) for rank in range(size)]
    begin = 0
    for one in rows:
        assert (one.before, one.total) == (begin, total)
        begin += one.own
    assert begin == total
    counts = [one.own for one in rows]
    assert counts == sorted(counts, reverse=True)
    assert max(counts) - min(counts) <= 1


@pytest.mark.parametrize("total", [3, 8, 29])
@pytest.mark.parametrize("size", [1, 2, 4, 8])
def test_chunks_are_the_same_for_any_number_of_ranks(total: int, size: int) -> None:
    chunks: list[Rows] = []
    for rank in range(size):
        team = Team(Placed(rank, size), ordered=True)
        own = team.own_rows(total)
        pieces = team.pieces(own)
        assert len(pieces) == CHUNKS // size
        assert sum(rows.own for _, rows in pieces) == own.own
        for place, rows in pieces:
            assert place == slice(rows.before - own.before, rows.before + rows.own - own.before)
        chunks += [rows for _, rows in pieces]
    alone = Team(SelfCommunicator(), ordered=True)
    assert chunks == [rows for _, rows in alone.pieces(alone.own_rows(total))]


def added(comm: Communicator, ordered: bool, parts: np.ndarray) -> np.ndarray:
    team = Team(comm, ordered=ordered)
    own = parts if ordered else parts.sum(axis=0, keepdims=True)
    per_rank = len(own) // comm.size if ordered else 1
    mine = own[comm.rank * per_rank :][:per_rank] if ordered else own / comm.size
    return team.add_up(mine.copy())


def test_sums_over_ranks() -> None:
    parts = np.random.default_rng(0).normal(size=(CHUNKS, 5, 2)).astype(np.float32)
    parts *= np.float32(10.0) ** np.arange(-4, 4, dtype=np.float32)[:, None, None]
    parts[:, 0, 0] = -0.0
    alone = added(SelfCommunicator(), True, parts)
    np.testing.assert_allclose(alone, parts.sum(axis=0, dtype=np.float64), rtol=1e-6)
    for size in (2, 4, 8):
        for total in checked(forked_ranks.run(size, partial(added, ordered=True, parts=parts))):
            assert total.tobytes() == alone.tobytes()
    for total in checked(forked_ranks.run(3, partial(added, ordered=False, parts=parts))):
        np.testing.assert_allclose(total, alone, rtol=1e-6)


def raising(comm: Communicator, error: Exception) -> str:
    with pytest.raises(Exception) as raised:  # noqa: PT011  # its kind is what the test is about
        Team(comm).raise_alike(error if comm.rank == 2 else None)
    return repr(raised.value)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (NotFiniteError("nan"), "NotFiniteError('nan (on rank 2 of 3)')"),
        (ValueError("bad"), "ValueError('bad (on rank 2 of 3)')"),
        (KeyError("k"), "RuntimeError(\"KeyError: 'k' (on rank 2 of 3)\")"),
    ],
)
def test_an_error_of_one_rank_is_raised_on_all(error: Exception, expected: str) -> None:
    assert forked_ranks.run(3, partial(raising, error=error)) == [expected] * 3


def test_alone_an_error_stays_as_it_is() -> None:
    Team(SelfCommunicator()).raise_alike(None)
    error = KeyError("k")
    with pytest.raises(KeyError) as raised:
        Team(SelfCommunicator()).raise_alike(error)
    assert raised.value is error


def test_arguments() -> None:
    assert as_team("fit", None) is None
    assert as_team("fit", None, always=True).size == 1
    assert as_team("fit", None, "ordered").chunks == CHUNKS
    assert as_team("fit", gk.distributed.SelfCommunicator()).chunks == 1
    with pytest.raises(TypeError, match="fit: distributed has type int, expected a Communicator"):
        as_team("fit", 4)
    with pytest.raises(ValueError, match="fit: reduction is 'tree', expected 'fast' or 'ordered'"):
        as_team("fit", None, "tree")

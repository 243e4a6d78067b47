"""Training on ranks that a launcher started."""

import numpy as np
import pytest

import ranks
from shared_training import dropout, furthest, masked, train

PROGRAM = """
import sys

import numpy as np

import gatedcore as gk
from shared_training import dropout, masked, train

comm = gk.distributed.init()
out, size = sys.argv[1], int(sys.argv[2])
assert comm.size == size
fast = train(comm, dropout, epochs=25)
again = train(comm, dropout, epochs=25)
ordered = train(comm, masked, reduction="ordered")
assert fast[1:] == again[1:]
assert all((a == b).all() for a, b in zip(fast[0], again[0], strict=True))
for weights in (fast[0], ordered[0]):
    for weight in weights:
        mine = np.ascontiguousarray(weight).reshape(-1)
        first = mine.copy()
        comm.broadcast_(first)
        assert (mine == first).all()
if comm.rank == 0:
    np.savez(out, *fast[0], *ordered[0])
"""


@pytest.mark.parametrize("engine", ranks.ENGINES)
def test_ranks_come_to_what_one_process_does(engine: str, tmp_path) -> None:
    size = 4 if engine == "mpi" else 2
    ranks.run(engine, size, PROGRAM, tmp_path / "weights.npz", size, timeout=120)
    with np.load(tmp_path / "weights.npz") as saved:
        weights = [saved[name] for name in saved.files]
    expected = train(None, dropout, epochs=25)[0]
    ordered = train(None, masked, reduction="ordered")[0]
    assert furthest(expected, weights[: len(expected)]) < 1e-6  # as in test_shared_step.py
    for a, b in zip(ordered, weights[len(expected) :], strict=True):
        np.testing.assert_array_equal(a, b)

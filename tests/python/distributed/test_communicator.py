"""The interface: what every engine does alike, and what all refuse."""

import numpy as np
import pytest

import forked_ranks
import gatedcore as gk
import ranks
from gatedcore.distributed import SelfCommunicator

# Every engine, and the double that tests use for one, passes this.
PROGRAM = """
import numpy as np
import gatedcore as gk

def check(comm):
    r, n = comm.rank, comm.size
    for dtype in ("float32", "float64", "int32", "int64", "uint8"):
        for op, expected in ("sum", sum(range(n))), ("max", n - 1), ("min", 0):
            array = np.full(7, r, dtype)
            comm.allreduce_(array, op)
            assert array.dtype == dtype and (array == expected).all(), (dtype, op, array)
        for root in range(n):
            array = np.arange(3).astype(dtype) * (r + 1)
            comm.broadcast_(array, root)
            assert (array == np.arange(3) * (root + 1)).all(), (dtype, root, array)
    comm.allreduce_(np.zeros(0, np.float32))
    # Part of a larger vector, in place; and the same bits everywhere.
    vector = np.random.default_rng(r).standard_normal(100_001).astype(np.float32)
    comm.allreduce_(vector[1:])
    exact = sum(np.random.default_rng(k).standard_normal(100_001) for k in range(n))
    np.testing.assert_allclose(vector[1:], exact[1:], rtol=0, atol=2e-6)
    bits, least = vector[1:].view(np.int32).copy(), vector[1:].view(np.int32).copy()
    comm.allreduce_(bits, "max")
    comm.allreduce_(least, "min")
    assert (bits == least).all()
    comm.barrier()
    for wrong, error in (
        (lambda: comm.allreduce_(np.zeros(3, np.float16)), TypeError),
        (lambda: comm.allreduce_(np.zeros((2, 2))), ValueError),
        (lambda: comm.allreduce_(np.zeros(3), "mean"), ValueError),
        (lambda: comm.broadcast_(np.zeros(3), n), ValueError),
    ):
        try:
            wrong()
        except error:
            continue
        raise AssertionError("no error")
    print(f"all of it on {r}")
"""
RUN = "\ncheck(gk.distributed.init())\n"


@pytest.mark.parametrize("engine", ranks.ENGINES)
def test_every_engine_does_the_same(engine):
    size = 4 if engine == "mpi" else 2
    wrote = ranks.run(engine, size, PROGRAM + RUN).stdout
    assert all(f"all of it on {rank}" in wrote for rank in range(size))


def test_one_process_and_the_double_too(capfd):
    space: dict = {}
    exec(PROGRAM, space)
    space["check"](SelfCommunicator())
    assert forked_ranks.run(3, space["check"]) == [None] * 3
    assert "all of it on 0" in capfd.readouterr().out


def test_a_communicator_is_what_has_all_three_methods():
    class Half(gk.distributed.Communicator):
        def barrier(self):
            pass

    with pytest.raises(TypeError, match="abstract"):
        Half()


def test_what_is_refused_says_what_is_expected():
    comm = SelfCommunicator()
    with pytest.raises(TypeError) as caught:
        comm.allreduce_(np.zeros(3, np.float16))
    assert str(caught.value) == (
        "SelfCommunicator.allreduce_: array has dtype float16, expected an ndarray of float32, "
        "float64, int32, int64 or uint8; convert it first"
    )
    with pytest.raises(TypeError, match=r"array has type list, expected an ndarray"):
        comm.allreduce_([1.0])
    for array in (np.zeros(4)[::2], np.zeros((2, 2)), np.broadcast_to(0.0, 3)):
        with pytest.raises(ValueError, match=r"expected a flat, contiguous and writable one"):
            comm.allreduce_(array)
    with pytest.raises(ValueError, match="op is 'mean', expected 'sum', 'max' or 'min'"):
        comm.allreduce_(np.zeros(3), "mean")
    with pytest.raises(ValueError, match="root is 1, expected the number of a rank, from 0 to 0"):
        comm.broadcast_(np.zeros(3), 1)

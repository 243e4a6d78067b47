"""MPI through mpi4py."""

import ranks

pytestmark = ranks.needs_mpi

PROGRAM = """
import numpy as np
from mpi4py import MPI
import gatedcore as gk

world = MPI.COMM_WORLD
half = world.Split(world.rank % 2)
comm = gk.distributed.MPICommunicator(half)
assert (comm.rank, comm.size) == (half.rank, half.size) == (world.rank // 2, world.size // 2)
total = np.array([world.rank])
comm.allreduce_(total)
assert total == sum(range(world.rank % 2, world.size, 2)), total
# Its messages do not meet those of the program: a sum of each is under way at once.
everyone = gk.distributed.MPICommunicator()
mine = np.array([1])
request = world.Iallreduce(MPI.IN_PLACE, mine)
total = np.array([10])
everyone.allreduce_(total)
request.Wait()
assert mine == world.size and total == 10 * world.size
try:
    gk.distributed.MPICommunicator(world.rank)
except TypeError as error:
    assert "comm has type int, expected a communicator of mpi4py" in str(error)
else:
    raise AssertionError("no error")
"""


def test_a_communicator_of_some_of_the_ranks():
    ranks.run("mpi", 4, PROGRAM)

"""PyTorch's gloo."""

import ranks

pytestmark = ranks.needs_gloo

PROGRAM = """
import numpy as np
import torch.distributed as dist
import gatedcore as gk

try:
    gk.distributed.TorchCommunicator()
except ValueError as error:
    assert "there is no process group, expected one; call" in str(error)
else:
    raise AssertionError("no error")
everyone = gk.distributed.init()
assert gk.distributed.init() is everyone
rank = everyone.rank
backwards = dist.new_group([1, 2])
if rank:
    comm = gk.distributed.TorchCommunicator(backwards)
    assert (comm.rank, comm.size) == (rank - 1, 2)
    array = np.array([rank])
    comm.broadcast_(array, 1)  # a number within the group
    assert array == 2
else:
    try:
        gk.distributed.TorchCommunicator(backwards)
    except ValueError as error:
        assert "this process is not in group" in str(error)
    else:
        raise AssertionError("no error")
everyone.barrier()
"""


def test_a_group_of_some_of_the_ranks():
    ranks.run("gloo", 3, PROGRAM)

"""One source of batches for all ranks."""

import pytest

import gatedcore as gk


def test_a_sharded_source_gives_whole_batches() -> None:
    comm = gk.distributed.SelfCommunicator()
    sharded = gk.distributed.shard([1, 2, 3], comm)
    assert list(sharded) == list(sharded) == [1, 2, 3]
    assert sharded.comm is comm


def test_it_needs_a_communicator() -> None:
    with pytest.raises(TypeError, match="shard: comm has type int, expected a Communicator"):
        gk.distributed.shard([1], 2)

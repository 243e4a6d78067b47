"""Small things told to all ranks."""

import thread_ranks
from gatedcore.distributed import SelfCommunicator
from gatedcore.distributed.exchange import broadcast, broadcast_bytes, gather


def test_gathered_values_stand_by_rank_everywhere():
    values = [{"a": [1, 2.5, None]}, "é" * 300, []]
    results = thread_ranks.run(3, lambda comm: gather(comm, values[comm.rank]))
    assert results == [values] * 3


def test_many_ranks_do_not_overflow_a_byte():
    assert thread_ranks.run(20, lambda comm: gather(comm, 255))[7] == [255] * 20


def test_a_value_of_one_rank():
    results = thread_ranks.run(3, lambda comm: broadcast(comm, {"of": comm.rank}, root=2))
    assert results == [{"of": 2}] * 3


def test_bytes_of_one_rank():
    data = bytes(range(256)) * 5
    for sent in (data, b"", bytearray(data)):
        results = thread_ranks.run(
            2, lambda comm, sent=sent: broadcast_bytes(comm, None if comm.rank else sent)
        )
        assert results == [bytes(sent)] * 2


def test_a_single_process_tells_itself():
    comm = SelfCommunicator()
    assert gather(comm, 3) == [3]
    assert broadcast(comm, "x") == "x"

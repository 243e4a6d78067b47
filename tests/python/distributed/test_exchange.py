"""Small things told to all ranks."""

import numpy as np
import pytest

import forked_ranks
from gatedcore.distributed import SelfCommunicator
from gatedcore.distributed.exchange import broadcast, broadcast_bytes, gather, of_first


def test_gathered_values_stand_by_rank_everywhere():
    values = [{"a": [1, 2.5, None]}, "é" * 300, (np.float64(1),)]
    results = forked_ranks.run(3, lambda comm: gather(comm, values[comm.rank]))
    assert results == [values] * 3


def test_many_ranks_do_not_overflow_a_byte():
    assert forked_ranks.run(20, lambda comm: gather(comm, 255))[7] == [255] * 20


def test_a_value_of_one_rank():
    results = forked_ranks.run(3, lambda comm: broadcast(comm, {"of": comm.rank}, root=2))
    assert results == [{"of": 2}] * 3


def test_bytes_of_one_rank():
    data = bytes(range(256)) * 5
    for sent in (data, b"", bytearray(data)):
        results = forked_ranks.run(
            2, lambda comm, sent=sent: broadcast_bytes(comm, None if comm.rank else sent)
        )
        assert results == [bytes(sent)] * 2


def test_a_single_process_tells_itself():
    comm = SelfCommunicator()
    assert gather(comm, 3) == [3]
    assert broadcast(comm, "x") == "x"


def test_what_the_first_rank_makes_or_fails_to_make_is_told_to_all():
    results = forked_ranks.run(3, lambda comm: of_first(comm, lambda: np.arange(3) + comm.rank))
    assert [r.tolist() for r in results] == [[0, 1, 2]] * 3

    def fail():
        raise FileNotFoundError("no such file")

    errors = forked_ranks.run(3, lambda comm: of_first(comm, fail))
    assert isinstance(errors[0], FileNotFoundError)
    assert [str(e) for e in errors[1:]] == ["rank 0 failed: FileNotFoundError: no such file"] * 2
    with pytest.raises(FileNotFoundError):
        of_first(SelfCommunicator(), fail)

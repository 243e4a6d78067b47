"""Cores divided among the ranks of a host."""

import os

import forked_ranks
import gatedcore as gk
from gatedcore.distributed import SelfCommunicator
from gatedcore.distributed.cores import share_cores, threads_for


def test_cores_that_all_may_use_are_divided():
    sixteen = list(range(16))
    assert threads_for(sixteen, [sixteen] * 4, 16, 4) == 4
    assert threads_for(sixteen, [sixteen] * 5, 16, 5) == 3
    assert threads_for([0, 1], [[0, 1]] * 8, 2, 8) == 1
    assert threads_for(sixteen, [sixteen], 16, 1) == 16


def test_who_was_bound_to_cores_of_its_own_keeps_them():
    bound = [[0, 1, 2], [3, 4, 5]]
    assert threads_for(bound[0], bound, 3, 2) == 3
    assert threads_for([0, 1, 2, 3], [[0, 1, 2, 3], [2, 3, 4, 5]], 4, 2) == 3


def test_a_limit_on_processor_time_is_divided_by_who_is_under_it():
    many = list(range(64))
    assert threads_for(many, [many] * 4, 8, 4) == 2  # one container
    assert threads_for(many, [many] * 4, 8, 1) == 8  # four of them


def threads_of(ranks: int, alone: int) -> list[int]:
    """Return how many threads each of so many ranks takes that would take ``alone`` by itself."""

    def program(comm):
        gk.set_num_threads(alone)
        share_cores(comm)
        return gk.get_num_threads()

    return forked_ranks.run(ranks, program)


def test_ranks_of_this_host_share_its_cores(monkeypatch):
    for name in ("GATEDCORE_NUM_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    cores = len(os.sched_getaffinity(0))
    assert threads_of(cores, cores) == [1] * cores
    assert threads_of(1, cores) == [cores]


def test_where_no_system_tells_which_cores(monkeypatch):
    for name in ("GATEDCORE_NUM_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delattr(os, "sched_getaffinity")
    before = gk.get_num_threads()
    try:
        share_cores(SelfCommunicator())
        assert gk.get_num_threads() == before
    finally:
        gk.set_num_threads(before)


def test_what_the_environment_sets_stays(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert threads_of(4, 3) == [3] * 4


def test_what_torchrun_sets_by_itself_does_not_count(monkeypatch):
    monkeypatch.delenv("GATEDCORE_NUM_THREADS", raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "none")
    cores, before = len(os.sched_getaffinity(0)), gk.get_num_threads()
    try:
        gk.set_num_threads(cores)
        share_cores(SelfCommunicator())
        assert gk.get_num_threads() == cores
        monkeypatch.setenv("OMP_NUM_THREADS", "2")
        gk.set_num_threads(1)
        share_cores(SelfCommunicator())
        assert gk.get_num_threads() == 1
    finally:
        gk.set_num_threads(before)

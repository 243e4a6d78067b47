import os

import pytest

import gatedcore as gk
from gatedcore.ops.threads import usable_cores


def test_set_and_get() -> None:
    kept = gk.get_num_threads()
    try:
        gk.set_num_threads(2)
        assert gk.get_num_threads() == 2
    finally:
        gk.set_num_threads(kept)
    assert gk.get_num_threads() == kept


@pytest.mark.parametrize(
    ("threads", "error"), [(0, ValueError), (1.5, TypeError), ("2", TypeError)]
)
def test_bad_numbers_change_nothing(threads: object, error: type[Exception]) -> None:
    kept = gk.get_num_threads()
    with pytest.raises(error, match=r"set_num_threads: threads is .*, expected an integer of at"):
        gk.set_num_threads(threads)
    assert gk.get_num_threads() == kept


def test_a_thread_may_be_bound_to_fewer() -> None:
    from gatedcore import _core

    kept = gk.get_num_threads()
    try:
        gk.set_num_threads(3)
        _core.limit_this_thread(2)
        assert gk.get_num_threads() == 2
        with pytest.raises(ValueError, match="limit_this_thread: threads is -1"):
            _core.limit_this_thread(-1)
        _core.limit_this_thread(0)
        assert gk.get_num_threads() == 3
    finally:
        _core.limit_this_thread(0)
        gk.set_num_threads(kept)


def test_usable_cores(monkeypatch) -> None:
    if hasattr(os, "sched_getaffinity"):
        assert usable_cores() == sorted(os.sched_getaffinity(0))
        monkeypatch.delattr(os, "sched_getaffinity")
    assert usable_cores() == list(range(os.cpu_count()))
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert usable_cores() == [0]

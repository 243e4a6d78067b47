"""How many threads a call may use."""

import os

from gatedcore import _core
from gatedcore.checks import check_count


def set_num_threads(threads: int) -> None:
    """Set the largest number of threads that a call may use; results do not depend on it.

    Parameters
    ----------
    threads : int
        At least 1. Small calls use fewer.

    Raises
    ------
    TypeError
        If it is no integer.
    ValueError
        If it is less than 1.
    """
    _core.set_num_threads(check_count("set_num_threads", "threads", threads))


def get_num_threads() -> int:
    """Return the largest number of threads that a call may use."""
    return _core.get_num_threads()


def usable_cores() -> list[int]:
    """Return the cores that this process may run on: where nobody knows better, all of them."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))

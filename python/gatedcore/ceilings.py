"""How fast this machine multiplies and adds, and how fast it reads: what bounds every kernel."""

import threading
import time

import numpy as np

from gatedcore import _core

SAMPLE = 5e-3  # seconds: a hundred times what it takes to start threads together
FEWEST = 3


def multiply_add_rate(threads: int = 1, seconds: float = 0.2) -> float:
    """Measure the float32 peak of the instruction set in use.

    Parameters
    ----------
    threads : int
        Threads that compute at once.
    seconds : float
        About how long to measure.

    Returns
    -------
    float
        Operations per second of all threads together, a multiply-add counted as two: that of the
        fastest sample, as whatever else the machine does only makes samples slower.
    """
    rounds = 1000
    while _timed(rounds)[1] < SAMPLE:
        rounds *= 2
    best, samples, end = 0.0, 0, time.perf_counter() + seconds
    while samples < FEWEST or time.perf_counter() < end:
        best = max(best, _sample(threads, rounds))
        samples += 1
    return best


def read_rate(size: int, seconds: float = 0.1) -> float:
    """Measure how fast one thread reads the same memory again and again.

    Parameters
    ----------
    size : int
        Bytes; where they fit decides which cache is measured.
    seconds : float
        About how long to measure.

    Returns
    -------
    float
        Bytes per second of the fastest sample.
    """
    data = np.ones(max(size // 4, 1), np.float32)
    times = 1
    while (once := _reading(data, times)) < SAMPLE and once * 2 < seconds:
        times *= 2
    best, samples, end = 0.0, 0, time.perf_counter() + seconds
    while samples < FEWEST or time.perf_counter() < end:
        best = max(best, data.nbytes * times / _reading(data, times))
        samples += 1
    return best


def _timed(rounds: int) -> tuple[int, float]:
    """Return operations and seconds of a call."""
    begin = time.perf_counter()
    operations, _ = _core.multiply_add(rounds, 0.5, 0.25)
    return operations, time.perf_counter() - begin


def _sample(threads: int, rounds: int) -> float:
    """Return the operations per second of threads that begin together."""
    rates = [0.0] * threads
    together = threading.Barrier(threads)

    def work(index: int) -> None:
        together.wait()
        operations, took = _timed(rounds)
        rates[index] = operations / took

    others = [threading.Thread(target=work, args=(index,)) for index in range(1, threads)]
    for thread in others:
        thread.start()
    work(0)
    for thread in others:
        thread.join()
    return sum(rates)


def _reading(data: np.ndarray[tuple[int], np.dtype[np.float32]], times: int) -> float:
    """Return the seconds of reading all of an array several times."""
    begin = time.perf_counter()
    _core.read_all(data, times)
    return time.perf_counter() - begin

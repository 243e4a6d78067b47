"""Contestants take turns: a burst of each, again and again, until each has had its time."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

BURST = 0.02  # seconds of one burst, where a call is not longer
PAUSE = 0.03  # seconds before a burst: threads of whoever had the one before spin for some time
FEWEST = 5  # samples
FEWEST_SLOW = 3  # of a call that takes longer than SLOW
SLOW = 0.5
# Who is so many times slower than the fastest gets a share of the time: its place is clear.
FAR, FAR_SHARE = 3.0, 0.3


class Bursts(Protocol):
    """Who can run bursts: a worker process."""

    def ask(self, do: str, **arguments: object) -> Mapping[str, float]:
        """Run ``do="burst"`` and return ``seconds`` of a call, ``cpu`` and ``wall``."""


@dataclass
class Entry:
    """One contestant of a row: its process, the key of its computation, its times."""

    process: Bursts
    key: str
    once: float
    times: list[float] = field(default_factory=list)
    spent: float = 0.0
    disturbed: float = 0.0  # seconds of processors that somebody else used, over all bursts
    wall: float = 0.0


def take_turns(
    entries: Sequence[Entry], seconds: float, busy: Callable[[], float] = lambda: 0.0
) -> None:
    """Fill in the times of all entries.

    Parameters
    ----------
    entries : sequence of Entry
        Every one with ``once`` set.
    seconds : float
        For each, far slower ones less.
    busy : callable
        Seconds for which the processors were at work so far, whoever used them.
    """
    fastest = min(entry.once for entry in entries)
    waiting = list(entries)
    while waiting:
        for entry in waiting:
            _burst(entry, busy)
        waiting = [e for e in waiting if not _has_enough(e, seconds, fastest)]
        waiting = waiting[1:] + waiting[:1]  # nobody always follows the same


def take_paired_turns(entries: Sequence[Entry], seconds: float) -> None:
    """Fill in as many times for one as for the other, sample k of each right after the other's."""
    turn = list(entries)
    while not all(_has_enough(e, seconds, e.once) for e in entries):
        for entry in turn:
            _burst(entry, lambda: 0.0)
        turn.reverse()


def _burst(entry: Entry, busy: Callable[[], float]) -> None:
    calls = max(1, round(BURST / entry.once))
    time.sleep(PAUSE)
    before = busy()
    burst = entry.process.ask("burst", key=entry.key, calls=calls, once=entry.once)
    # The system counts in hundredths of a second: only the sum over many bursts means something.
    entry.disturbed += busy() - before - burst["cpu"]
    entry.times.append(burst["seconds"])
    entry.spent += burst["seconds"] * calls
    entry.wall += burst["wall"]


def _has_enough(entry: Entry, seconds: float, fastest: float) -> bool:
    fewest = FEWEST_SLOW if entry.once > SLOW else FEWEST
    share = FAR_SHARE if entry.once > FAR * fastest else 1.0
    return len(entry.times) >= fewest and entry.spent >= seconds * share

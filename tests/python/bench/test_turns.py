"""bench/python/contest/turns.py: who runs when, and for how long."""

import pytest

from contest.turns import BURST, FEWEST, FEWEST_SLOW, SLOW, Entry, take_paired_turns, take_turns


class Clock:
    """Processes whose calls take as long as they are told to, and the order in which they ran."""

    def __init__(self, **seconds):
        self.seconds = seconds
        self.order = []

    def ask(self, do, key, calls, once):
        assert do == "burst"
        self.order.append(key)
        taken = self.seconds[key]
        return {"seconds": taken, "cpu": taken * calls, "wall": taken * calls}

    def entries(self):
        return [Entry(self, key, seconds) for key, seconds in self.seconds.items()]


def test_everybody_gets_the_time():
    clock = Clock(a=0.001, b=0.0015)
    entries = clock.entries()
    take_turns(entries, 0.5)
    for entry in entries:
        assert 0.5 <= entry.spent < 0.5 + 2 * BURST
        assert set(entry.times) == {clock.seconds[entry.key]}


def test_they_take_turns():
    clock = Clock(a=0.001, b=0.001, c=0.001)
    take_turns(clock.entries(), 0.5)
    for k in range(0, len(clock.order) - 2, 3):
        assert sorted(clock.order[k : k + 3]) == ["a", "b", "c"]
    assert {tuple(clock.order[k : k + 3]) for k in range(0, 9, 3)} > {("a", "b", "c")}


def test_slow_ones_have_few_samples_and_far_slower_ones_less_time():
    clock = Clock(fast=0.01, far=0.1, slow=2 * SLOW)
    fast, far, slow = entries = clock.entries()
    take_turns(entries, 2.0)
    assert fast.spent >= 2.0
    assert len(far.times) >= FEWEST
    assert far.spent == pytest.approx(0.6, abs=0.11)
    assert len(slow.times) == FEWEST_SLOW


def test_what_others_used_is_summed_up():
    clock = Clock(a=BURST)
    (entry,) = clock.entries()
    ticks = iter(range(1000))
    take_turns([entry], 10 * BURST, lambda: next(ticks) * 3 * BURST)
    assert entry.disturbed == pytest.approx(2 * entry.wall)


def test_pairs_are_pairs():
    clock = Clock(old=0.001, new=0.002)
    old, new = entries = clock.entries()
    take_paired_turns(entries, 0.5)
    assert len(old.times) == len(new.times) >= FEWEST
    assert clock.order[:4] == ["old", "new", "new", "old"]

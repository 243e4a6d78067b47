"""bench/python/contest/samples.py: medians, quartiles, and intervals that hold what they should."""

import numpy as np
import pytest

from contest.samples import ratio_of_medians, summary


def test_a_summary():
    found = summary([5.0, 1.0, 2.0, 4.0, 3.0])
    assert found == {"median": 3.0, "min": 1.0, "q1": 2.0, "q3": 4.0, "samples": 5}


def test_one_sample_is_its_own_quartiles():
    assert summary([2.5]) == {"median": 2.5, "min": 2.5, "q1": 2.5, "q3": 2.5, "samples": 1}


def noisy(seed, count=60):
    """Return the factors by which a noisy machine makes pairs slower: in phases, rarely by far."""
    rng = np.random.default_rng(seed)
    phase = np.repeat(rng.uniform(1, 1.5, count // 6), 6)
    return (phase * (1 + rng.exponential(0.05, (2, count)))).tolist()


def test_the_interval_of_equal_builds_nearly_always_holds_1():
    held = 0
    for seed in range(40):
        above, below = noisy(seed)
        ratio = ratio_of_medians(above, below)
        assert ratio.low <= ratio.value <= ratio.high
        held += ratio.low <= 1 <= ratio.high
    assert held >= 37  # 99 % of 40, and room for the bootstrap's own error


def test_a_tenth_slower_is_found():
    found = 0
    for seed in range(40):
        above, below = noisy(seed)
        ratio = ratio_of_medians([1.1 * time for time in above], below)
        assert ratio.value == pytest.approx(1.1, rel=0.1)
        found += ratio.low > 1
    assert found >= 36


def test_the_same_samples_give_the_same_interval():
    above, below = noisy(0)
    assert ratio_of_medians(above, below) == ratio_of_medians(above, below)


@pytest.mark.parametrize(("above", "below"), [([1.0], [1.0, 2.0]), ([], [])])
def test_samples_must_be_pairs(above, below):
    with pytest.raises(ValueError, match="expected as many of either"):
        ratio_of_medians(above, below)

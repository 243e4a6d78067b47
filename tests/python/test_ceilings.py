"""ceilings.py: measured peaks are of the order of what a processor can do."""

import pytest

from gatedcore.ceilings import multiply_add_rate, read_rate

SECONDS = 0.01


# From an emulated processor to the widest vectors; a wrong unit is off by more.
SLOWEST, FASTEST = 1e7, 1e12


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_the_peak_is_a_rate(threads):
    assert SLOWEST < multiply_add_rate(threads, SECONDS) < threads * FASTEST


@pytest.mark.parametrize("size", [0, 1, 4096, 1 << 22])
def test_reading_is_a_rate(size):
    assert SLOWEST / 10 < read_rate(size, SECONDS) < 10 * FASTEST

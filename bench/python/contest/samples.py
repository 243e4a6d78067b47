"""What a handful of times says: median and spread, and how sure a ratio of medians is."""

import statistics
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

DRAWS = 4000  # of the bootstrap: its own error is then far below the width of the interval


class Ratio(NamedTuple):
    """A ratio of medians, and the interval that holds it with the given confidence."""

    value: float
    low: float
    high: float


def summary(times: Sequence[float]) -> dict[str, float]:
    """Return median, least, quartiles and number of samples."""
    several = times if len(times) > 1 else [*times, *times]
    quartiles = statistics.quantiles(several, n=4, method="inclusive")
    return {
        "median": statistics.median(times),
        "min": min(times),
        "q1": quartiles[0],
        "q3": quartiles[2],
        "samples": len(times),
    }


def ratio_of_medians(
    above: Sequence[float], below: Sequence[float], confidence: float = 0.99, seed: int = 0
) -> Ratio:
    """Return the median of ``above`` over that of ``below``, with a bootstrap interval.

    The two were taken in turns, sample k of one beside sample k of the other, so pairs are drawn: a
    slow phase of the machine meets both.

    Raises
    ------
    ValueError
        If there are not as many of one as of the other.
    """
    if len(above) != len(below) or not above:
        raise ValueError(
            f"ratio_of_medians: {len(above)} and {len(below)} samples, expected as many of either"
        )
    pairs = np.array([above, below])
    rng = np.random.default_rng(seed)
    drawn = pairs[:, rng.integers(len(above), size=(DRAWS, len(above)))]
    medians = np.median(drawn, axis=-1)
    tail = (1 - confidence) / 2
    low, high = np.quantile(medians[0] / medians[1], [tail, 1 - tail])
    value = statistics.median(above) / statistics.median(below)
    return Ratio(value, float(low), float(high))

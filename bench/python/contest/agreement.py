"""Whether contestants computed the same."""

from collections.abc import Mapping

import numpy as np

# Relative to the largest element: sums over T B = 6400 steps in float32 in any order stay below
# 1e-4, a gate in the wrong place is of the order of 1.
NEAR = 1e-3

Results = Mapping[str, np.ndarray]


def difference(results: Results, reference: Results) -> float:
    """Return the largest difference of any array, relative to the array's largest element.

    Raises
    ------
    ValueError
        If they are not the same arrays of the same shapes.
    """
    shapes, expected = ({k: v.shape for k, v in r.items()} for r in (results, reference))
    if shapes != expected:
        raise ValueError(f"results are {shapes}, expected {expected}")
    worst = 0.0
    for name, array in results.items():
        largest = float(np.abs(reference[name]).max(initial=0.0)) or 1.0
        off = float(np.abs(array - reference[name]).max(initial=0.0)) / largest
        worst = max(worst, off if np.isfinite(off) else np.inf)
    return worst

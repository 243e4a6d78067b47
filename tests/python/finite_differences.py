"""Central differences, the judge of every backward pass."""

from collections.abc import Callable

import numpy as np

# Half the distance between the two points. The truncation error is STEP**2 / 6 = 1.7e-11 times a
# third derivative; the rounding error of a loss of order 10 is 10 * 2**-53 / STEP = 1e-10.
STEP = 1e-5
# Allows third derivatives up to about 500 times the largest gradient; a wrong sign or a missing
# term is off by 1e-1 and more.
TOLERANCE = 1e-8


def numeric_gradient(loss: Callable[[], float], array: np.ndarray) -> np.ndarray:
    """Return the gradient of ``loss()`` by ``array``, which is changed and restored."""
    assert array.dtype == np.float64
    gradient = np.empty_like(array)
    for index in np.ndindex(array.shape):
        kept = array[index]
        array[index] = kept + STEP
        above = loss()
        array[index] = kept - STEP
        below = loss()
        array[index] = kept
        gradient[index] = (above - below) / (2.0 * STEP)
    return gradient


def assert_gradient(given: np.ndarray, loss: Callable[[], float], array: np.ndarray) -> None:
    """Assert that ``given`` is the gradient of ``loss()`` by ``array``."""
    expected = numeric_gradient(loss, array)
    scale = max(1.0, float(np.abs(expected).max(initial=0.0)))
    np.testing.assert_allclose(given, expected, rtol=0.0, atol=TOLERANCE * scale)

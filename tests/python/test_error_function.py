import math

import numpy as np

from gatedcore.error_function import erfc


def test_agrees_with_the_c_library() -> None:
    x = np.concatenate([np.linspace(-7, 26, 4001), [-1.0, 1.0, 8.0, -8.0, 0.0, 1e-300]])
    expected = np.array([math.erfc(value) for value in x])
    # exp(-x**2) alone has a relative error of x**2 roundings.
    bound = 2e-16 * (4 + 2 * x * x)
    assert (np.abs(erfc(x) - expected) <= bound * expected).all()


def test_ends() -> None:
    x = np.array([-np.inf, -30.0, 27.3, 30.0, np.inf])
    np.testing.assert_allclose(erfc(x), [2, 2, 0, 0, 0], atol=1e-300)
    assert np.isnan(erfc(np.array([np.nan]))).all()
    assert erfc(np.array([0.5], np.float32)).dtype == np.float64

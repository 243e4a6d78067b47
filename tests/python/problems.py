"""Random LSTM and GRU problems in float64, and what comes out of them in plain NumPy."""

from typing import NamedTuple

import numpy as np

ACTIVATIONS = ("linear", "tanh", "sigmoid", "hard_sigmoid", "relu", "softsign", "elu")

# Kernels and plain NumPy sum in another order: up to 40 products of order 1, each rounded to half a
# unit in the last place (6e-8 in float32, 1e-16 in float64), over at most 9 contracting steps, and
# activations within 3 and 4 ULP. Allows about twenty times what that gives at random.
TOLERANCE = {np.dtype(np.float32): 1e-5, np.dtype(np.float64): 1e-12}


class Problem(NamedTuple):
    """Arguments of a forward call and gradients that arrive from behind."""

    x: np.ndarray
    kernel: np.ndarray
    recurrent_kernel: np.ndarray
    bias: np.ndarray
    h0: np.ndarray
    c0: np.ndarray
    d_h: np.ndarray
    d_h_last: np.ndarray
    d_c_last: np.ndarray

    def astype(self, dtype: object) -> "Problem":
        """Return the problem in another dtype."""
        return Problem(*(array.astype(dtype) for array in self))


def make_problem(
    gates: int,
    *,
    T: int = 5,
    B: int = 3,
    I: int = 2,  # noqa: E741  # the letter of the equations
    H: int = 4,
    two_biases: bool = False,
    time_major: bool = False,
    seed: int = 0,
) -> Problem:
    """Return a problem whose values keep every activation well inside its range."""
    rng = np.random.default_rng(seed)
    width = gates * H

    def sequence(size: int) -> np.ndarray:
        return rng.normal(size=(T, B, size) if time_major else (B, T, size))

    return Problem(
        x=sequence(I),
        kernel=rng.normal(size=(I, width)) * 0.6,
        recurrent_kernel=rng.normal(size=(H, width)) * 0.4,
        bias=rng.normal(size=(2, width) if two_biases else width) * 0.3,
        h0=rng.normal(size=(B, H)) * 0.5,
        c0=rng.normal(size=(B, H)) * 0.5,
        d_h=sequence(H),
        d_h_last=rng.normal(size=(B, H)),
        d_c_last=rng.normal(size=(B, H)),
    )


def assert_close(given: np.ndarray, expected: np.ndarray) -> None:
    """Assert shape and dtype, and values to the dtype's tolerance of the largest one."""
    assert given.shape == expected.shape
    tolerance = TOLERANCE[given.dtype]
    scale = max(1.0, float(np.abs(expected).max(initial=0.0)))
    np.testing.assert_allclose(given, expected, rtol=0.0, atol=tolerance * scale)

"""Gradients and parameters for optimizers, and what optimizers make of them step by step."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from gatedcore.arrays import Array, aligned_zeros
from gatedcore.optimizers import Optimizer

COUNT = 37
STEPS = 20
DTYPES = [np.float32, np.float64]
# A step is a dozen roundings of numbers of order 1, of which there are 20.
TOLERANCE = {np.float32: 4e-6, np.float64: 2e-14}


def vector(values: object, dtype: type = np.float64) -> Array:
    """Return an aligned vector of these values."""
    array = np.asarray(values, dtype)
    made = aligned_zeros(array.size, array.dtype)
    made[...] = array
    return made


def problem(dtype: type = np.float64) -> tuple[Array, list[Array]]:
    """Return parameters, and gradients for 20 steps."""
    rng = np.random.default_rng(0)
    parameters = vector(rng.normal(size=COUNT), dtype)
    return parameters, [rng.normal(size=COUNT).astype(dtype) for _ in range(STEPS)]


def descend(
    optimizer: Optimizer, dtype: type = np.float64, ends: Sequence[int] | None = None
) -> Array:
    """Return the parameters after each step, (20, 37)."""
    parameters, gradients = problem(dtype)
    optimizer.attach(parameters, ends)
    path = []
    for g in gradients:
        kept = g.copy()
        optimizer.step(parameters, g)
        np.testing.assert_array_equal(g, kept)
        path.append(parameters.astype(np.float64))
    return np.stack(path)


def descend_by(update: Callable[[Array, Array, int], Array], dtype: type = np.float64) -> Array:
    """Return the same for ``p = update(p, g, t)`` in float64, from numbers rounded to a dtype."""
    parameters, gradients = problem(dtype)
    p, path = parameters.astype(np.float64), []
    for t, g in enumerate(gradients, start=1):
        p = update(p, g.astype(np.float64), t)
        path.append(p.copy())
    return np.stack(path)


def descend_in_torch(make: Callable[[object, object], object], dtype: type = np.float64) -> Array:
    """Return the same for PyTorch's ``make(torch, [parameters])`` in float64."""
    torch = pytest.importorskip("torch", reason="PyTorch is the judge here")
    parameters, gradients = problem(dtype)
    p = torch.nn.Parameter(torch.tensor(parameters.astype(np.float64)))
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)  # for what an optimizer keeps beside its vectors
    try:
        optimizer = make(torch, [p])
        path = []
        for g in gradients:
            p.grad = torch.tensor(g.astype(np.float64))
            optimizer.step()
            path.append(p.detach().numpy().copy())
    finally:
        torch.set_default_dtype(before)
    return np.stack(path)


def assert_same_path(path: Array, expected: Array, dtype: type, factor: float = 1.0) -> None:
    """Compare every step of two ways."""
    np.testing.assert_allclose(path, expected, rtol=0.0, atol=factor * TOLERANCE[dtype])

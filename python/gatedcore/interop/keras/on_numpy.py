"""The kernels behind Keras's NumPy backend, which has no gradients."""

from typing import Any

import numpy as np
from keras.src import backend

from gatedcore.arrays import FLOAT32, FLOAT64, Array
from gatedcore.interop.keras.counts import counts
from gatedcore.interop.keras.recurrence import Call, Operands, Results, forward
from gatedcore.interop.keras.requests import NotServedError


def run(call: Call, given: Operands) -> Results:
    """Run one call; see ``backend_hooks.Backend``.

    Raises
    ------
    NotServedError
        If its numbers are neither float32 nor float64.
    """
    plain: list[Any] = [None if one is None else backend.convert_to_tensor(one) for one in given]
    *series, kernel, recurrent_kernel, bias, mask = plain
    dtype = kernel.dtype
    if dtype not in (FLOAT32, FLOAT64):
        raise NotServedError(f"dtype {dtype}")
    series = [None if a is None else a.astype(dtype, copy=False) for a in series]
    steps = None if mask is None else mask.astype(bool, copy=False)
    converted: list[Any] = [*series, kernel, recurrent_kernel, bias, steps]
    results, _ = forward(call, Operands(*converted), save=False)
    counts.add_forward()
    return results


def flip(y: Array) -> Array:
    """Return outputs in the reverse order of time."""
    return np.flip(y, axis=1)

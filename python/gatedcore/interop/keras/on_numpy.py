"""The kernels behind Keras's NumPy backend, which has no gradients."""

from typing import Any

import numpy as np
from keras.src import backend

from gatedcore.arrays import FLOAT32, FLOAT64, Array
from gatedcore.interop.keras.counts import counts
from gatedcore.interop.keras.recurrence import Call, Operands, Results, forward
from gatedcore.interop.keras.requests import NotServedError


def run(
    call: Call,
    inputs: Any,
    states: tuple[Any, ...],
    kernel: Any,
    recurrent_kernel: Any,
    bias: Any,
    mask: Any,
) -> Results:
    """Run one call; see ``backend_hooks.Backend``.

    Raises
    ------
    NotServedError
        If its numbers are neither float32 nor float64.
    """
    k, r = _plain(kernel), _plain(recurrent_kernel)
    b = None if bias is None else _plain(bias)
    dtype = k.dtype
    if dtype not in (FLOAT32, FLOAT64):
        raise NotServedError(f"dtype {dtype}")
    h0, c0 = (*(_plain(state).astype(dtype, copy=False) for state in states), None)[:2]
    x = _plain(inputs).astype(dtype, copy=False)
    steps = None if mask is None else _plain(mask).astype(bool, copy=False)
    results, _ = forward(call, Operands(x, h0, c0, k, r, b, steps), save=False)
    counts.add_forward()
    return results


def flip(y: Array) -> Array:
    """Return outputs in the reverse order of time."""
    return np.flip(y, axis=1)


def _plain(value: Any) -> Any:
    return backend.convert_to_tensor(value)

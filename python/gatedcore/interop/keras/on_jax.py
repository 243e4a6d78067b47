"""The kernels behind Keras's JAX backend, eager and in ``jax.jit``, with gradients."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.custom_derivatives import SymbolicZero
from keras.src.backend.jax.core import convert_to_tensor

from gatedcore.interop.keras.counts import counts
from gatedcore.interop.keras.recurrence import (
    Call,
    Operands,
    Results,
    backward,
    forward,
)
from gatedcore.interop.keras.requests import NotServedError
from gatedcore.interop.keras.shelf import shelf
from gatedcore.ops.threads import usable_cores


def run(call: Call, given: Operands) -> Results:
    """Run one call; see ``backend_hooks.Backend``.

    Raises
    ------
    NotServedError
        If another device than the CPU is to compute it, or a single core, or its numbers are
        neither float32 nor float64.
    """
    if jax.default_backend() != "cpu":
        raise NotServedError(f"JAX runs on {jax.default_backend()}")
    if len(usable_cores()) == 1:
        # The one thread of its pool would wait in the callback for a copy that it has to make.
        raise NotServedError("JAX has one core, on which its callbacks may wait for ever")
    plain: list[Any] = [None if one is None else convert_to_tensor(one) for one in given]
    *series, kernel, recurrent_kernel, bias, mask = plain
    dtype = kernel.dtype
    if dtype not in (jnp.float32, jnp.float64):
        raise NotServedError(f"dtype {dtype}")
    series = [None if a is None else a.astype(dtype) for a in series]
    steps = None if mask is None else mask.astype(bool)
    converted: list[Any] = [*series, kernel, recurrent_kernel, bias, steps]
    results: Results = _recurrence(call, Operands(*converted))
    return results


def flip(y: Any) -> Any:
    """Return outputs in the reverse order of time."""
    return jnp.flip(y, axis=1)


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _recurrence(call: Call, operands: Operands) -> Results:
    return jax.pure_callback(
        partial(_run_forward, call), _shapes(call, operands), operands, vmap_method="sequential"
    )


def _forward(call: Call, primals: Any) -> tuple[Results, Any]:
    # Each says whether somebody wants a gradient by it; residuals carry that as their structure.
    operands: Operands = jax.tree.map(lambda primal: primal.value, primals)
    need_d_x = () if primals.x.perturbed else None
    number = jax.ShapeDtypeStruct((), np.int32)
    results, number = jax.pure_callback(
        partial(_run_saving, call),
        (_shapes(call, operands), number),
        operands,
        vmap_method="sequential",
    )
    return results, (number, operands, need_d_x)


def _backward(call: Call, residuals: Any, d_results: Results) -> tuple[Operands]:
    number, operands, need_d_x = residuals
    wanted = operands._replace(mask=None)
    if need_d_x is None:
        wanted = wanted._replace(x=None)
    shapes = jax.tree.map(lambda a: jax.ShapeDtypeStruct(a.shape, a.dtype), wanted)
    d_results = jax.tree.map(lambda d: None if isinstance(d, SymbolicZero) else d, d_results)
    gradients = jax.pure_callback(
        partial(_run_backward, call, need_d_x is not None),
        shapes,
        number,
        operands,
        d_results,
        vmap_method="sequential",
    )
    mask = operands.mask
    # The gradient by booleans has a dtype of its own, of no bits.
    d_mask = None if mask is None else np.zeros(mask.shape, jax.dtypes.float0)
    return (gradients._replace(mask=d_mask),)


_recurrence.defvjp(_forward, _backward, symbolic_zeros=True)


def _shapes(call: Call, operands: Operands) -> Results:
    batch, steps, _ = operands.x.shape
    dtype, units = operands.x.dtype, operands.recurrent_kernel.shape[0]
    state = jax.ShapeDtypeStruct((batch, units), dtype)
    y = jax.ShapeDtypeStruct((batch, steps, units), dtype) if call.return_sequences else state
    return Results(y, state, state if call.cell == "lstm" else None)


def _numpy(tree: Any) -> Any:
    return jax.tree.map(np.asarray, tree)


def _run_forward(call: Call, operands: Operands) -> Results:
    results, _ = forward(call, _numpy(operands), save=False)
    counts.add_forward()
    return results


def _run_saving(call: Call, operands: Operands) -> tuple[Results, Any]:
    results, saved = forward(call, _numpy(operands), save=True)
    counts.add_forward()
    assert saved is not None
    return results, np.int32(shelf.put(saved))


def _run_backward(
    call: Call, need_d_x: bool, number: Any, operands: Operands, d_results: Results
) -> Operands:
    saved = shelf.take(int(number))
    if saved is None:
        _, saved = forward(call, _numpy(operands), save=True)
        assert saved is not None
    gradients = backward(saved, *_numpy(d_results), need_d_x=need_d_x)
    counts.add_backward()
    return Operands(**gradients._asdict(), mask=None)

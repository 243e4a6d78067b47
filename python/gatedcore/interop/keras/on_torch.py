"""The kernels behind Keras's PyTorch backend, as a function that autograd knows."""

from collections.abc import Callable
from typing import Any

import torch
from keras.src.backend.torch.core import convert_to_tensor

from gatedcore.interop.keras.counts import counts
from gatedcore.interop.keras.recurrence import (
    Call,
    Operands,
    Results,
    Saved,
    backward,
    forward,
)
from gatedcore.interop.keras.requests import NotServedError

_PLAIN = (torch.Tensor, torch.nn.Parameter)


def run(call: Call, given: Operands) -> Results:
    """Run one call; see ``backend_hooks.Backend``.

    Raises
    ------
    NotServedError
        If its tensors are not plain ones of float32 or float64 on the CPU, or are being traced.
    """
    if torch.jit.is_tracing():
        raise NotServedError("torch.jit.trace, which records PyTorch's own operations alone")
    if torch._C._are_functorch_transforms_active():
        raise NotServedError("a transform of torch.func")
    plain: list[Any] = [None if one is None else convert_to_tensor(one) for one in given]
    x, h0, c0, *weights, mask = plain
    dtype = weights[0].dtype
    if dtype not in (torch.float32, torch.float64):
        raise NotServedError(f"dtype {str(dtype).removeprefix('torch.')}")
    # Keras casts inputs and states to the dtype of the weights, too. A stateful layer writes its
    # new states into its old ones, before backward reads these.
    h0, c0 = (None if state is None else state.to(dtype, copy=True) for state in (h0, c0))
    tensors = (x.to(dtype), h0, c0, *weights)
    mask = None if mask is None else mask.to(torch.bool)
    for tensor in (*tensors, mask):
        if tensor is not None and tensor.device.type != "cpu":
            raise NotServedError(f"device {tensor.device.type}")
        if tensor is not None and type(tensor) not in _PLAIN:
            raise NotServedError(f"tensors of type {type(tensor).__name__}")
    if torch.is_grad_enabled() and any(t is not None and t.requires_grad for t in tensors):
        return Results(*_Recurrence.apply(call, mask, *tensors))
    results, _ = forward(call, _operands(tensors, mask), save=False)
    counts.add_forward()
    tensors_of: list[Any] = [None if a is None else torch.from_numpy(a) for a in results]
    return Results(*tensors_of)


def flip(y: torch.Tensor) -> torch.Tensor:
    """Return outputs in the reverse order of time."""
    return torch.flip(y, dims=[1])


def outside_graphs(hooked: Callable[..., Any], original: Callable[..., Any]) -> Callable[..., Any]:
    """Return ``hooked`` so that ``torch.compile`` calls it as it stands, between its graphs.

    An export has to hold all of a model in PyTorch's own operations: it gets ``original``.
    """
    eager = torch.compiler.disable(hooked)

    def hook(*args: Any, **kwargs: Any) -> Any:
        if torch.compiler.is_exporting():
            return original(*args, **kwargs)
        return eager(*args, **kwargs)

    return hook


class _Recurrence(torch.autograd.Function):
    """One call, with the cache of its forward pass kept for its backward pass."""

    @staticmethod
    def forward(
        ctx: Any, call: Call, mask: torch.Tensor | None, *tensors: torch.Tensor | None
    ) -> tuple[torch.Tensor | None, ...]:
        results, ctx.saved = forward(call, _operands(tensors, mask), save=True)
        counts.add_forward()
        outputs = tuple(None if a is None else torch.from_numpy(a) for a in results)
        # The cache refers to their memory. Saved, PyTorch tells who writes to it in the meantime.
        ctx.save_for_backward(*tensors, outputs[0] if call.return_sequences else None)
        ctx.set_materialize_grads(False)
        return outputs

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *d_outputs: torch.Tensor | None) -> tuple[Any, ...]:
        _ = ctx.saved_tensors  # raises if one was written to
        saved: Saved = ctx.saved
        gradients = backward(
            saved,
            *(None if d is None else d.numpy() for d in d_outputs),
            need_d_x=ctx.needs_input_grad[2],
        )
        counts.add_backward()
        return (None, None, *(None if d is None else torch.from_numpy(d) for d in gradients))


def _operands(tensors: tuple[torch.Tensor | None, ...], mask: torch.Tensor | None) -> Operands:
    arrays: list[Any] = [None if t is None else t.detach().numpy() for t in (*tensors, mask)]
    return Operands(*arrays)

"""Layers as operators of PyTorch: ``gatedcore::layers`` and its backward, known to autograd.

The operators are what ``torch.compile``, ``torch.export`` and fake tensors see. Plain tensors take
``run_layers``'s other way, an ``autograd.Function`` over the same calls: an operator written in
Python costs a hundred microseconds where gradients are wanted, a function ten.
"""

from typing import Any

import torch

from gatedcore.interop.torch import core_calls, unrolled
from gatedcore.interop.torch.core_calls import Layers, Operands, Results, Saved
from gatedcore.interop.torch.handles import handle_of, take


def run_layers(
    layers: Layers, a: Operands, gates: list[list[torch.Tensor]] | None = None
) -> Results:
    """Run layers over a sequence, with gradients where they are wanted.

    The gates of every direction are appended to ``gates``, where that is given: not as tensors that
    have gradients, and not within a compiler.
    """
    tensors = (a.x, a.h0, a.c0, *a.weights)
    save = torch.is_grad_enabled() and any(t is not None and t.requires_grad for t in tensors)
    if torch.compiler.is_compiling() or type(a.x) not in (torch.Tensor, torch.nn.Parameter):
        if gates is not None:
            raise ValueError(
                "gatedcore.torch: return_gates=True came within torch.compile or torch.export, "
                "expected plain tensors; call the module outside of it"
            )
        output, h_n, c_n, _ = layers_op(
            a.x, a.weights, a.h0, a.c0, a.m_h, a.reset, a.batch_sizes, *layers, save
        )
        return Results(output, h_n, c_n if layers.cell == "lstm" else None)
    if not save:
        return core_calls.forward(layers, a, save=gates is not None, gates=gates)[0]
    return Results(
        *_LayersFunction.apply(
            layers, gates, a.m_h, a.reset, a.batch_sizes, a.x, a.h0, a.c0, *a.weights
        )
    )


class _LayersFunction(torch.autograd.Function):
    """Layers over plain tensors."""

    @staticmethod
    def forward(
        ctx: Any,
        layers: Layers,
        gates: list[list[torch.Tensor]] | None,
        m_h: torch.Tensor | None,
        reset: torch.Tensor | None,
        batch_sizes: torch.Tensor | None,
        x: torch.Tensor,
        h0: torch.Tensor | None,
        c0: torch.Tensor | None,
        *weights: torch.Tensor,
    ) -> tuple[torch.Tensor | None, ...]:
        a = Operands(x, list(weights), h0, c0, m_h, reset, batch_sizes)
        results, saved = core_calls.forward(layers, a, save=True, gates=gates)
        ctx.layers = layers
        ctx.save_for_backward(m_h, reset, batch_sizes, x, h0, c0, handle_of(saved), *weights)
        ctx.set_materialize_grads(False)
        return results

    @staticmethod
    def backward(ctx: Any, *d: torch.Tensor | None) -> tuple[torch.Tensor | None, ...]:
        m_h, reset, batch_sizes, x, h0, c0, handle, *weights = ctx.saved_tensors
        a = Operands(x, weights, h0, c0, m_h, reset, batch_sizes)
        if torch.is_grad_enabled():
            return *[None] * 5, *unrolled.gradients(ctx.layers, a, d)
        found = _gradients(ctx.layers, a, handle, d, ctx.needs_input_grad[5])
        d_h0 = None if h0 is None else found.h0
        d_c0 = None if c0 is None else found.c0
        return *[None] * 5, found.x, d_h0, d_c0, *found.weights


def _gradients(
    layers: Layers,
    a: Operands,
    handle: torch.Tensor,
    d: tuple[torch.Tensor | None, ...],
    need_d_x: bool,
) -> core_calls.Gradients:
    """Run backward on what forward saved, or, where that is gone or written over, on a new call."""
    saved: Saved | None = take(handle)
    if saved is None or not saved.is_intact:
        _, saved = core_calls.forward(layers, a, save=True)
        assert saved is not None
    if layers.cell == "gru":
        d = d[:2]
    return core_calls.backward(layers, saved, d, need_d_x=need_d_x)


@torch.library.custom_op("gatedcore::layers", mutates_args=())
def layers_op(
    x: torch.Tensor,
    weights: list[torch.Tensor],
    h0: torch.Tensor | None,
    c0: torch.Tensor | None,
    m_h: torch.Tensor | None,
    reset: torch.Tensor | None,
    batch_sizes: torch.Tensor | None,
    cell: str,
    num_layers: int,
    bidirectional: bool,
    time_major: bool,
    save: bool,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return output, h_n, c_n (of a GRU empty) and a handle for backward, empty if not ``save``."""
    layers = Layers(cell, num_layers, bidirectional, time_major)
    a = Operands(x, weights, h0, c0, m_h, reset, batch_sizes)
    results, saved = core_calls.forward(layers, a, save=save)
    c_n = x.new_empty(0) if results.c_n is None else results.c_n
    handle = torch.empty(0, dtype=torch.uint8) if saved is None else handle_of(saved)
    return results.output, results.h_n, c_n, handle


@layers_op.register_fake
def _(
    x: torch.Tensor,
    weights: list[torch.Tensor],
    h0: torch.Tensor | None,
    c0: torch.Tensor | None,
    m_h: torch.Tensor | None,
    reset: torch.Tensor | None,
    batch_sizes: torch.Tensor | None,
    cell: str,
    num_layers: int,
    bidirectional: bool,
    time_major: bool,
    save: bool,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    directions, width = 2 if bidirectional else 1, weights[1].shape[1]
    output = x.new_empty((*x.shape[:-1], directions * width))
    if batch_sizes is None:
        B = x.shape[1 if time_major else 0]
    elif h0 is not None:
        B = h0.shape[1]
    else:  # in the first batch size, which nobody knows before the call
        B = torch.library.get_ctx().new_dynamic_size()
    h_n = x.new_empty((num_layers * directions, B, width))
    units = weights[0].shape[0] // 4  # more than the width with a projection
    c_n = x.new_empty((*h_n.shape[:-1], units) if cell == "lstm" else 0)
    return output, h_n, c_n, x.new_empty(1 if save else 0, dtype=torch.uint8)


@torch.library.custom_op("gatedcore::layers_backward", mutates_args=())
def layers_backward_op(
    d_output: torch.Tensor,
    d_h_n: torch.Tensor,
    d_c_n: torch.Tensor,
    handle: torch.Tensor,
    output: torch.Tensor,
    x: torch.Tensor,
    weights: list[torch.Tensor],
    h0: torch.Tensor | None,
    c0: torch.Tensor | None,
    m_h: torch.Tensor | None,
    reset: torch.Tensor | None,
    batch_sizes: torch.Tensor | None,
    cell: str,
    num_layers: int,
    bidirectional: bool,
    time_major: bool,
) -> list[torch.Tensor]:
    """Return the gradients by x, h0, c0 (of a GRU empty) and weights.

    ``output`` is not read: it keeps a compiler from writing to what the handle refers to.
    """
    layers = Layers(cell, num_layers, bidirectional, time_major)
    a = Operands(x, weights, h0, c0, m_h, reset, batch_sizes)
    found = _gradients(layers, a, handle, (d_output, d_h_n, d_c_n), True)
    assert found.x is not None
    d_c0 = x.new_empty(0) if found.c0 is None else found.c0
    return [found.x, found.h0, d_c0, *found.weights]


@layers_backward_op.register_fake
def _(
    d_output: torch.Tensor,
    d_h_n: torch.Tensor,
    d_c_n: torch.Tensor,
    handle: torch.Tensor,
    output: torch.Tensor,
    x: torch.Tensor,
    weights: list[torch.Tensor],
    *others: object,
) -> list[torch.Tensor]:
    return [
        x.new_empty(x.shape),
        d_h_n.new_empty(d_h_n.shape),
        d_c_n.new_empty(d_c_n.shape),
        *(w.new_empty(w.shape) for w in weights),
    ]


def _setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[torch.Tensor, ...]) -> None:
    x, weights, h0, c0, m_h, reset, batch_sizes, *layers, _ = inputs
    results, _, _, handle = output
    # Only a compiler writes to a result unseen; eager changes are counted, and then cost a call.
    guarded = () if type(results) is torch.Tensor else (results,)
    ctx.layers = Layers(*layers)
    ctx.weights = len(weights)
    ctx.save_for_backward(m_h, reset, batch_sizes, x, h0, c0, handle, *weights, *guarded)
    ctx.mark_non_differentiable(handle)


def _backward(ctx: Any, *d: torch.Tensor) -> tuple[Any, ...]:
    m_h, reset, batch_sizes, x, h0, c0, handle, *rest = ctx.saved_tensors
    weights, guarded = rest[: ctx.weights], rest[ctx.weights :]
    if torch.is_grad_enabled() and type(x) is torch.Tensor:
        a = Operands(x, list(weights), h0, c0, m_h, reset, batch_sizes)
        d_x, d_h0, d_c0, *d_weights = unrolled.gradients(ctx.layers, a, d[:3])
        return d_x, d_weights, d_h0, d_c0, *[None] * 8
    output = guarded[0] if guarded else x.new_empty(0)
    d_x, d_h0, d_c0, *d_weights = layers_backward_op(
        *d[:3], handle, output, x, weights, h0, c0, m_h, reset, batch_sizes, *ctx.layers
    )
    d_c0 = None if c0 is None else d_c0
    return d_x, d_weights, None if h0 is None else d_h0, d_c0, *[None] * 8


layers_op.register_autograd(_backward, setup_context=_setup_context)

"""Layers as operators of PyTorch: ``gatedcore::layers`` and its backward, known to autograd.

The operators are what ``torch.compile``, ``torch.export`` and fake tensors see. Plain tensors take
``run_layers``'s other way, an ``autograd.Function`` over the same calls: an operator written in
Python costs a hundred microseconds where gradients are wanted, a function ten.
"""

from collections.abc import Sequence
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
        output, h_n, c_n, _ = layers_op(*a, *layers, save)
        return Results(output, h_n, c_n if layers.cell == "lstm" else None)
    if not save:
        return core_calls.forward(layers, a, save=gates is not None, gates=gates)[0]
    return Results(*_LayersFunction.apply(layers, gates, *_flat(a)))


def _flat(a: Operands) -> tuple[torch.Tensor | None, ...]:
    """Return the tensors of a call, weights last."""
    return (a.x, *a[2:], *a.weights)


def _operands(tensors: Sequence[Any]) -> Operands:
    """Return what is flat as operands again."""
    before = len(Operands._fields) - 1
    return Operands(tensors[0], list(tensors[before:]), *tensors[1:before])


class _LayersFunction(torch.autograd.Function):
    """Layers over plain tensors."""

    @staticmethod
    def forward(
        ctx: Any, layers: Layers, gates: list[list[torch.Tensor]] | None, *tensors: Any
    ) -> tuple[torch.Tensor | None, ...]:
        results, saved = core_calls.forward(layers, _operands(tensors), save=True, gates=gates)
        ctx.layers = layers
        ctx.save_for_backward(handle_of(saved), *tensors)
        ctx.set_materialize_grads(False)
        return results

    @staticmethod
    def backward(ctx: Any, *d: torch.Tensor | None) -> tuple[torch.Tensor | None, ...]:
        handle, *tensors = ctx.saved_tensors
        a = _operands(tensors)
        if unrolled.is_needed(d):
            d_x, d_h0, d_c0, *d_weights = unrolled.gradients(ctx.layers, a, d)
        else:
            found = _gradients(ctx.layers, a, handle, d, ctx.needs_input_grad[2])
            d_x, d_weights = found.x, found.weights
            d_h0, d_c0 = _of_given(a, found)
        return None, None, d_x, d_h0, d_c0, None, None, None, *d_weights


def _of_given(a: Operands, d: core_calls.Gradients) -> list[torch.Tensor | None]:
    """Return the gradients by the first states, None where those were zeros."""
    return [None if s is None else by for s, by in ((a.h0, d.h0), (a.c0, d.c0))]


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


# What both operators take: Operands and Layers, field by field.
_CALL = (
    "Tensor x, Tensor[] weights, Tensor? h0, Tensor? c0, Tensor? m_h, Tensor? reset, "
    "Tensor? batch_sizes, str cell, int num_layers, bool bidirectional, bool time_major"
)


def _call_of(inputs: Sequence[Any]) -> tuple[Operands, Layers]:
    """Return what the inputs of an operator are, from x on."""
    operands = len(Operands._fields)
    return Operands(*inputs[:operands]), Layers(*inputs[operands : operands + len(Layers._fields)])


@torch.library.custom_op(
    "gatedcore::layers",
    mutates_args=(),
    schema=f"({_CALL}, bool save) -> (Tensor, Tensor, Tensor, Tensor)",
)
def layers_op(*inputs: Any) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return output, h_n, c_n (of a GRU empty) and a handle for backward, empty if not ``save``."""
    a, layers = _call_of(inputs)
    results, saved = core_calls.forward(layers, a, save=inputs[-1])
    c_n = a.x.new_empty(0) if results.c_n is None else results.c_n
    handle = torch.empty(0, dtype=torch.uint8) if saved is None else handle_of(saved)
    return results.output, results.h_n, c_n, handle


@layers_op.register_fake
def _(*inputs: Any) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    a, layers = _call_of(inputs)
    x, width = a.x, a.weights[1].shape[1]
    output = x.new_empty((*x.shape[:-1], layers.directions * width))
    if a.batch_sizes is None:
        B = x.shape[1 if layers.time_major else 0]
    elif a.h0 is not None:
        B = a.h0.shape[1]
    else:  # in the first batch size, which nobody knows before the call
        B = torch.library.get_ctx().new_dynamic_size()
    h_n = x.new_empty((layers.num_layers * layers.directions, B, width))
    units = a.weights[0].shape[0] // 4  # more than the width with a projection
    c_n = x.new_empty((*h_n.shape[:-1], units) if layers.cell == "lstm" else 0)
    return output, h_n, c_n, x.new_empty(1 if inputs[-1] else 0, dtype=torch.uint8)


@torch.library.custom_op(
    "gatedcore::layers_backward",
    mutates_args=(),
    schema=(
        "(Tensor d_output, Tensor d_h_n, Tensor d_c_n, Tensor handle, Tensor output, "
        f"{_CALL}) -> Tensor[]"
    ),
)
def layers_backward_op(*inputs: Any) -> list[torch.Tensor]:
    """Return the gradients by x, h0, c0 (of a GRU empty) and weights.

    ``output`` is not read: it keeps a compiler from writing to what the handle refers to.
    """
    d, handle = inputs[:3], inputs[3]
    a, layers = _call_of(inputs[5:])
    found = _gradients(layers, a, handle, d, True)
    assert found.x is not None
    d_c0 = a.x.new_empty(0) if found.c0 is None else found.c0
    return [found.x, found.h0, d_c0, *found.weights]


@layers_backward_op.register_fake
def _(*inputs: Any) -> list[torch.Tensor]:
    _, d_h_n, d_c_n = inputs[:3]
    a, _ = _call_of(inputs[5:])
    return [t.new_empty(t.shape) for t in (a.x, d_h_n, d_c_n, *a.weights)]


def _setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[torch.Tensor, ...]) -> None:
    a, ctx.layers = _call_of(inputs)
    results, _, _, handle = output
    # Only a compiler writes to a result unseen; eager changes are counted, and then cost a call.
    guarded = a.x.new_empty(0) if type(results) is torch.Tensor else results
    ctx.save_for_backward(handle, guarded, *_flat(a))
    ctx.mark_non_differentiable(handle)


def _backward(ctx: Any, *d: torch.Tensor) -> tuple[Any, ...]:
    handle, guarded, *tensors = ctx.saved_tensors
    a = _operands(tensors)
    if torch.is_grad_enabled() and type(a.x) is torch.Tensor:
        d_x, d_h0, d_c0, *d_weights = unrolled.gradients(ctx.layers, a, d[:3])
    else:
        found = layers_backward_op(*d[:3], handle, guarded, *a, *ctx.layers)
        d_x, d_weights = found[0], found[3:]
        d_h0, d_c0 = _of_given(a, core_calls.Gradients(d_x, d_weights, *found[1:3]))
    return d_x, d_weights, d_h0, d_c0, *[None] * 8


layers_op.register_autograd(_backward, setup_context=_setup_context)

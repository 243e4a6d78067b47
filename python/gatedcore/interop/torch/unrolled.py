"""The same layers step by step in PyTorch's own operations, which can be differentiated again.

It serves gradients that are to have gradients themselves (``create_graph=True``), many gradients at
once (``is_grads_batched=True``), at the speed of a Python loop, and tests. Equations and letters
are those of docs/math.md.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch

from gatedcore.interop.torch.core_calls import Layers, Operands, Results
from gatedcore.interop.torch.packing import PackedSteps
from gatedcore.interop.torch.weight_layout import TorchParameters


def forward(layers: Layers, a: Operands) -> Results:
    """Run layers over a sequence, as ``core_calls.forward``."""
    x, mask, rows = a.x, None, None
    if a.batch_sizes is not None:
        packed = PackedSteps(a.batch_sizes, len(x))
        mask, rows = torch.from_numpy(packed.mask), torch.from_numpy(packed.rows)
        spread = x.new_zeros(mask.numel(), x.shape[1]).index_copy(0, rows, x)
        x = spread.reshape(*mask.shape, -1)
    elif not layers.time_major:
        x = x.transpose(0, 1)
    resets = _resets(layers, a, mask, rows)
    last: list[tuple[torch.Tensor, ...]] = []
    for i in range(layers.num_layers):
        outputs = []
        for k in range(layers.directions):
            output, states = _direction(layers, a, i * layers.directions + k, x, (mask, resets[k]))
            outputs.append(output)
            last.append(states)
        x = torch.cat(outputs, dim=-1)
    if rows is not None:
        x = x.reshape(-1, x.shape[-1])[rows]
    elif not layers.time_major:
        x = x.transpose(0, 1)
    h_n, *c_n = (torch.stack(states) for states in zip(*last, strict=True))
    return Results(x, h_n, c_n[0] if c_n else None)


def is_needed(d: Sequence[torch.Tensor | None]) -> bool:
    """Return whether a backward pass from ``d`` is one that only PyTorch's operations can take."""
    batched = torch._C._functorch.is_legacy_batchedtensor  # what is_grads_batched=True passes
    return torch.is_grad_enabled() or any(g is not None and batched(g) for g in d)


def gradients(
    layers: Layers, a: Operands, d: tuple[torch.Tensor | None, ...]
) -> tuple[torch.Tensor | None, ...]:
    """Return the gradients by x, h0, c0 and each weight, which have gradients themselves."""

    def run(x: torch.Tensor, h0: Any, c0: Any, *weights: torch.Tensor) -> Results:
        return forward(layers, a._replace(x=x, h0=h0, c0=c0, weights=list(weights)))

    return differentiated(run, (a.x, a.h0, a.c0, *a.weights), d)


def differentiated(
    run: Callable[..., Sequence[torch.Tensor | None]],
    operands: Sequence[torch.Tensor | None],
    d: Sequence[torch.Tensor | None],
) -> tuple[torch.Tensor | None, ...]:
    """Return gradients by the operands of what ``run`` makes of them, from ``d`` by its results.

    They have gradients themselves; those that nobody wants are None.
    """
    with torch.enable_grad():
        # Views, as one operand may come from another, by a call before this one: what passes
        # between them is not this call's to pass on.
        own = [None if t is None else t.view_as(t) for t in operands]
        results = [r for r in run(*own) if r is not None]
        arriving = [(r, g) for r, g in zip(results, d, strict=False) if g is not None]
        wanted = [t for t in own if t is not None and t.requires_grad]
        outputs, gradients = zip(*arriving, strict=True)
        found = iter(
            torch.autograd.grad(outputs, wanted, gradients, create_graph=True, allow_unused=True)
        )
    return tuple(None if t is None or not t.requires_grad else next(found) for t in operands)


def _direction(
    layers: Layers,
    a: Operands,
    index: int,
    x: torch.Tensor,
    steps: tuple[torch.Tensor | None, torch.Tensor | None],
) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
    """Return h of every step of x (T, B, I), in its order, and the last states.

    ``steps`` are those that count and those before which the states begin anew, (T, B) each.
    """
    mask, reset = steps
    backwards = index % layers.directions == 1
    w_x, w_h, b_x, b_h, w_r = TorchParameters.of(a.of_direction(index, layers))
    sizes = (w_h.shape[1], w_x.shape[0] // 4) if layers.cell == "lstm" else (w_h.shape[1],)
    states = [
        x.new_zeros(x.shape[1], size) if s is None else s[index]
        for s, size in zip((a.h0, a.c0), sizes, strict=False)
    ]
    outputs = []
    for t in reversed(range(len(x))) if backwards else range(len(x)):
        if reset is not None:
            states = [s.masked_fill(reset[t][:, None], 0.0) for s in states]
        h_dropped = states[0] if a.m_h is None else states[0] * a.m_h[index]
        a_x = torch.nn.functional.linear(x[t], w_x, b_x)
        a_h = torch.nn.functional.linear(h_dropped, w_h, b_h)
        step = _lstm(a_x, a_h, states[1]) if layers.cell == "lstm" else _gru(a_x, a_h, states[0])
        if w_r is not None:
            step[0] = torch.nn.functional.linear(step[0], w_r)
        if mask is not None:
            step = [
                torch.where(mask[t][:, None], new, old)
                for new, old in zip(step, states, strict=True)
            ]
        states = step
        outputs.append(states[0])
    return torch.stack(outputs[::-1] if backwards else outputs), tuple(states)


def _resets(
    layers: Layers, a: Operands, mask: torch.Tensor | None, rows: torch.Tensor | None
) -> list[torch.Tensor | None]:
    """Return the steps (T, B) before which each direction's states begin anew."""
    if a.reset is None:
        return [None] * layers.directions
    if mask is not None and rows is not None:
        reset = torch.zeros_like(mask).flatten().index_copy(0, rows, a.reset).reshape(mask.shape)
    else:
        reset = a.reset if layers.time_major else a.reset.t()
    if layers.directions == 1:
        return [reset]
    return [reset, torch.cat([reset[1:], torch.zeros_like(reset[:1])])]  # the same cuts


def _lstm(a_x: torch.Tensor, a_h: torch.Tensor, c_prev: torch.Tensor) -> list[torch.Tensor]:
    i, f, g, o = (a_x + a_h).chunk(4, dim=1)
    c = f.sigmoid() * c_prev + i.sigmoid() * g.tanh()
    return [o.sigmoid() * c.tanh(), c]


def _gru(a_x: torch.Tensor, a_h: torch.Tensor, h_prev: torch.Tensor) -> list[torch.Tensor]:
    (r_x, z_x, n_x), (r_h, z_h, n_h) = (m.chunk(3, dim=1) for m in (a_x, a_h))
    z = (z_x + z_h).sigmoid()
    n = (n_x + (r_x + r_h).sigmoid() * n_h).tanh()
    return [z * h_prev + (1 - z) * n]

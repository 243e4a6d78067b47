"""One step of a cell: the core's call, the autograd function over it, and the operator.

Weights stay as PyTorch has them: a step of few rows is dot products with the weights where they
are, one of many rows takes PyTorch's products and the core's gates.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch

from gatedcore import _core
from gatedcore.interop.torch.sharing import array_of, rows_of, rows_of_given
from gatedcore.interop.torch.unrolled import differentiated, is_needed
from gatedcore.interop.torch.weight_layout import BLOCKS

# Up to so many rows, or so many multiplications, dot products beat a product of matrices that has
# to pack them: 36 against 45 us at B 8 I 64 H 128, 56 against 43 at B 32 I 64 H 64 (LSTM, one core
# of an Intel Xeon with AVX-512).
_FEW_ROWS = 4
_FEW_PRODUCTS = 800_000


class Step(NamedTuple):
    """The tensors of a step."""

    x: torch.Tensor  # (B, I)
    h: torch.Tensor | None  # (B, H); zeros unless given
    c: torch.Tensor | None
    w_x: torch.Tensor  # weight_ih (G*H, I), weight_hh (G*H, H)
    w_h: torch.Tensor
    b_x: torch.Tensor | None
    b_h: torch.Tensor | None


class WeightArrays:
    """The weights of a cell as arrays over their memory, made anew only where that moves."""

    __slots__ = ("_arrays", "_pointers")

    def __init__(self) -> None:
        self._pointers: list[int] = []
        self._arrays: Any = ()

    def of(self, weights: Sequence[torch.Tensor | None]) -> tuple[Any, Any, Any, Any]:
        """Return the arrays, which follow whatever is written to the weights."""
        pointers = [-1 if w is None else w.data_ptr() if w.is_contiguous() else 0 for w in weights]
        if pointers != self._pointers or 0 in pointers:
            self._arrays = tuple(rows_of_given(w) for w in weights)
            self._pointers = pointers
        arrays: tuple[Any, Any, Any, Any] = self._arrays
        return arrays


class StepResults(NamedTuple):
    """What a step gives; ``c`` and ``gates`` None where there are none."""

    h: torch.Tensor
    c: torch.Tensor | None
    gates: torch.Tensor | None


def run_step(
    cell: str, step: Step, known: WeightArrays
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Return h and c after a step, with gradients where they are wanted."""
    save = torch.is_grad_enabled() and any(t is not None and t.requires_grad for t in step)
    if torch.compiler.is_compiling() or type(step.x) not in (torch.Tensor, torch.nn.Parameter):
        h, c, _ = cell_op(*step, cell, save)
        return h, c.clone() if cell == "lstm" else None  # the saved c may not be written to
    if save:
        h, c, _ = _StepFunction.apply(cell, known, *step)
        return h, c
    found = forward(cell, step, known, save=False)
    return found.h, found.c


def forward(cell: str, step: Step, known: WeightArrays, *, save: bool) -> StepResults:
    """Run a step, and return its gates if ``save``."""
    x, h, c, w_x, w_h, b_x, b_h = step
    B = x.shape[0]
    blocks, h_prev, c_prev = BLOCKS[cell], rows_of_given(h), rows_of_given(c)
    if B <= _FEW_ROWS or B * (w_x.numel() + w_h.numel()) <= _FEW_PRODUCTS:
        weights = known.of((w_x, w_h, b_x, b_h))
        try:
            _core.limit_this_thread(torch.get_num_threads())
            found = _core.row_step_forward(blocks, rows_of(x), h_prev, c_prev, *weights, save)
        finally:
            _core.limit_this_thread(0)
    else:
        h = x.new_zeros(B, w_h.shape[1]) if h is None else h
        # Nothing records these: whoever wants gradients calls from within a function or operator.
        a_x = torch.nn.functional.linear(x, w_x, b_x)
        a_h = torch.nn.functional.linear(h, w_h, b_h)
        found = _core.row_step_gates(blocks, array_of(a_x), array_of(a_h), h_prev, c_prev, save)
    h_new, c_new, gates = found
    return StepResults(
        torch.from_numpy(h_new),
        None if c_new is None else torch.from_numpy(c_new),
        None if gates is None else torch.from_numpy(gates),
    )


def backward(
    cell: str,
    step: Step,
    c: torch.Tensor | None,
    gates: torch.Tensor,
    d_h: torch.Tensor | None,
    d_c: torch.Tensor | None,
    wanted: tuple[bool, ...],
) -> list[torch.Tensor | None]:
    """Return the gradients by the tensors of a step that are wanted."""
    d_a_x, d_a_h, d_prev = gates_backward(cell, gates, step.h, step.c, c, d_h, d_c)
    return _products_backward(cell, step, d_a_x, d_a_h, d_prev, wanted)


def gates_backward(
    cell: str,
    gates: torch.Tensor,
    h_prev: torch.Tensor | None,
    c_prev: torch.Tensor | None,
    c: torch.Tensor | None,
    d_h: torch.Tensor | None,
    d_c: torch.Tensor | None,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the gradients by the gates' two halves, and by the state that passes no weights."""
    others = (rows_of_given(t) for t in (h_prev, c_prev, c, d_h, d_c))
    found = _core.row_step_backward(BLOCKS[cell], array_of(gates), *others)
    d_a_x = torch.from_numpy(found[0])
    d_a_h = d_a_x if cell == "lstm" else torch.from_numpy(found[1])
    return d_a_x, d_a_h, torch.from_numpy(found[2])


def _products_backward(
    cell: str,
    step: Step,
    d_a_x: torch.Tensor,
    d_a_h: torch.Tensor,
    d_prev: torch.Tensor,
    wanted: tuple[bool, ...],
) -> list[torch.Tensor | None]:
    d_h = None
    if wanted[1]:
        d_h = d_a_h @ step.w_h if cell == "lstm" else torch.addmm(d_prev, d_a_h, step.w_h)
    h = step.h
    d_w_h = None
    if wanted[4]:
        d_w_h = torch.zeros_like(step.w_h) if h is None else d_a_h.t() @ h
    return [
        d_a_x @ step.w_x if wanted[0] else None,
        d_h,
        d_prev if wanted[2] else None,
        d_a_x.t() @ step.x if wanted[3] else None,
        d_w_h,
        d_a_x.sum(0) if wanted[5] else None,
        d_a_h.sum(0) if wanted[6] else None,
    ]


def _differentiable(cell: str, step: Step) -> tuple[torch.Tensor, ...]:
    """Return h, and c of an LSTM, from PyTorch's own operators."""
    x, h, c, w_x, w_h, b_x, b_h = step
    zeros = x.new_zeros(x.shape[0], w_h.shape[1])
    h = zeros if h is None else h
    if cell == "lstm":
        return torch.lstm_cell(x, (h, zeros if c is None else c), w_x, w_h, b_x, b_h)
    return (torch.gru_cell(x, h, w_x, w_h, b_x, b_h),)


def _second_order(
    cell: str, step: Step, d: tuple[torch.Tensor | None, ...]
) -> tuple[torch.Tensor | None, ...]:
    """Return gradients that have gradients themselves."""
    return differentiated(lambda *own: _differentiable(cell, Step(*own)), step, d)


class _StepFunction(torch.autograd.Function):
    """A step of plain tensors: a tenth of what an operator written in Python costs."""

    @staticmethod
    def forward(
        ctx: Any, cell: str, known: WeightArrays, *tensors: torch.Tensor | None
    ) -> tuple[Any, ...]:
        results = forward(cell, Step(*tensors), known, save=True)
        ctx.cell = cell
        # Not among the saved tensors, as those may not be written to: torch.nn's c may.
        ctx.c = None if results.c is None else results.c.detach()
        ctx.version = 0 if ctx.c is None else ctx.c._version
        ctx.save_for_backward(*tensors, results.gates)
        ctx.mark_non_differentiable(results.gates)
        ctx.set_materialize_grads(False)
        return results

    @staticmethod
    def backward(ctx: Any, *d: torch.Tensor | None) -> tuple[Any, ...]:
        *tensors, gates = ctx.saved_tensors
        step, c = Step(*tensors), ctx.c
        if is_needed(d):
            return None, None, *_second_order(ctx.cell, step, d[:2])
        if c is not None and c._version != ctx.version:  # written to since
            c = forward(ctx.cell, step, WeightArrays(), save=False).c
        wanted = ctx.needs_input_grad[2:]
        return None, None, *backward(ctx.cell, step, c, gates, d[0], d[1], wanted)


@torch.library.custom_op(
    "gatedcore::cell",
    mutates_args=(),
    schema=(
        "(Tensor x, Tensor? h, Tensor? c, Tensor w_x, Tensor w_h, Tensor? b_x, Tensor? b_h, "
        "str cell, bool save) -> (Tensor, Tensor, Tensor)"
    ),
)
def cell_op(*inputs: Any) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return h, c (of a GRU empty) and, if ``save``, the gates, which are empty if not."""
    *tensors, cell, save = inputs
    found = forward(cell, Step(*tensors), WeightArrays(), save=save)
    c, gates = (found.h.new_empty(0) if t is None else t for t in found[1:])
    return found.h, c, gates


@cell_op.register_fake
def _(*inputs: Any) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    *tensors, cell, save = inputs
    step = Step(*tensors)
    B, H = step.x.shape[0], step.w_h.shape[1]
    c = step.x.new_empty((B, H) if cell == "lstm" else 0)
    return step.x.new_empty((B, H)), c, step.x.new_empty((B, 4 * H) if save else 0)


@torch.library.custom_op(
    "gatedcore::cell_backward",
    mutates_args=(),
    schema=(
        "(Tensor gates, Tensor? h_prev, Tensor? c_prev, Tensor c, Tensor d_h, Tensor d_c, "
        "str cell) -> (Tensor, Tensor, Tensor)"
    ),
)
def gates_backward_op(*inputs: Any) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return what ``gates_backward`` does, with memory of its own for each."""
    gates, h_prev, c_prev, c, d_h, d_c, cell = inputs
    new_c, by_c = (c, d_c) if cell == "lstm" else (None, None)
    d_a_x, d_a_h, d_prev = gates_backward(cell, gates, h_prev, c_prev, new_c, d_h, by_c)
    return d_a_x, d_a_h.clone() if cell == "lstm" else d_a_h, d_prev


@gates_backward_op.register_fake
def _(*inputs: Any) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    gates, *_, d_h, _, cell = inputs
    B, H = d_h.shape
    columns = (4 if cell == "lstm" else 3) * H
    return gates.new_empty((B, columns)), gates.new_empty((B, columns)), gates.new_empty((B, H))


def _setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[torch.Tensor, ...]) -> None:
    *tensors, cell, _ = inputs
    _, c, gates = output
    ctx.cell = cell
    ctx.save_for_backward(*tensors, c, gates)
    ctx.mark_non_differentiable(gates)


def _backward(ctx: Any, *d: torch.Tensor) -> tuple[Any, ...]:
    *tensors, c, gates = ctx.saved_tensors
    step = Step(*tensors)
    if torch.is_grad_enabled() and type(step.x) is torch.Tensor:
        return *_second_order(ctx.cell, step, d[:2]), None, None
    halves = gates_backward_op(gates, step.h, step.c, c, d[0], d[1], ctx.cell)
    d_a_x, d_a_h, d_prev = halves
    wanted = ctx.needs_input_grad[:7]
    return *_products_backward(ctx.cell, step, d_a_x, d_a_h, d_prev, wanted), None, None


cell_op.register_autograd(_backward, setup_context=_setup_context)

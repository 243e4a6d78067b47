"""``nn.LSTM`` and ``nn.GRU`` on gatedcore's kernels."""

from typing import Any

import torch
from torch.nn.utils.rnn import PackedSequence

from gatedcore.interop.torch.core_calls import Layers, Operands, Results
from gatedcore.interop.torch.falling_back import reason_to_fall_back, warn_once
from gatedcore.interop.torch.layer_ops import run_layers

Tensors = tuple[torch.Tensor, ...]


class _SequenceModule:
    """The forward pass of both; parameters, checks and their messages are those of torch.nn."""

    _cell: str

    def forward(self: Any, input: Any, hx: Any = None) -> Any:  # noqa: A002  # torch's name
        """Return the outputs and the last states, as the module of torch.nn does."""
        weights = [getattr(self, name) for name in self._flat_weights_names]
        packed = input if isinstance(input, PackedSequence) else None
        x = input if packed is None else packed.data
        states = _states(hx)
        reason = reason_to_fall_back((x, *states, *weights))
        reason = reason or self._reason_by_shape(x, states, packed)
        if reason is not None:
            result = super().forward(input, hx)  # type: ignore[misc]  # that of torch.nn
            warn_once(type(self).__name__, reason)
            return result
        if packed is not None:
            return self._run_packed(packed, states, weights)
        batch_axis = 0 if self.batch_first else 1
        if x.dim() == 3:
            results = self._run(x, states, weights)
            return results.output, _as_hx(results)
        results = self._run(x.unsqueeze(batch_axis), tuple(s.unsqueeze(1) for s in states), weights)
        last = _as_hx(results, lambda s: s.squeeze(1))
        return results.output.squeeze(batch_axis), last

    def _reason_by_shape(self: Any, x: torch.Tensor, states: Tensors, packed: Any) -> str | None:
        """Return what PyTorch has to say of a call by its sizes, which may be an error."""
        if self.proj_size > 0:
            return "proj_size is not 0"
        if x.dim() not in ((2,) if packed is not None else (2, 3)):
            return "its input has an unusual shape"
        if packed is None and x.shape[1 if self.batch_first and x.dim() == 3 else 0] == 0:
            return "it has no steps"
        expected = {3} if packed is not None or x.dim() == 3 else {2}
        if not {s.dim() for s in states} <= expected:
            return "its tensors have unusual shapes"
        if len(states) not in (0, 2 if self._cell == "lstm" else 1):
            return "its states are of an unusual number"
        return None

    def _run(
        self: Any,
        x: torch.Tensor,
        states: Tensors,
        weights: list[torch.Tensor],
        batch_sizes: torch.Tensor | None = None,
    ) -> Results:
        """Check the sizes and run all layers."""
        if states:
            self.check_forward_args(x, states if self._cell == "lstm" else states[0], batch_sizes)
        else:
            self.check_input(x, batch_sizes)
        h0, c0 = (*states, None, None)[:2]
        a = Operands(x, weights, h0, c0, batch_sizes=batch_sizes)
        layers = Layers(self._cell, self.num_layers, self.bidirectional, not self.batch_first)
        if self.training and self.dropout > 0.0 and self.num_layers > 1:
            return self._run_with_dropout(layers, a)
        return run_layers(layers, a)

    def _run_with_dropout(self: Any, layers: Layers, a: Operands) -> Results:
        """Run layer by layer, with PyTorch's dropout in between."""
        found: list[Results] = []
        for i in range(self.num_layers):
            own = a.of_layer(i, layers)
            if i > 0:
                x = torch.nn.functional.dropout(found[-1].output, self.dropout, training=True)
                own = own._replace(x=x)
            found.append(run_layers(layers._replace(num_layers=1), own))
        c_n = torch.cat([r.c_n for r in found]) if self._cell == "lstm" else None
        return Results(found[-1].output, torch.cat([r.h_n for r in found]), c_n)

    def _run_packed(
        self: Any, packed: PackedSequence, states: Tensors, weights: list[torch.Tensor]
    ) -> Any:
        order, back = packed.sorted_indices, packed.unsorted_indices
        states = tuple(_permuted(s, order) for s in states)
        results = self._run(packed.data, states, weights, packed.batch_sizes)
        output = PackedSequence(results.output, packed.batch_sizes, order, back)
        return output, _as_hx(results, lambda s: _permuted(s, back))


class LSTM(_SequenceModule, torch.nn.LSTM):
    """``torch.nn.LSTM`` on gatedcore's kernels: its arguments, parameters, state_dict and results.

    Calls that the kernels do not serve (other devices and dtypes than float32 and float64 on the
    CPU, autocast, transforms of ``torch.func``, ``proj_size``) go to PyTorch's own, with one
    warning for each reason.
    """

    _cell = "lstm"


class GRU(_SequenceModule, torch.nn.GRU):
    """``torch.nn.GRU`` on gatedcore's kernels: its arguments, parameters, state_dict and results.

    What is said of ``LSTM`` holds here too.
    """

    _cell = "gru"


def _states(hx: Any) -> tuple[Any, ...]:
    if hx is None:
        return ()
    return (hx,) if isinstance(hx, torch.Tensor) else tuple(hx)


def _as_hx(results: Results, change: Any = None) -> Any:
    states = [s if change is None else change(s) for s in results[1:] if s is not None]
    return states[0] if len(states) == 1 else tuple(states)


def _permuted(states: torch.Tensor, order: torch.Tensor | None) -> torch.Tensor:
    return states if order is None else states.index_select(1, order)

"""The operators LSTM, GRU and RNN: with the fused kernels where they can, else step by step."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gatedcore.interop.gate_order import (
    GATES,
    ONNX_PEEPHOLE_ORDER,
    KerasWeights,
    inverse_order,
    onnx_to_keras,
)
from gatedcore.interop.onnx.cell_functions import cell_functions
from gatedcore.interop.onnx.elementwise import check_same_dtype
from gatedcore.interop.onnx.node import Constants, Node, Run
from gatedcore.interop.onnx.operators import prepared
from gatedcore.interop.onnx.plain_cells import States
from gatedcore.interop.onnx.recurrent_runs import Job, Manner
from gatedcore.interop.onnx.tensors import Tensor

_CELLS = {"LSTM": "lstm", "GRU": "gru", "RNN": "simple_rnn"}
_DEFAULTS = {
    "lstm": ("Sigmoid", "Tanh", "Tanh"),
    "gru": ("Sigmoid", "Tanh"),
    "simple_rnn": ("Tanh",),
}
_DIRECTIONS = {"forward": (False,), "reverse": (True,), "bidirectional": (False, True)}


@dataclass(frozen=True)
class Cell:
    """What the attributes of a node say, and its weights if they are known before it runs."""

    node: Node
    kind: str
    manner: Manner
    weights: list[KerasWeights] | None = None
    peepholes: list[Tensor | None] | None = None

    def __call__(
        self,
        x: Tensor,
        w: Tensor,
        r: Tensor,
        b: Tensor | None = None,
        sequence_lens: Tensor | None = None,
        initial_h: Tensor | None = None,
        initial_c: Tensor | None = None,
        p: Tensor | None = None,
    ) -> tuple[Tensor, ...]:
        """Return Y, Y_h and, of an LSTM, Y_c."""
        dtype = x.dtype
        if x.ndim != 3 or dtype.kind != "f":
            raise self.node.error(
                f"X has shape {x.shape} and dtype {dtype}, expected (T, B, I) or with layout=1 "
                "(B, T, I) of floating numbers"
            )
        given = [one for one in (x, w, r, b, initial_h, initial_c, p) if one is not None]
        check_same_dtype(self.node, *given)
        wide = computed_in(dtype)
        weights = self.weights or self.weights_of(w, r, b)
        peepholes = self.peepholes or self.peepholes_of(p, weights)
        if x.shape[2] != weights[0].kernel.shape[0]:
            raise self.node.error(
                f"X has shape {x.shape}, expected {weights[0].kernel.shape[0]} features, as W has"
            )
        units = weights[0].recurrent_kernel.shape[0]
        batch, steps = x.shape[:2] if not self.manner.time_major else x.shape[1::-1]
        self.node.check_size((steps, batch, len(weights), GATES[self.kind] * units), wide)
        counts = self.counts_of(sequence_lens, batch, steps)
        states = self.states_of([initial_h, initial_c], batch, units, wide)
        x = x.astype(wide, copy=False)
        h, last = Job(self.kind, self.manner, x, weights, states, counts, peepholes).run()
        return self.as_outputs(h, last, sequence_lens, dtype)

    # What comes in.

    def weights_of(self, w: Tensor, r: Tensor, b: Tensor | None) -> list[KerasWeights]:
        """Return the weights of each direction; raise if their shapes disagree."""
        count, rows = len(self.manner.backwards), GATES[self.kind]
        units = r.shape[2] if r.ndim == 3 else 0
        asked = self.node.attributes.get("hidden_size", units)
        fits = (
            w.ndim == r.ndim == 3
            and w.shape[:2] == r.shape[:2] == (count, rows * units)
            and 0 not in (*w.shape, units)
            and asked == units
            and (b is None or b.shape == (count, 2 * rows * units))
        )
        if not fits:
            raise self.node.error(
                f"W, R and B have shapes {w.shape}, {r.shape} and {None if b is None else b.shape} "
                f"with hidden_size={asked}, expected ({count}, {rows}*H, I), ({count}, {rows}*H, "
                f"H) and ({count}, {2 * rows}*H) with H at least 1"
            )
        wide = computed_in(w.dtype)
        return [
            onnx_to_keras(
                self.kind,
                w[k].astype(wide, copy=False),
                r[k].astype(wide, copy=False),
                None if b is None else b[k].astype(wide, copy=False),
                linear_before_reset=self.manner.reset_after,
            )
            for k in range(count)
        ]

    def peepholes_of(self, p: Tensor | None, weights: list[KerasWeights]) -> list[Tensor | None]:
        """Return the peepholes (3, H) of each direction, in the order i f o."""
        if p is None:
            return [None] * len(weights)
        units = weights[0].recurrent_kernel.shape[0]
        if p.shape != (len(weights), 3 * units):
            raise self.node.error(
                f"P has shape {p.shape}, expected ({len(weights)}, 3*H) with H={units}"
            )
        order = list(inverse_order(ONNX_PEEPHOLE_ORDER))
        wide = computed_in(p.dtype)
        return [np.ascontiguousarray(one.reshape(3, units)[order], wide) for one in p]

    def counts_of(self, lengths: Tensor | None, batch: int, steps: int) -> Tensor | None:
        """Return where steps count, (T, B), or None if all do."""
        if lengths is None:
            return None
        if (
            lengths.shape != (batch,)
            or lengths.dtype.kind not in "iu"
            or np.any(lengths < 0)
            or np.any(lengths > steps)
        ):
            raise self.node.error(
                f"sequence_lens has shape {lengths.shape} and dtype {lengths.dtype}, expected "
                f"({batch},) of integers from 0 to {steps}"
            )
        counts: Tensor = np.arange(steps)[:, None] < lengths
        return None if counts.all() else counts

    def states_of(
        self, given: Sequence[Tensor | None], batch: int, units: int, dtype: np.dtype[Any]
    ) -> list[States]:
        """Return the first states of each direction."""
        count = len(self.manner.backwards)
        names = ("initial_h", "initial_c")[: 2 if self.kind == "lstm" else 1]
        states: list[list[Tensor]] = [[] for _ in range(count)]
        for name, state in zip(names, given, strict=False):
            if state is None:
                full = np.zeros((count, batch, units), dtype)
            else:
                full = (
                    state
                    if self.manner.time_major
                    else state.swapaxes(0, 1)
                    if state.ndim == 3
                    else state
                )
                if full.shape != (count, batch, units):
                    expected = (
                        (count, batch, units) if self.manner.time_major else (batch, count, units)
                    )
                    raise self.node.error(f"{name} has shape {state.shape}, expected {expected}")
            for k in range(count):
                states[k].append(np.ascontiguousarray(full[k], dtype))
        return [tuple(one) for one in states]

    # What goes out.

    def as_outputs(
        self, h: Tensor, last: list[States], lengths: Tensor | None, dtype: np.dtype[Any]
    ) -> tuple[Tensor, ...]:
        """Return results in the layout of the node."""
        y = h.swapaxes(1, 2) if self.manner.time_major else h
        axis = 0 if self.manner.time_major else 1
        results = [y, *(np.stack(of_one, axis) for of_one in zip(*last, strict=True))]
        if lengths is not None and not lengths.all():
            # A row without a step has no last one; its state is zero, as in ONNX Runtime.
            rows = (lengths != 0).reshape((1, -1, 1) if self.manner.time_major else (-1, 1, 1))
            results[1:] = [np.where(rows, one, one.dtype.type(0)) for one in results[1:]]
        return tuple(one.astype(dtype, copy=False) for one in results)


@prepared("LSTM", "GRU", "RNN")
def _prepare(node: Node, constants: Constants) -> Run:
    attributes = node.attributes
    kind = _CELLS[node.operator]
    backwards = _DIRECTIONS.get(attributes["direction"])
    if backwards is None:
        raise node.error(
            f"direction is {attributes['direction']!r}, expected one of {', '.join(_DIRECTIONS)}"
        )
    for name in ("layout", "input_forget", "linear_before_reset"):
        if attributes.get(name, 0) not in (0, 1):
            raise node.error(f"{name} is {attributes[name]}, expected 0 or 1")
    clip = attributes.get("clip")
    if clip is not None and not clip > 0:
        raise node.error(f"clip is {clip}, expected a number above 0")
    manner = Manner(
        backwards,
        cell_functions(node, _DEFAULTS[kind], len(backwards)),
        not attributes.get("layout", 0),
        clip,
        bool(attributes.get("input_forget", 0)),
        bool(attributes.get("linear_before_reset", 0)),
    )
    cell = Cell(node, kind, manner)
    return _with_weights(cell, [*constants, *[None] * (8 - len(constants))])


def _with_weights(cell: Cell, inputs: list[Tensor | None]) -> Cell:
    """Return the cell, with its weights made ready once for all runs if they are known."""
    w, r, b, p = (inputs[place] for place in (1, 2, 3, 7))
    if w is None or r is None or (b is None and _name(cell.node, 3)):
        return cell
    weights = cell.weights_of(w, r, b)
    known = p is not None or not _name(cell.node, 7)
    return replace(
        cell, weights=weights, peepholes=cell.peepholes_of(p, weights) if known else None
    )


def _name(node: Node, place: int) -> str:
    return node.inputs[place] if place < len(node.inputs) else ""


def computed_in(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the dtype that a cell computes in: of half precision the next wider one."""
    return np.dtype(np.float32) if dtype == np.float16 else dtype

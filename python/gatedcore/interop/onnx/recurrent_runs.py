"""How LSTM, GRU and RNN run: on the kernels where these have all that is asked for, or plainly."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from gatedcore import ops
from gatedcore.interop.gate_order import KerasWeights
from gatedcore.interop.onnx.cell_functions import CellFunction
from gatedcore.interop.onnx.plain_cells import PlainOptions, States, run_plain
from gatedcore.interop.onnx.tensors import Tensor

Ran = tuple[Tensor, list[States]]  # outputs (T, B, D, H) or (B, T, D, H), last states by direction


class Manner(NamedTuple):
    """What the attributes of a node ask for.

    Attributes
    ----------
    backwards : tuple of bool
        Of each direction whether the last step comes first.
    functions : list
        The activations of each direction.
    time_major : bool
        Whether time is the first axis, else the second.
    clip : float or None
        Bound of what goes into gates and candidate.
    coupled : bool
        Whether an LSTM's forget gate is 1 - i.
    reset_after : bool
        Whether a GRU's reset gate acts after the product.
    """

    backwards: tuple[bool, ...]
    functions: list[list[CellFunction]]
    time_major: bool
    clip: float | None
    coupled: bool
    reset_after: bool


class Job(NamedTuple):
    """One run of a node.

    Attributes
    ----------
    kind : {"lstm", "gru", "simple_rnn"}
        Which cell.
    manner : Manner
        How.
    x : ndarray, (T, B, I) or (B, T, I)
        Input.
    weights, states, peepholes : list
        Of each direction.
    counts : ndarray of bool, (T, B), or None
        Where steps count, those at the beginning of each row.
    """

    kind: str
    manner: Manner
    x: Tensor
    weights: Sequence[KerasWeights]
    states: Sequence[States]
    counts: Tensor | None
    peepholes: Sequence[Tensor | None]

    def run(self) -> Ran:
        """Return outputs, zero where no step counts and aligned with the steps, and last states.

        The last states of a row of which no step counts are not said.
        """
        if not self.has_fused_functions():
            return self.run_plainly()
        manner = self.manner
        plain = (
            manner.clip is None and not manner.coupled and all(p is None for p in self.peepholes)
        )
        return self.run_stacked() if plain else self.run_alone()

    def has_fused_functions(self) -> bool:
        """Return whether the kernels have the cell with these activations."""
        return self.kind != "simple_rnn" and all(
            f.fused is not None and (not k or f.fused == of_one[1].fused)
            for of_one in self.manner.functions
            for k, f in enumerate(of_one)
        )

    @property
    def along(self) -> int:
        """The axis of time."""
        return 0 if self.manner.time_major else 1

    @property
    def mask(self) -> Tensor | None:
        """Where steps count, in the layout of the input."""
        counts = self.counts
        return counts if counts is None or self.manner.time_major else counts.T

    def run_stacked(self) -> Ran:
        """Run all directions in one call."""
        kind = ops.StackedLSTM if self.kind == "lstm" else ops.StackedGRU
        options = {} if self.kind == "lstm" else {"reset_after": self.manner.reset_after}
        each = zip(self.weights, self.states, self.manner.functions, strict=True)
        layer = [
            kind(*own, list(first), f[1].fused, f[0].fused, zero_output_for_mask=True, **options)
            for own, first, f in each
        ]
        x, mask = self.x, self.mask
        turned = self.manner.backwards == (True,)  # in a stack a lone direction runs forward
        if turned:
            x, mask = np.flip(x, self.along), None if mask is None else np.flip(mask, self.along)
        h, ((*last,),) = ops.stack(x, [layer], time_major=self.manner.time_major, mask=mask)
        if turned:
            h = np.flip(h, self.along)
        return h.reshape(*h.shape[:2], len(layer), h.shape[2] // len(layer)), last

    def run_alone(self) -> Ran:
        """Run each direction with what a stack has not: clip, peepholes, coupled gates."""
        outputs, last = [], []
        for k, backwards in enumerate(self.manner.backwards):
            functions = self.manner.functions[k]
            options: dict[str, Any] = {
                "activation": functions[1].fused,
                "recurrent_activation": functions[0].fused,
                "time_major": self.manner.time_major,
                "go_backwards": backwards,
                "mask": self.mask,
                "clip": self.manner.clip,
            }
            first = self.states[k]
            after: States
            if self.kind == "lstm":
                options |= {"peephole": self.peepholes[k], "input_forget": self.manner.coupled}
                h, c = ops.lstm(self.x, *self.weights[k], list(first), **options)
                after = (c,)
            else:
                options["reset_after"] = self.manner.reset_after
                h, after = ops.gru(self.x, *self.weights[k], first[0], **options), ()
            # A step that does not count repeats the output before it: the last is the state.
            steps = h if self.manner.time_major else h.swapaxes(0, 1)
            last.append((steps[-1] if len(steps) else first[0], *after))
            h = np.flip(h, self.along) if backwards else h
            mask = self.mask
            outputs.append(h if mask is None else np.where(mask[..., None], h, h.dtype.type(0)))
        return np.stack(outputs, axis=2), last

    def run_plainly(self) -> Ran:
        """Run each direction step by step."""
        manner = self.manner
        steps = self.x if manner.time_major else self.x.swapaxes(0, 1)
        along = None if self.counts is None else self.counts[..., None]
        outputs, last = [], []
        for k, backwards in enumerate(manner.backwards):
            options = PlainOptions(
                manner.functions[k],
                manner.clip,
                self.peepholes[k],
                manner.coupled,
                manner.reset_after,
            )
            turn = slice(None, None, -1 if backwards else 1)
            own = None if along is None else along[turn]
            h, after = run_plain(
                self.kind, steps[turn], self.weights[k], self.states[k], options, own
            )
            outputs.append(h[turn] if manner.time_major else h[turn].swapaxes(0, 1))
            last.append(after)
        return np.stack(outputs, axis=2), last

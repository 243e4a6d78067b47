"""Cells of a user's own over time: a loop over their ``call``, and back over their ``backward``."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gatedcore.arrays import Array, as_contiguous
from gatedcore.checks import check_count, check_shape
from gatedcore.layers.calling import Mask
from gatedcore.layers.recurrence import Manner, Recurrence, States, take_states


def step(self: Any, x: object, states: object, training: bool = False) -> Any:
    """Run one step of a cell; build it first if it is not.

    Parameters
    ----------
    x : array-like, (B, I)
        Input of the step.
    states : list of array-likes (B, size)
        States before the step.
    training : bool
        Handed to a ``call`` that takes it.

    Returns
    -------
    tuple
        What ``call`` returns: the output, and the states after the step.

    Raises
    ------
    TypeError, ValueError
        If an argument does not suit the cell.
    """
    array = self.take(x)
    loop = CellLoop(self)
    taken = take_states(
        self.name, loop.state_names, loop.state_sizes, states, len(array), self.dtype
    )
    self.build_for(array)
    given = {"training": training} if self._wants.training else {}
    return self.call(array, taken, **given)


def as_recurrence(cell: Any) -> Recurrence:
    """Return what runs a sequence of a cell: itself, or a loop over its steps."""
    return cell if hasattr(cell, "run_over") else CellLoop(cell)


class CellLoop:
    """A written cell as what runs whole sequences; a ``Recurrence``.

    Parameters
    ----------
    cell : Layer
        With ``state_size``, ``call(x, states)`` and, to be trained, ``backward``.
    """

    def __init__(self, cell: Any) -> None:
        self.cell = cell

    @property
    def state_sizes(self) -> tuple[int, ...]:
        """Size of each state.

        Raises
        ------
        TypeError, ValueError
            If the cell does not say it.
        """
        name, sizes = self.cell.name, getattr(self.cell, "state_size", None)
        given = sizes if isinstance(sizes, list | tuple) else [sizes]
        if sizes is None or not given:
            raise TypeError(
                f"{name}: a {type(self.cell).__name__} has no state_size, expected the size of the "
                "state or a list of sizes; set self.state_size in __init__"
            )
        return tuple(check_count(name, "state_size", size) for size in given)

    @property
    def state_names(self) -> tuple[str, ...]:
        """Names of the states, for errors."""
        return tuple(f"state_{index}" for index in range(len(self.state_sizes)))

    @property
    def output_size(self) -> int:
        """Size of the output of a step: by default that of the first state."""
        size = getattr(self.cell, "output_size", None)
        if size is None:
            return self.state_sizes[0]
        return check_count(self.cell.name, "output_size", size)

    def run_over(
        self, x: Array, states: States, manner: Manner, mask: Mask | None
    ) -> tuple[Array, list[Array], Any]:
        """Run all steps; see ``Recurrence``."""
        batch, length = x.shape[:2]
        order, counts = self._order(length, manner), self._counts(mask)
        given = {"training": manner.draw} if self.cell._wants.training else {}
        before = self._first(states, batch)
        zero = x.dtype.type(0)
        out, shown, kept = np.zeros((batch, self.output_size), x.dtype), [], []
        for t in order:
            x_t = np.ascontiguousarray(x[:, t])
            if counts is not None:
                x_t = np.where(counts[t], x_t, zero)  # whatever stands there, NaN too
            returned, of_step = self.cell.kept_call([x_t, before], given)
            new, after = self._checked(returned, batch)
            kept.append(of_step if manner.save else None)
            if counts is None:
                out, before = new, after
                shown.append(out)
                continue
            now = counts[t]
            out = np.where(now, new, out)
            before = [np.where(now, a, b) for a, b in zip(after, before, strict=True)]
            shown.append(np.where(now, new, zero) if manner.zero_output_for_mask else out)
        if not manner.return_sequences:
            y = out
        elif shown:
            y = np.stack(shown, axis=1)
        else:
            y = np.zeros((batch, 0, self.output_size), x.dtype)
        return y, before, (kept, counts, x.shape, x.dtype)

    def run_back(
        self, saved: Any, d_y: Array | None, d_states: States, manner: Manner, need_d_x: bool
    ) -> tuple[Array | None, list[Array]]:
        """Run all steps back; see ``Recurrence``."""
        kept, counts, shape, dtype = saved
        batch, length = shape[:2]
        zero, order = dtype.type(0), self._order(length, manner)
        d_before = [
            np.zeros((batch, size), dtype) if d is None else d
            for size, d in zip(self.state_sizes, d_states, strict=True)
        ]
        d_x = np.zeros(shape, dtype) if need_d_x else None
        nothing = np.zeros((batch, self.output_size), dtype)
        # What arrives at the last output so far, which a step that does not count passes on.
        d_out = nothing if d_y is None or manner.return_sequences else d_y
        for index in range(length - 1, -1, -1):
            t = order[index]
            d_shown = d_y[:, index] if d_y is not None and manner.return_sequences else nothing
            if counts is None:
                d_new, d_after = d_out + d_shown, d_before
            else:
                now = counts[t]
                repeats = not manner.zero_output_for_mask
                d_new = np.where(now, d_out + d_shown, zero)
                d_after = [np.where(now, d, zero) for d in d_before]
                d_out = np.where(now, zero, d_out + d_shown if repeats else d_out)
            d_step, d_prev = self._back(kept[index], d_new, d_after, (batch, shape[2]))
            if counts is None:
                d_before, d_out = d_prev, nothing
            else:
                pairs = zip(d_prev, d_before, strict=True)
                d_before = [np.where(now, d, passing) for d, passing in pairs]
            if d_x is not None:
                d_x[:, t] = d_step if counts is None else np.where(now, d_step, zero)
        return d_x, d_before

    @staticmethod
    def _order(length: int, manner: Manner) -> list[int]:
        steps = range(length)
        return list(reversed(steps)) if manner.go_backwards else list(steps)

    @staticmethod
    def _counts(mask: Mask | None) -> Any:
        return None if mask is None else mask.T[..., None]

    def _first(self, states: States, batch: int) -> list[Array]:
        """Return the states before the first step: given, the cell's own, or zeros."""
        sizes, dtype = self.state_sizes, self.cell.dtype
        own: States = [None] * len(sizes)
        if hasattr(self.cell, "get_initial_state") and any(state is None for state in states):
            where = f"{self.cell.name}.get_initial_state"
            given = self.cell.get_initial_state(batch_size=batch)
            own = take_states(where, self.state_names, sizes, given, batch, dtype)
        chosen = [b if a is None else a for a, b in zip(states, own, strict=True)]
        return [
            np.zeros((batch, size), dtype) if state is None else state
            for size, state in zip(sizes, chosen, strict=True)
        ]

    def _checked(self, returned: object, batch: int) -> tuple[Array, list[Array]]:
        """Return what a ``call`` did as an output and a list of states."""
        name, dtype = self.cell.name, self.cell.dtype
        if not isinstance(returned, tuple | list) or len(returned) != 2:
            raise ValueError(
                f"{name}: call returned a {type(returned).__name__}, expected (output, states); "
                "return both"
            )
        out = as_contiguous(name, "the output that call returns", returned[0], dtype)
        expected = (batch, self.output_size)
        advice = "correct call, or output_size"
        check_shape(name, "the output that call returns", out, expected, "(batch, size)", advice)
        return out, self._states(returned[1], "call", batch)

    def _states(self, given: Any, source: str, batch: int) -> list[Array]:
        name, sizes = self.cell.name, self.state_sizes
        states = list(given) if isinstance(given, list | tuple) else [given]
        if len(states) != len(sizes):
            raise ValueError(
                f"{name}: {source} returned {len(states)} states, expected {len(sizes)} as "
                "state_size; return a list with one array for each"
            )
        checked = []
        for size, state in zip(sizes, states, strict=True):
            what = f"a state that {source} returns"
            array = as_contiguous(name, what, state, self.cell.dtype)
            check_shape(name, what, array, (batch, size), "(batch, size)", "correct state_size")
            checked.append(array)
        return checked

    def _back(
        self, kept: Any, d_out: Array, d_states: Sequence[Array], shape: tuple[int, int]
    ) -> tuple[Array, list[Array]]:
        """Return what the cell's ``backward`` does, checked."""
        name = self.cell.name
        returned = self.cell.own_backward(kept, d_out, list(d_states))
        if not isinstance(returned, tuple | list) or len(returned) != 2:
            raise ValueError(
                f"{name}: backward returned a {type(returned).__name__}, expected (d_x, d_states); "
                "return both"
            )
        what = "the gradient of the input that backward returns"
        d_x = as_contiguous(name, what, returned[0], self.cell.dtype)
        check_shape(name, what, d_x, shape, "(batch, features)", "correct backward")
        return d_x, self._states(returned[1], "backward", shape[0])

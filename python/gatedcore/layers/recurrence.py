"""What runs a sequence: the contract between layers over time and the cells that fill them."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from gatedcore.arrays import Array, Shape, as_contiguous
from gatedcore.checks import check_shape, fits
from gatedcore.layers.calling import Mask

States = list[Array | None]  # one (B, size) for each state; None for zeros


class Manner(NamedTuple):
    """How a sequence is run, as the arguments of a recurrent layer say it."""

    return_sequences: bool
    go_backwards: bool
    zero_output_for_mask: bool
    draw: bool  # whether dropout and zoneout draw
    save: bool  # whether to keep what the way back needs


class Recurrence(Protocol):
    """What a recurrent layer asks of its cell: whole sequences at once, there and back."""

    @property
    def state_names(self) -> tuple[str, ...]:
        """Names of the states."""

    @property
    def state_sizes(self) -> tuple[int, ...]:
        """Size of each state."""

    @property
    def output_size(self) -> int:
        """Size of the output of a step."""

    def run_over(
        self, x: Array, states: States, manner: Manner, mask: Mask | None
    ) -> tuple[Array, list[Array], Any]:
        """Return outputs (B, T, O), or the last (B, O); the last states; what the way back needs.

        In running order: with ``go_backwards`` the last step of ``x`` comes first.
        """

    def run_back(
        self, saved: Any, d_y: Array | None, d_states: States, manner: Manner, need_d_x: bool
    ) -> tuple[Array | None, list[Array]]:
        """Add to the gradients of the weights; return those of ``x``, if needed, and the states.

        ``d_y`` arrives at what ``run_over`` returned first, ``d_states`` at the last states.
        """


def take_states(
    where: str,
    names: tuple[str, ...],
    sizes: tuple[int, ...],
    initial_state: object,
    batch: int,
    dtype: np.dtype[Any],
) -> States:
    """Return initial states as arrays (B, size), or as None each.

    Raises
    ------
    TypeError, ValueError
        If they are not states of such names and sizes.
    """
    count = len(names)
    if initial_state is None:
        return [None] * count
    if count == 1 and not isinstance(initial_state, list | tuple):
        initial_state = [initial_state]
    if not isinstance(initial_state, list | tuple) or len(initial_state) != count:
        known = isinstance(initial_state, list | tuple)
        parts = f" of {len(initial_state)} parts" if known else ""  # type: ignore[arg-type]  # known
        raise ValueError(
            f"{where}: initial_state is a {type(initial_state).__name__}{parts}, expected "
            f"a list [{', '.join(names)}]; pass one array (batch, units) for each"
        )
    taken: States = []
    for name, size, state in zip(names, sizes, initial_state, strict=True):
        if state is None:
            taken.append(None)
            continue
        array = as_contiguous(where, f"initial_state {name}", state, dtype)
        advice = "pass one row for each row of the batch"
        expected = (batch, size)
        check_shape(where, f"initial_state {name}", array, expected, "(batch, units)", advice)
        taken.append(array)
    return taken


def check_state_shapes(
    where: str,
    shapes: Sequence[Shape],
    batch: int | None,
    names: tuple[str, ...],
    sizes: tuple[int, ...],
) -> None:
    """Raise unless initial states of these shapes suit a layer's.

    Raises
    ------
    ValueError
        If their number or a shape does not.
    """
    if len(shapes) != len(names) or not all(
        fits(shape, (batch, size)) for shape, size in zip(shapes, sizes, strict=True)
    ):
        raise ValueError(
            f"{where}: initial_state has shapes {', '.join(map(str, shapes))}, expected "
            f"{', '.join(str((batch, size)) for size in sizes)} for [{', '.join(names)}]; pass one "
            "state (batch, units) for each"
        )


def added(d: Array | None, more: Array | None) -> Array | None:
    """Return the sum of two gradients, either of which may be missing."""
    if d is None or more is None:
        return more if d is None else d
    return d + more

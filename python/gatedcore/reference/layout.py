"""From a caller's sequence to steps in the order in which they run, and back; views only."""

from gatedcore.reference.activations import Array


def swap_layout(a: Array, time_major: bool) -> Array:
    """Return a view that turns (B, T, F) into (T, B, F), or back; the identity when time-major."""
    return a if time_major else a.swapaxes(0, 1)


def to_steps(x: Array, time_major: bool, go_backwards: bool) -> Array:
    """Return a view (T, B, F) of a caller's sequence in the order in which the steps run."""
    steps = swap_layout(x, time_major)
    return steps[::-1] if go_backwards else steps


def to_caller(d_x: Array, time_major: bool, go_backwards: bool) -> Array:
    """Undo ``to_steps``: bring the gradient of the input back to the caller's layout and order."""
    return swap_layout(d_x[::-1] if go_backwards else d_x, time_major)

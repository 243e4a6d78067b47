"""What a layer's gradients are asked with, and what they are returned in."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from gatedcore.arrays import Array, as_contiguous
from gatedcore.checks import check_shape


class Gradients(NamedTuple):
    """What ``layer.vjp`` returns."""

    weights: dict[str, Array]  # by the names of the parameters
    x: Any  # an array; a list for a layer that takes a list; None for tokens
    initial_state: list[Array | None]


def as_upstream(where: str, upstream: object, outputs: Sequence[Array]) -> list[Array | None]:
    """Return the gradients that arrive at outputs as arrays.

    Raises
    ------
    TypeError, ValueError
        If they do not suit the outputs.
    """
    if len(outputs) == 1:
        given = [upstream]
    elif isinstance(upstream, list | tuple) and len(upstream) == len(outputs):
        given = list(upstream)
    else:
        parts = f" of {len(upstream)}" if isinstance(upstream, list | tuple) else ""
        raise ValueError(
            f"{where}: upstream is a {type(upstream).__name__}{parts}, expected a list of "
            f"{len(outputs)} as the outputs; pass one gradient for each, None for zeros"
        )
    if all(d is None for d in given):
        raise ValueError(f"{where}: upstream is None, expected an array; pass a gradient")
    checked: list[Array | None] = []
    for d, y in zip(given, outputs, strict=True):
        array = None if d is None else as_contiguous(where, "upstream", d, y.dtype)
        if array is not None:
            check_shape(where, "upstream", array, y.shape, "the output's", "pass one of its shape")
        checked.append(array)
    return checked

"""Arguments of gates that are not the plain ones, checked: limits, peepholes, coupled gates."""

from typing import Any

import numpy as np

from gatedcore.arrays import Array, as_contiguous
from gatedcore.checks import check_number, check_shape


def clip_operand(where: str, clip: object) -> float:
    """Return the limit of gates before activation as the core takes it: 0 for None.

    Raises
    ------
    TypeError, ValueError
        If it is no positive number.
    """
    return 0.0 if clip is None else check_number(where, "clip", clip, 0.0, open_start=True)


def peephole_operand(
    where: str, peephole: object, units: int, dtype: np.dtype[Any]
) -> Array | None:
    """Return the weights of the peepholes as an array (3, H), or None.

    Raises
    ------
    TypeError, ValueError
        If they have another shape.
    """
    if peephole is None:
        return None
    p = as_contiguous(where, "peephole", peephole, dtype)
    check_shape(
        where, "peephole", p, (3, units), "(3, H)",
        "pass a row each for the gates i f o; ONNX has them as i o f",
    )  # fmt: skip
    return p

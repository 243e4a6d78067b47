"""Arguments of LSTMs and GRUs beyond the plain ones, checked: limits, peepholes, projections."""

from typing import Any

import numpy as np

from gatedcore.arrays import Array, as_contiguous
from gatedcore.checks import check_number, check_rank, check_shape


def clip_operand(where: str, clip: object) -> float:
    """Return the limit of gates before activation as the core takes it: 0 for None, which is none.

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


def projection_operand(
    where: str, projection: object, dtype: np.dtype[Any], recompute: bool, zoneout_h: object
) -> Array:
    """Return the weights of an LSTM's projection as an array (H, P).

    Raises
    ------
    TypeError
        If they hold no real numbers.
    ValueError
        If they have another shape, or come with what does not go with a projection.
    """
    w_r = as_contiguous(where, "projection", projection, dtype)
    check_rank(where, "projection", w_r, "(H, P)", "pass PyTorch's weight_hr transposed")
    if 0 in w_r.shape:
        raise ValueError(
            f"{where}: projection has shape {w_r.shape}, expected at least one unit and one "
            "column; pass a larger one"
        )
    if recompute or zoneout_h != 0.0:
        raise ValueError(
            f"{where}: projection came with {'recompute' if recompute else 'zoneout_h'}, expected "
            "it without; leave one of the two out"
        )
    return w_r

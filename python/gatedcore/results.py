"""What evaluate and predict return."""

from __future__ import annotations

from typing import Any

import numpy as np

from gatedcore.callbacks import Logs
from gatedcore.columns import Columns


def joined(where: str, parts: list[Any]) -> Any:
    """Return the outputs of all batches as one array, or as columns.

    Raises
    ------
    ValueError
        If batches have outputs of different shapes.
    """
    if isinstance(parts[0], Columns):
        return Columns([joined(where, list(of_one)) for of_one in zip(*parts, strict=True)])
    shapes = sorted({part.shape[1:] for part in parts})
    if len(shapes) > 1:
        raise ValueError(
            f"{where}: batches have outputs of shapes (B, *{shapes[0]}) and (B, *{shapes[-1]}), "
            "expected one shape; call the model batch by batch, or pad all batches to one length"
        )
    return np.concatenate(parts)


def as_asked(logs: Logs, return_dict: bool) -> float | list[float] | Logs:
    """Return logs by name, in order, or the loss alone."""
    if return_dict:
        return logs
    return list(logs.values()) if len(logs) > 1 else logs["loss"]

"""Vectors of length 1."""

from typing import Any

import numpy as np

from gatedcore.arrays import Array, as_array


def normalize(x: object, axis: int = -1, order: Any = 2) -> Array:
    """Return an array whose vectors along an axis have length 1; those of zeros stay.

    Parameters
    ----------
    x : array-like, (...)
        Vectors.
    axis : int
        The axis that they lie along.
    order : int, float or str
        Which length, as ``ord`` of ``numpy.linalg.norm``: 2, or 1 for the sum of absolute values.

    Returns
    -------
    ndarray, (...)
        A new array.

    Raises
    ------
    TypeError, ValueError
        If ``x`` holds no numbers, or there is no such axis or order.

    References
    ----------
    ``keras.utils.normalize``, which for axis 0 divides along another one.
    """
    array = as_array("normalize", "x", x)
    if isinstance(axis, bool) or not isinstance(axis, int | np.integer):
        raise TypeError(f"normalize: axis is {axis!r}, expected an integer; pass -1, say")
    if not -array.ndim <= axis < array.ndim:
        raise ValueError(
            f"normalize: axis is {axis}, expected one of an array of shape {array.shape}; choose "
            "one there"
        )
    try:
        length = np.linalg.norm(array, order, int(axis), keepdims=True)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"normalize: order is {order!r}, expected one of vectors in numpy.linalg.norm; pass 2"
        ) from error
    result: Array = array / np.where(length == 0.0, 1.0, length).astype(array.dtype)
    return result

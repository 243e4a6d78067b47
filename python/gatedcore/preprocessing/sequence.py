"""Sequences brought to one length."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from gatedcore.checks import check_count, is_one_of
from gatedcore.keras_names import absent
from gatedcore.preprocessing.ragged import Ragged, same_numbers


def pad_sequences(
    sequences: object,
    maxlen: int | None = None,
    dtype: npt.DTypeLike = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: float = 0.0,
) -> npt.NDArray[Any]:
    """Return sequences in one array: short ones filled up, long ones cut.

    Parameters
    ----------
    sequences : list of array-likes, each (T,) or (T, ...)
        Token numbers, or steps of one shape; T differs.
    maxlen : int, optional
        Length of the result; by default that of the longest sequence.
    dtype : dtype
        A dtype of integers or floats, which must hold all numbers. A fraction in the default int32
        is an error here, where Keras cuts it off.
    padding, truncating : {"pre", "post"}
        Whether short sequences are filled up, and long ones cut, at their begin or at their end.
    value : float
        What fills them up.

    Returns
    -------
    ndarray, (N, maxlen) or (N, maxlen, ...)
        The sequences in order.

    Raises
    ------
    TypeError
        If the sequences hold no numbers, or an argument is of a wrong kind.
    ValueError
        If steps differ in shape, a number does not fit the dtype, or an argument is out of range.

    References
    ----------
    ``keras.utils.pad_sequences``.

    Examples
    --------
    >>> pad_sequences([[1], [2, 3], [4, 5, 6]], maxlen=2).tolist()
    [[0, 1], [2, 3], [5, 6]]
    """
    where = "pad_sequences"
    kind = number_dtype(where, dtype)
    at_end, cut_end = is_post(where, "padding", padding), is_post(where, "truncating", truncating)
    width = None if maxlen is None else check_count(where, "maxlen", maxlen)
    ragged = Ragged.of(where, sequences, kind)
    filler = fitting_value(where, value, kind)
    if width is None:
        if not len(ragged):
            raise ValueError(
                f"{where}: sequences is empty and maxlen None, expected one sequence at least; "
                "pass maxlen"
            )
        width = int(ragged.lengths.max())
    return ragged.padded(range(len(ragged)), width, filler, at_end=at_end, cut_end=cut_end)


def is_post(where: str, name: str, value: object) -> bool:
    """Return whether an argument is "post" rather than "pre".

    Raises
    ------
    ValueError
        If it is neither.
    """
    if not is_one_of(value, ("pre", "post")):
        raise ValueError(
            f"{where}: {name} is {value!r}, expected 'pre' or 'post'; use one of these"
        )
    return value == "post"


def number_dtype(where: str, dtype: npt.DTypeLike) -> np.dtype[Any]:
    """Return a dtype of integers or floats.

    Raises
    ------
    ValueError
        If it is none.
    """
    try:
        found = None if dtype is None else np.dtype(dtype)
    except TypeError:
        found = None
    if found is None or found.kind not in "iuf":
        raise ValueError(
            f"{where}: dtype is {dtype!r}, expected one of integers or floats; pass 'int32' or "
            "'float32', say"
        )
    return found


def fitting_value(where: str, value: object, dtype: np.dtype[Any]) -> object:
    """Return a number that fills up sequences in their dtype.

    Raises
    ------
    TypeError, ValueError
        If it is no number, or the dtype does not hold it.
    """
    array = np.asarray(value)
    if array.ndim or array.dtype.kind not in "fiub":
        raise TypeError(f"{where}: value is {value!r}, expected a number; pass 0.0, say")
    return same_numbers(f"{where}: value", array.reshape(1), dtype)[0]


if not TYPE_CHECKING:  # to which an absent name is an error already
    __getattr__ = absent(__name__)

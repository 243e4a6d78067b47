"""Turns what a caller hands in (NumPy, pandas, ``__array__``, ``__dlpack__``) into float arrays."""

from typing import Any, TypeGuard

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating[Any]]
Shape = tuple[int | None, ...]

FLOAT32 = np.dtype(np.float32)
FLOAT64 = np.dtype(np.float64)


def as_dtype(where: str, dtype: object) -> np.dtype[Any]:
    """Return the NumPy dtype that ``dtype`` names.

    Raises
    ------
    ValueError
        If it is neither float32 nor float64.
    """
    if dtype is FLOAT32 or dtype is FLOAT64:
        return dtype
    try:
        # NumPy takes None for float64; anything may come in here.
        found = None if dtype is None else np.dtype(dtype)  # type: ignore[call-overload]  # any object
    except Exception:  # no dtype at all, for which NumPy has several errors
        found = None
    for known in (FLOAT32, FLOAT64):
        if found is not None and found == known:
            return known
    raise ValueError(
        f"{where}: dtype is {dtype!r}, expected 'float32' or 'float64'; use one of these"
    )


def as_array(where: str, name: str, value: object, dtype: np.dtype[Any] | None = None) -> Array:
    """Return ``value`` as a float array whose last axis is contiguous, without a copy if it is one.

    Parameters
    ----------
    where, name : str
        Public function and argument, for errors.
    value : array-like
        NumPy array, pandas object, nested sequence of numbers, or anything with ``__array__`` or
        ``__dlpack__``.
    dtype : dtype, optional
        Dtype of the result; by default that of ``value`` if float32 or float64, else float32.

    Returns
    -------
    ndarray of float32 or float64
        The same memory where nothing had to change.

    Raises
    ------
    TypeError
        If ``value`` does not hold real numbers.
    ValueError
        If it is ragged or masked.
    """
    if _is_ready(value, dtype):
        return value
    array = value if type(value) is np.ndarray else to_numpy(where, name, value)
    if array.dtype.kind not in "fiub":
        raise TypeError(
            f"{where}: {name} has dtype {array.dtype}, expected real numbers; "
            f"convert it, for example with {name}.astype('float32')"
        )
    if dtype is None:
        native = array.dtype.newbyteorder("=")
        dtype = native if native in (FLOAT32, FLOAT64) else FLOAT32
    if array.dtype != dtype or not array.dtype.isnative:
        array = _converted(where, name, array, dtype)
    if not array.flags.aligned or (
        array.ndim and array.shape[-1] > 1 and array.strides[-1] != array.itemsize
    ):
        array = np.array(array, order="C")
    return array


def _is_ready(value: object, dtype: np.dtype[Any] | None) -> TypeGuard[Array]:
    """Return whether nothing need be changed: nearly always, and half a microsecond to know."""
    return type(value) is np.ndarray and value.dtype is dtype and value.flags.carray


def as_tokens(where: str, name: str, value: object) -> npt.NDArray[np.int32]:
    """Return ``value`` as an array of tokens.

    Parameters
    ----------
    where, name : str
        Public function and argument, for errors.
    value : array-like
        Integers, or floats that are whole numbers.

    Returns
    -------
    ndarray of int32
        The same memory where nothing had to change.

    Raises
    ------
    TypeError
        If ``value`` does not hold numbers.
    ValueError
        If one is no whole number, or too large for a token.
    """
    array = value if type(value) is np.ndarray else to_numpy(where, name, value)
    if array.dtype == np.int32:
        return array
    if array.dtype.kind not in "iuf":
        raise TypeError(
            f"{where}: {name} has dtype {array.dtype}, expected integers; pass the tokens' numbers"
        )
    with np.errstate(invalid="ignore"):  # reported here
        tokens = array.astype(np.int32)
    wrong = np.flatnonzero(tokens != array)
    if wrong.size:
        raise ValueError(
            f"{where}: {name} holds {array.flat[wrong[0]]}, expected whole numbers below 2**31; "
            "pass the tokens' numbers"
        )
    return tokens


def as_contiguous(
    where: str, name: str, value: object, dtype: np.dtype[Any] | None = None
) -> Array:
    """Return ``value`` as ``as_array`` does, contiguous in every axis.

    Raises
    ------
    TypeError, ValueError
        As ``as_array``.
    """
    if _is_ready(value, dtype):
        return value
    return np.asarray(as_array(where, name, value, dtype), order="C")


def float_dtype(*values: object) -> np.dtype[Any]:
    """Return the dtype of the first value that is a float32 or float64 array, else float32."""
    for value in values:
        dtype = getattr(value, "dtype", None)
        if dtype is FLOAT32 or dtype is FLOAT64:
            return dtype
        if dtype is None and hasattr(value, "__dlpack__"):
            dtype = _dlpack_dtype(value)
        if dtype is None and hasattr(value, "dtypes"):  # a DataFrame: that of all its columns
            columns = {str(of_column) for of_column in value.dtypes}
            dtype = np.dtype(columns.pop()) if columns in ({"float32"}, {"float64"}) else None
        # Only NumPy's own dtypes compare here; another library's converts with its array.
        if isinstance(dtype, np.dtype):
            if dtype.newbyteorder("=") in (FLOAT32, FLOAT64):
                return dtype.newbyteorder("=")
        elif dtype is not None and str(dtype).rsplit(".", 1)[-1] == "float64":
            return FLOAT64
        elif dtype is not None and str(dtype).rsplit(".", 1)[-1] == "float32":
            return FLOAT32
    return FLOAT32


def _dlpack_dtype(value: object) -> np.dtype[Any] | None:
    """Return the dtype of an array that says so through DLPack alone, None where it gives none."""
    try:
        return np.from_dlpack(value).dtype  # type: ignore[arg-type]  # it has __dlpack__
    except (RuntimeError, BufferError, TypeError, ValueError):
        return None  # as_array tells why


def aligned_zeros(count: int, dtype: np.dtype[Any]) -> Array:
    """Return zeros that start at a multiple of 64 bytes: a cache line, an AVX-512 vector."""
    raw = np.zeros(count * dtype.itemsize + 64, np.uint8)
    start = -raw.ctypes.data % 64
    vector: Array = raw[start : start + count * dtype.itemsize].view(dtype)
    return vector


def _converted(
    where: str, name: str, array: npt.NDArray[Any], dtype: np.dtype[Any]
) -> npt.NDArray[Any]:
    """Return an array in another dtype; a finite number beyond its range is an error."""
    try:
        with np.errstate(over="raise"):
            return array.astype(dtype)
    except FloatingPointError:
        largest = np.abs(array[np.isfinite(array)]).max()
        raise ValueError(
            f"{where}: {name} holds a number of size {largest:.3g}, expected at most "
            f"{np.finfo(dtype).max:.3g} for {dtype}; scale the data, or use dtype='float64'"
        ) from None


def to_numpy(where: str, name: str, value: object) -> npt.NDArray[Any]:
    """Return any array-like as an ``ndarray`` of whatever dtype.

    Raises
    ------
    TypeError, ValueError
        If it is none, or ragged or masked.
    """
    if isinstance(value, np.ma.MaskedArray):
        raise ValueError(
            f"{where}: {name} is a masked array, expected one without a mask; "
            f"fill it, for example with {name}.filled(0.0)"
        )
    known = (list, tuple, int, float, np.generic, np.ndarray)
    try:
        if hasattr(value, "__array__") or isinstance(value, known):
            return np.asarray(value)
        if hasattr(value, "__dlpack__"):
            return np.from_dlpack(value)
    except (RuntimeError, BufferError) as error:  # a tensor on a GPU, or one that needs gradients
        raise TypeError(
            f"{where}: {name} of type {type(value).__name__} gives no array ({error}), expected "
            "one in main memory; detach it and move it to the CPU"
        ) from error
    except (TypeError, ValueError) as error:
        advice = "convert it to float32, or make a NumPy array of it first"
        if "inhomogeneous" in str(error):  # NumPy's word for lists of different lengths
            advice = "make sequences equally long with gatedcore.utils.pad_sequences"
        raise type(error)(
            f"{where}: {name} of type {type(value).__name__} gives no array ({error}), expected "
            f"numbers of one shape; {advice}"
        ) from error
    raise TypeError(
        f"{where}: {name} has type {type(value).__name__}, expected an array; "
        "pass a NumPy array or an object with __array__ or __dlpack__"
    )

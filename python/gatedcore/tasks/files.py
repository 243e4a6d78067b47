"""What tasks read: texts, packed or not, and arrays."""

import gzip
import itertools
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gatedcore.arrays import Array


def read_text(path: str | Path) -> str:
    """Return the text of a file, unpacked if its name ends in ``.gz``.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is no UTF-8 text, or no whole gzip file.
    """
    raw = Path(path).read_bytes()
    try:
        return (gzip.decompress(raw) if Path(path).suffix == ".gz" else raw).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"read_text: {path} is no UTF-8 text ({error.reason}), expected one; "
            "unpack or convert it first"
        ) from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(
            f"read_text: {path} cannot be unpacked ({error}), expected a whole gzip file; "
            "fetch it anew"
        ) from error


def read_arrays(path: str | Path, names: Sequence[str]) -> list[Array]:
    """Return arrays of an ``.npz`` file.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is damaged, or an array is missing or pickled.
    """
    with Path(path).open("rb") as stream:
        try:
            with np.load(stream) as file:
                missing = [name for name in names if name not in file]
                if missing:
                    raise ValueError(f"it has no {', '.join(missing)}")
                return [file[name] for name in names]
        except Exception as error:  # for a damaged file zipfile and NumPy raise a dozen kinds
            raise ValueError(
                f"read_arrays: {path} cannot be read ({error}), expected an .npz file with "
                f"{', '.join(names)}, without pickles; fetch it anew"
            ) from error


def cut(values: Array, offsets: Array) -> list[Array]:
    """Return sequences that are stored one behind the other.

    Parameters
    ----------
    values : ndarray, (N, ...)
        Their steps.
    offsets : ndarray of int, (K + 1,)
        Sequence ``k`` is ``values[offsets[k]:offsets[k + 1]]``.

    Returns
    -------
    list of ndarray, (T, ...)
        The K sequences.

    Raises
    ------
    ValueError
        If the offsets do not divide the values.
    """
    places = offsets.astype(np.int64)
    if places.ndim != 1 or len(places) < 2 or (np.diff(places) < 0).any():
        came = f"an array of shape {places.shape}" if places.ndim != 1 else "not ascending"
    elif places[0] or places[-1] != len(values):
        came = f"from {places[0]} to {places[-1]}"
    else:
        return [values[a:b] for a, b in itertools.pairwise(places)]
    raise ValueError(
        f"cut: offsets are {came}, expected them to ascend from 0 to {len(values)}, the number of "
        "steps; check the file"
    )

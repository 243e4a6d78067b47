"""Sequences of different lengths, kept one after the other in one array."""

from collections.abc import Iterable, Sized
from typing import Any

import numpy as np
import numpy.typing as npt

from gatedcore.arrays import Shape, to_numpy

Values = npt.NDArray[Any]
Indices = npt.NDArray[np.intp]


class Ragged:
    """Sequences of different lengths: sequence ``i`` is ``values[offsets[i] : offsets[i + 1]]``.

    Attributes
    ----------
    values : ndarray, (sum of the lengths, ...)
        The steps of all sequences.
    offsets : ndarray of int, (N + 1,)
        Where they begin, and where the last one ends.
    """

    def __init__(self, values: Values, offsets: Indices) -> None:
        self.values = values
        self.offsets = offsets

    @classmethod
    def of(cls, where: str, sequences: object, dtype: np.dtype[Any] | None = None) -> "Ragged":
        """Return the sequences in one array.

        Parameters
        ----------
        where : str
            Public function, for errors.
        sequences : sequence of array-likes, each (T, ...)
            Numbers; T may differ, the other axes not.
        dtype : dtype, optional
            Of the result, which holds the very same numbers up to rounding of floats; by default
            what NumPy makes of them all.

        Raises
        ------
        TypeError, ValueError
            If they are no such sequences, or a number does not fit the dtype.
        """
        if (
            isinstance(sequences, str | bytes)
            or not isinstance(sequences, Iterable)
            or not isinstance(sequences, Sized)
        ):
            raise TypeError(
                f"{where}: sequences has type {type(sequences).__name__}, expected a list of "
                "sequences; pass [[1, 2], [3]], say"
            )
        arrays = [_as_sequence(where, k, sequence) for k, sequence in enumerate(sequences)]
        filled = [(k, array) for k, array in enumerate(arrays) if len(array)]
        step = filled[0][1].shape[1:] if filled else ()
        for k, array in filled:
            if array.shape[1:] != step:
                raise ValueError(
                    f"{where}: sequences[{k}] has steps of shape {array.shape[1:]}, expected "
                    f"{step} as those before; give all steps one shape"
                )
        offsets = np.zeros(len(arrays) + 1, np.intp)
        np.cumsum([len(array) for array in arrays], out=offsets[1:])
        values = np.concatenate([array for _, array in filled]) if filled else np.zeros(0, dtype)
        return cls(values if dtype is None else same_numbers(where, values, dtype), offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> Indices:
        """Length of each sequence."""
        return np.diff(self.offsets)

    @property
    def step_shape(self) -> Shape:
        """Shape of one step."""
        return self.values.shape[1:]

    def padded(
        self, rows: Iterable[int], width: int, value: object, *, at_end: bool, cut_end: bool
    ) -> Values:
        """Return sequences brought to one length.

        Parameters
        ----------
        rows : iterable of int
            Which.
        width : int
            The length.
        value : number
            Fills up the short ones, ``at_end`` or else at the begin.
        at_end, cut_end : bool
            Where short ones are filled up, and where long ones are cut.

        Returns
        -------
        ndarray, (number of rows, width, ...)
            In the dtype of ``values``.
        """
        chosen = list(rows)
        out = np.full((len(chosen), width, *self.values.shape[1:]), value, self.values.dtype)
        bounds = self.offsets.tolist()
        for line, row in zip(out, chosen, strict=True):
            start, stop = bounds[row], bounds[row + 1]
            if stop - start > width:
                start, stop = (start, start + width) if cut_end else (stop - width, stop)
            first = 0 if at_end else width - (stop - start)
            line[first : first + stop - start] = self.values[start:stop]
        return out


def _as_sequence(where: str, index: int, sequence: object) -> Values:
    """Return one sequence as an array of numbers with a time axis."""
    name = f"sequences[{index}]"
    array = sequence if type(sequence) is np.ndarray else to_numpy(where, name, sequence)
    if not array.ndim:
        raise ValueError(
            f"{where}: {name} is a single number, expected a sequence of steps; "
            "pass a list of sequences"
        )
    if array.size and array.dtype.kind not in "fiub":
        raise TypeError(
            f"{where}: {name} has dtype {array.dtype}, expected numbers; turn words into numbers "
            "first, with TextVectorization, say"
        )
    return array


def same_numbers(where: str, values: Values, dtype: np.dtype[Any]) -> Values:
    """Return values in another dtype; to round floats is all that may happen to them.

    Raises
    ------
    ValueError
        If a number does not fit: a fraction, say, or one out of range.
    """
    if values.dtype == dtype:
        return values
    with np.errstate(invalid="ignore", over="ignore"):
        converted = values.astype(dtype)
    same = (
        np.isfinite(converted) | ~np.isfinite(values)
        if dtype.kind == "f"
        else (converted == values)
    )
    if not same.all():
        bad = values[~same][0].item()
        raise ValueError(
            f"{where}: dtype {dtype} does not hold {bad!r}, expected numbers that it does; "
            f"pass dtype={'float32' if dtype.kind != 'f' else 'float64'!r}, say"
        )
    return converted

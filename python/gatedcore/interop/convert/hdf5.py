"""Arrays and texts out of HDF5 files, each checked before it is read.

An HDF5 file may point to other files, compute its content, or claim any size. Here it may do none
of it: links and data sets that lead out of the file are refused, and sizes come off a budget.
"""

from __future__ import annotations

import io
import math
import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from gatedcore.archive import SavedFileError
from gatedcore.frameworks import require
from gatedcore.interop.convert.foreign import Budget
from gatedcore.interop.convert.hdf5_texts import claimed_lengths

_WHOLE = "an HDF5 file of Keras"


class Stored(NamedTuple):
    """An array that was found, its values not yet read.

    Attributes
    ----------
    name : str
        Its path, or whatever names it.
    shape : tuple of int
        Its shape.
    handle : object
        What it is read from.
    """

    name: str
    shape: tuple[int, ...]
    handle: Any


class Hdf5:
    """An open HDF5 file.

    Parameters
    ----------
    source : path, or file in memory
        The file.
    budget : Budget
        What may be read of it.

    Raises
    ------
    ModuleNotFoundError
        If h5py is not installed.
    SavedFileError
        If it is no HDF5 file.
    """

    def __init__(self, source: str | io.BytesIO, budget: Budget) -> None:
        self._h5py = require(budget.where, "h5py", "keras")
        self.budget = budget
        with self._errors():
            self._bytes = source.getvalue() if isinstance(source, io.BytesIO) else _mapped(source)
            self._file = self._h5py.File(source, "r")

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        if isinstance(self._bytes, mmap.mmap):
            self._bytes.close()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Turn what h5py and HDF5 say to a damaged file into one kind of error."""
        try:
            yield
        except (SavedFileError, FileNotFoundError):
            raise
        except Exception as cause:  # h5py says so in nearly every class of error that there is
            raise self.budget.damaged(cause, _WHOLE) from None

    def _find(self, path: str) -> Any:
        """Return a group or data set, or None; only links within the file are followed."""
        found = self._file
        for part in path.strip("/").split("/") if path.strip("/") else ():
            if not isinstance(found, self._h5py.Group):
                return None
            link = found.get(part, getlink=True)
            if link is None:
                return None
            if not isinstance(link, self._h5py.HardLink):
                raise self.budget.error(
                    f"has a link at {path}",
                    "all data in the file itself",
                    "save the model to one file",
                )
            found = found[part]
        return found

    def names(self, path: str) -> list[str]:
        """Return the names within a group; none if there is no such group."""
        with self._errors():
            group = self._find(path)
            return list(group) if isinstance(group, self._h5py.Group) else []

    def arrays(self, path: str) -> list[Stored]:
        """Return the data sets ``0``, ``1``, ... of a group; none if there is no such group.

        Raises
        ------
        SavedFileError
            If one is missing, or is no array of numbers in the file.
        """
        found = (self.array(f"{path}/{index}") for index in range(len(self.names(path))))
        return [stored for stored in found if stored is not None]

    def array(self, path: str) -> Stored | None:
        """Return a data set, or None if there is no such one.

        Raises
        ------
        SavedFileError
            If it is no array of floating-point numbers in the file itself.
        """
        with self._errors():
            found = self._find(path)
            if found is None:
                return None
            if not isinstance(found, self._h5py.Dataset) or found.shape is None:
                raise self.budget.error(f"has no array at {path}", "one", "save the model again")
            if found.external or found.is_virtual:
                raise self.budget.error(
                    f"keeps {path} in another file", "all data in itself", "save it to one file"
                )
            # Counts of samples are whole numbers; weights are not.
            if found.dtype.kind not in "fiu" or found.dtype.itemsize > 8:
                raise self.budget.error(
                    f"holds {found.dtype} at {path}", "floating-point numbers", "save float32"
                )
            if found.chunks is not None:  # one is read whole, however little of it counts
                self.budget.fits(
                    f"a chunk of {path}", math.prod(found.chunks) * found.dtype.itemsize
                )
            return Stored(path, tuple(map(int, found.shape)), found)

    def read(self, stored: Stored) -> npt.NDArray[Any]:
        """Return the values of an array.

        Raises
        ------
        SavedFileError
            If they are more than such a file can hold, or damaged.
        """
        dtype = stored.handle.dtype
        self.budget.take(f"{stored.name} {stored.shape}", math.prod(stored.shape) * dtype.itemsize)
        with self._errors():
            return np.asarray(stored.handle[()], dtype.newbyteorder("="))

    def text(self, path: str, name: str) -> str | None:
        """Return an attribute that is a text, or None if there is no such one.

        Raises
        ------
        SavedFileError
            If it is something else.
        """
        found = self._attribute(path, name)
        if found is None:
            return None
        if isinstance(found, bytes | str):
            return self._decoded(name, found)
        raise self.budget.error(f"has no text in {name}", "one", "save the model again")

    def texts(self, path: str, name: str) -> list[str] | None:
        """Return an attribute that is a list of texts, or None if there is no such one.

        Keras cuts a long list into ``name0``, ``name1`` and so on.

        Raises
        ------
        SavedFileError
            If it is something else.
        """
        whole = self._attribute(path, name)
        if whole is not None:
            return self._list(name, whole)
        parts: list[str] = []
        for number in count():
            part = self._attribute(path, f"{name}{number}")
            if part is None:
                return parts if number else None
            parts += self._list(name, part)
        return parts

    def _list(self, name: str, found: Any) -> list[str]:
        if not isinstance(found, np.ndarray) or found.ndim != 1:
            raise self.budget.error(f"has no list in {name}", "one", "save the model again")
        return [self._decoded(name, item) for item in found.tolist()]

    def _decoded(self, name: str, text: Any) -> str:
        try:
            return text.decode() if isinstance(text, bytes) else str(text)
        except UnicodeDecodeError as cause:
            raise self.budget.damaged(f"{name}: {cause}", _WHOLE) from None

    def _attribute(self, path: str, name: str) -> Any:
        with self._errors():
            group = self._find(path)
            if group is None or name not in group.attrs:
                return None
            handle = group.attrs.get_id(name)
            self.budget.take(name, math.prod(handle.shape or ()) * handle.dtype.itemsize)
            if handle.dtype.kind == "O":  # texts of variable length, which may claim any
                lengths = list(claimed_lengths(self._bytes, name))
                if not lengths:
                    raise self.budget.damaged(f"{name} is not where it should be", _WHOLE)
                self.budget.take(f"texts in {name}", max(lengths))
            return group.attrs[name]


def _mapped(path: str) -> mmap.mmap:
    with open(path, "rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

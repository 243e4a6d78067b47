"""How long the texts in an HDF5 file claim to be, read before HDF5 makes room for them.

A text of variable length stands elsewhere in the file; where it is used there is a length, of up to
4 GiB, which HDF5 allocates before it looks whether there is so much. So each attribute of a name is
found here in the bytes of the file, wherever it stands, as the format's specification lays it out.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from typing import Protocol

_CLASS_VARIABLE = 9  # of a datatype: the low half of its first byte
_ELEMENT = struct.Struct("<IQI")  # length, and where: address and index in a heap
_SIZES = struct.Struct("<BBHHH")  # version, flags, sizes of name, datatype and dataspace
_SHARED = 1  # of the flags: the datatype stands elsewhere


class Bytes(Protocol):
    """What is searched: bytes, or a file mapped into memory."""

    def __len__(self) -> int: ...
    def __getitem__(self, place: slice, /) -> bytes: ...
    def find(self, sub: bytes, start: int = 0, /) -> int:
        """Return where something begins, or -1."""


def claimed_lengths(data: Bytes, name: str) -> Iterator[int]:
    """Yield for each attribute of a name how many bytes all its texts claim to have.

    Parameters
    ----------
    data : bytes or mmap
        The whole file.
    name : str
        Of the attribute; others whose name begins so may come too.

    References
    ----------
    HDF5 File Format Specification, IV.A.2.m, attribute messages of versions 1 to 3.
    """
    wanted = name.encode() + b"\0"
    place = data.find(wanted)
    while place >= 0:
        for before in (8, 9):  # of version 3 one more
            start = place - before
            if start >= 0:
                claimed = _claimed(data, start, place)
                if claimed is not None:
                    yield claimed
        place = data.find(wanted, place + 1)


def _claimed(data: Bytes, start: int, name: int) -> int | None:
    """Return what the texts of an attribute claim; None if there is none of texts."""
    version, flags, name_size, type_size, space_size = _SIZES.unpack(data[start : start + 8])
    if version not in (1, 2, 3) or (version == 3) != (name - start == 9):
        return None
    unit = 8 if version == 1 else 1  # version 1 fills each part up
    datatype = name + _padded(name_size, unit)
    space = datatype + _padded(type_size, unit)
    elements = space + _padded(space_size, unit)
    shared = version > 1 and flags & _SHARED
    first = data[datatype : datatype + 1]
    if not shared and (not first or first[0] & 15 != _CLASS_VARIABLE):
        return None
    count = _count(data[space : space + space_size])
    stop = elements + count * _ELEMENT.size
    if stop > len(data):
        return None  # HDF5 finds that too
    return sum(int(length) for length, _, _ in _ELEMENT.iter_unpack(data[elements:stop]))


def _count(space: bytes) -> int:
    """Return how many elements a dataspace has."""
    if len(space) < 4:
        return 0
    version, rank = space[0], space[1]
    first = 8 if version == 1 else 4
    sizes = space[first : first + 8 * rank]
    return math.prod(size for (size,) in struct.iter_unpack("<Q", sizes[: len(sizes) // 8 * 8]))


def _padded(size: int, unit: int) -> int:
    return -(-size // unit) * unit

"""Lengths of texts in HDF5 files, as they claim."""

import io
import struct

import numpy as np
import pytest

from gatedcore.archive import SavedFileError
from gatedcore.interop.convert.foreign import Budget
from gatedcore.interop.convert.hdf5 import Hdf5
from gatedcore.interop.convert.hdf5_texts import claimed_lengths

h5py = pytest.importorskip("h5py", reason="h5py is not installed")

TEXTS = ["one", "second", "", "the third"]


def file_with(libver, **attributes):
    data = io.BytesIO()
    with h5py.File(data, "w", libver=libver) as file:
        for name, value in attributes.items():
            file.attrs[name] = value
    return data.getvalue()


both_formats = pytest.mark.parametrize("libver", ["earliest", "latest"])


@both_formats
def test_texts_claim_what_they_have(libver):
    data = file_with(libver, config="x" * 1000, names=TEXTS, number=3.0, fixed=np.bytes_(b"abc"))
    assert list(claimed_lengths(data, "config")) == [1000]
    assert list(claimed_lengths(data, "names")) == [sum(map(len, TEXTS))]
    for other in ("number", "fixed", "absent"):
        assert list(claimed_lengths(data, other)) == []


@both_formats
def test_attributes_of_one_name_are_all_found(libver):
    data = io.BytesIO()
    with h5py.File(data, "w", libver=libver) as file:
        for size in (10, 20):
            file.create_group(f"g{size}").attrs["text"] = "x" * size
    assert sorted(claimed_lengths(data.getvalue(), "text")) == [10, 20]


@both_formats
@pytest.mark.parametrize("length", [2**31 - 1, 2**32 - 1])
def test_a_length_that_the_file_does_not_have_is_refused(libver, length):
    text = "x" * 1234
    data = bytearray(file_with(libver, config=text))
    place = data.find(struct.pack("<I", len(text)), data.find(b"config\0"))
    data[place : place + 4] = struct.pack("<I", length)
    assert list(claimed_lengths(data, "config")) == [length]
    # The newer format has a checksum over it, which HDF5 looks at first.
    message = f"claims {length} bytes of texts in config" if libver == "earliest" else "checksum"
    with pytest.raises(SavedFileError, match=message):
        Hdf5(io.BytesIO(data), Budget("from_x", "a.h5", len(data))).text("", "config")


def test_what_looks_like_an_attribute_at_the_end_is_none():
    for data in (b"\1\0\0\0\0\0\0\0config\0", b"config\0", b"\3" * 9 + b"config\0"):
        assert list(claimed_lengths(data, "config")) == []

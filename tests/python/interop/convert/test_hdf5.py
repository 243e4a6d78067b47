"""HDF5 files: what is in them is read, what leads out of them is not."""

import io

import numpy as np
import pytest

from gatedcore.archive import SavedFileError
from gatedcore.interop.convert.foreign import Budget
from gatedcore.interop.convert.hdf5 import Hdf5

h5py = pytest.importorskip("h5py", reason="h5py is not installed")

VALUES = np.arange(6, dtype=np.float32).reshape(2, 3)


def opened(fill, size=100_000):
    data = io.BytesIO()
    with h5py.File(data, "w") as file:
        fill(file)
    data.seek(0)
    return Hdf5(data, Budget("from_x", "model.h5", size))


def test_arrays_are_found_in_order_and_read():
    def fill(file):
        for index in (1, 0):
            file[f"layers/lstm/vars/{index}"] = VALUES + index

    file = opened(fill)
    found = file.arrays("layers/lstm/vars")
    assert [stored.shape for stored in found] == [(2, 3), (2, 3)]
    for index, stored in enumerate(found):
        np.testing.assert_array_equal(file.read(stored), VALUES + index)
    assert file.names("layers") == ["lstm"]


def test_what_is_absent_is_nothing():
    file = opened(lambda file: file.create_group("layers"))
    assert file.arrays("layers/lstm/vars") == []
    assert file.array("layers/lstm/vars/0") is None
    assert file.text("layers", "name") is None
    assert file.texts("nowhere", "weight_names") is None
    assert file.arrays("layers") == []


def test_foreign_byte_orders_become_native():
    file = opened(lambda file: file.create_dataset("x", data=VALUES.astype(">f4")))
    array = file.read(file.array("x"))
    assert array.dtype == np.float32
    np.testing.assert_array_equal(array, VALUES)


def test_texts_of_both_kinds_and_in_parts():
    def fill(file):
        file.attrs["model_config"] = "{}"
        file.attrs["old_config"] = np.bytes_("{}")
        file.attrs["names"] = [b"a", b"b"]
        file.attrs["long0"] = ["a"]
        file.attrs["long1"] = ["b", "c"]
        file.attrs["none"] = []

    file = opened(fill)
    assert file.text("", "model_config") == file.text("", "old_config") == "{}"
    assert file.texts("", "names") == ["a", "b"]
    assert file.texts("", "long") == ["a", "b", "c"]
    assert file.texts("", "none") == []


@pytest.mark.parametrize(
    ("fill", "message"),
    [
        (lambda f: f.__setitem__("x", h5py.ExternalLink("other.h5", "/x")), "has a link at x"),
        (lambda f: f.__setitem__("x", h5py.SoftLink("/y")), "has a link at x"),
        (
            lambda f: f.create_dataset("x", (4,), "f4", external=[("raw.bin", 0, 16)]),
            "keeps x in another file",
        ),
        (lambda f: f.__setitem__("x", [b"text"]), "holds .* at x, expected floating-point numbers"),
        (lambda f: f.create_group("x"), "has no array at x"),
        (lambda f: f.__setitem__("x", h5py.Empty("f4")), "has no array at x"),
    ],
)
def test_what_is_no_array_of_the_file_is_refused(fill, message):
    with pytest.raises(SavedFileError, match=message):
        opened(fill).array("x")


def test_a_virtual_data_set_is_refused(tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["x"] = VALUES

    def fill(file):
        layout = h5py.VirtualLayout((2, 3), "f4")
        layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "x", (2, 3))
        file.create_virtual_dataset("x", layout)

    with pytest.raises(SavedFileError, match="keeps x in another file"):
        opened(fill).array("x")


def test_an_array_that_is_larger_than_its_file_is_not_read():
    # Nothing of it is written: HDF5 would fill memory with zeros.
    file = opened(lambda file: file.create_dataset("x", (1 << 20, 1 << 20), "f4", chunks=(1, 1024)))
    stored = file.array("x")
    with pytest.raises(SavedFileError, match=r"claims 4398046511104 bytes of x \(1048576, 1048576"):
        file.read(stored)


def test_a_long_attribute_is_not_read():
    file = opened(lambda f: f.attrs.create("names", np.zeros(4000, "S10")), size=-130_000)
    with pytest.raises(SavedFileError, match="claims 40000 bytes of names"):
        file.texts("", "names")


@pytest.mark.parametrize("data", [b"", b"no HDF5 file", b"\x89HDF\r\n\x1a\n" + bytes(64)])
def test_what_is_no_hdf5_file_is_refused(data):
    with pytest.raises(SavedFileError, match="is damaged or no such file"):
        Hdf5(io.BytesIO(data), Budget("from_x", "model.h5", len(data)))


def test_lists_and_texts_are_told_apart():
    def fill(file):
        file.attrs["text"] = "one"
        file.attrs["list"] = ["one"]
        file.attrs["bad"] = np.bytes_(b"\xff")

    file = opened(fill)
    with pytest.raises(SavedFileError, match="has no list in text"):
        file.texts("", "text")
    with pytest.raises(SavedFileError, match="has no text in list"):
        file.text("", "list")
    with pytest.raises(SavedFileError, match="bad: 'utf-8' codec"):
        file.text("", "bad")

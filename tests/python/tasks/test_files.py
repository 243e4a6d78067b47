"""Reading texts and arrays, and everything that can be wrong with them."""

import gzip
import re

import numpy as np
import pytest

from gatedcore.tasks.files import cut, read_arrays, read_text


@pytest.mark.parametrize("name", ["a.txt", "a.txt.gz"])
def test_a_text_is_read_packed_or_not(tmp_path, name):
    raw = "\ufeffOne\r\ntwø\n".encode()
    (tmp_path / name).write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
    assert read_text(tmp_path / name) == "One\r\ntwø\n"


@pytest.mark.parametrize(
    ("name", "raw", "text"),
    [
        ("a.txt", b"\xff\xfe", "is no UTF-8 text (invalid start byte)"),
        ("a.txt.gz", b"no gzip", "cannot be unpacked"),
        ("a.txt.gz", gzip.compress(b"text" * 100)[:-9], "cannot be unpacked"),
        ("a.txt.gz", b"", None),
    ],
)
def test_what_is_no_text_is_an_error_that_names_the_file(tmp_path, name, raw, text):
    path = tmp_path / name
    path.write_bytes(raw)
    if text is None:  # gzip takes an empty file for an empty text
        assert read_text(path) == ""
        return
    with pytest.raises(ValueError, match=re.escape(f"read_text: {path} {text}")):
        read_text(path)


def test_a_missing_file_is_an_error(tmp_path):
    for read in (read_text, lambda path: read_arrays(path, ["x"])):
        with pytest.raises(FileNotFoundError):
            read(tmp_path / "none")


def test_arrays_come_in_the_order_of_their_names(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.arange(3), y=np.ones(2))
    y, x = read_arrays(tmp_path / "a.npz", ["y", "x"])
    assert x.tolist() == [0, 1, 2]
    assert y.tolist() == [1, 1]


def test_damaged_and_other_files_are_errors(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, x=np.arange(3), p=np.array([{}], object))
    with pytest.raises(ValueError, match=r"it has no y, z.*fetch it anew"):
        read_arrays(path, ["y", "x", "z"])
    with pytest.raises(ValueError, match="allow_pickle"):
        read_arrays(path, ["p"])
    whole = path.read_bytes()
    for damaged in (whole[:100], b"", b"text", whole[:60] + b"\0\0\0\0" + whole[64:]):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"read_arrays: .*a\.npz cannot be read"):
            read_arrays(path, ["x"])


def test_sequences_are_cut_at_their_offsets():
    values = np.arange(10).reshape(5, 2)
    parts = cut(values, np.array([0, 2, 2, 5], np.uint16))
    assert [part.tolist() for part in parts] == [
        [[0, 1], [2, 3]],
        [],
        [[4, 5], [6, 7], [8, 9]],
    ]


@pytest.mark.parametrize(
    ("offsets", "text"),
    [
        ([0, 3, 2, 5], "not ascending"),
        ([0, 4], "from 0 to 4"),
        ([1, 5], "from 1 to 5"),
        ([0], "not ascending"),
        ([[0, 5]], "an array of shape (1, 2)"),
    ],
)
def test_offsets_that_do_not_divide_the_steps_are_an_error(offsets, text):
    with pytest.raises(ValueError, match=re.escape(f"cut: offsets are {text}, expected")):
        cut(np.zeros(5), np.array(offsets))

"""Files of tensors and JSON: whole or not at all, and no byte changes unseen."""

import json
import os
import re
import stat
from pathlib import Path

import numpy as np
import pytest

from gatedcore import archive
from gatedcore.archive import SavedFileError

TENSORS = {
    "a/kernel": np.arange(6, dtype=np.float32).reshape(2, 3),
    "b": np.array([1.5, np.nan, -0.0]),
    "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "number": np.array(3, np.uint32),
    "empty": np.zeros((0, 4)),
}
CONTENT = {"text": 'a "quoted" \\"checksum\\":\\" \u00e9', "numbers": [1, 0.1, float("inf"), None]}


@pytest.fixture
def path(tmp_path):
    path = str(tmp_path / "file.safetensors")
    archive.write(path, "model", CONTENT, TENSORS)
    return path


def read(path):
    return archive.read("load_model", path, "model")


def test_what_is_written_is_read(path) -> None:
    content, tensors = read(path)
    assert {name: content[name] for name in CONTENT} == CONTENT
    assert (content["kind"], content["format_version"]) == ("model", archive.FORMAT_VERSION)
    assert set(tensors) == set(TENSORS)
    for name, array in TENSORS.items():
        assert tensors[name].shape == array.shape
        assert tensors[name].dtype == array.dtype
        assert tensors[name].tobytes() == array.tobytes()


def test_the_same_content_gives_the_same_bytes(path) -> None:
    data = Path(path).read_bytes()
    for _ in range(5):
        archive.write(path, "model", CONTENT, dict(reversed(TENSORS.items())))
        assert Path(path).read_bytes() == data


def test_others_can_read_the_tensors(path) -> None:
    from safetensors import safe_open

    with safe_open(path, "np") as file:
        assert set(file.keys()) == set(TENSORS)
        np.testing.assert_array_equal(file.get_tensor("a/kernel"), TENSORS["a/kernel"])
        assert json.loads(file.metadata()["gatedcore"])["kind"] == "model"


def test_every_byte_counts(path) -> None:
    data = Path(path).read_bytes()
    for position in range(len(data)):
        for bit in (1, 64):
            changed = bytearray(data)
            changed[position] ^= bit
            Path(path).write_bytes(changed)
            with pytest.raises(SavedFileError, match=r"file.safetensors"):
                read(path)


def test_every_cut_is_found(path) -> None:
    data = Path(path).read_bytes()
    for length in range(len(data)):
        Path(path).write_bytes(data[:length])
        with pytest.raises(SavedFileError, match=r"file.safetensors"):
            read(path)
    Path(path).write_bytes(data + b"\0")
    with pytest.raises(SavedFileError, match="damaged or cut off"):
        read(path)


def rewritten(path, **changes) -> None:
    """Write the file with another head, and a checksum that fits."""
    archive.write(path, "model", {**CONTENT, **changes}, TENSORS)


def test_newer_and_other_files_say_so(path, tmp_path) -> None:
    rewritten(path, format_version=archive.FORMAT_VERSION + 1)
    with pytest.raises(SavedFileError, match=r"has format version 2, expected at most 1; update"):
        read(path)
    rewritten(path, format_version="old")
    with pytest.raises(SavedFileError, match="is malformed"):
        read(path)
    rewritten(path)
    with pytest.raises(SavedFileError, match="holds model, expected weights or backup; use"):
        archive.read("load_weights", path, "weights", "backup")
    from safetensors.numpy import save_file

    foreign = str(tmp_path / "foreign.safetensors")
    save_file({"a": np.zeros(2)}, foreign)
    with pytest.raises(SavedFileError, match="not written by this library"):
        read(foreign)
    with pytest.raises(FileNotFoundError):
        read(str(tmp_path / "none.safetensors"))


def test_a_right_checksum_over_nonsense_is_an_error(path) -> None:
    data = bytearray(Path(path).read_bytes())
    end = 8 + int.from_bytes(data[:8], "little")
    start = archive._checksum_start(data, end)
    for old, new in ((b"F32", b"F33"), (b"__metadata__", b"__metadatb__"), (b'"b"', b'"b" ')):
        changed = bytearray(bytes(data).replace(old, new, 1))
        assert changed != data
        changed[start : start + 64] = archive._checksum(changed, start).encode()
        Path(path).write_bytes(changed)
        with pytest.raises(SavedFileError):
            read(path)


def test_an_error_leaves_the_old_file_and_no_other(path, monkeypatch) -> None:
    before = Path(path).read_bytes()

    def fail(*_: object) -> None:
        raise OSError("no space left")

    for name in ("fsync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(archive.os, name, fail)
            with pytest.raises(OSError, match="no space left"):
                archive.write(path, "model", {}, TENSORS)
        assert Path(path).read_bytes() == before
        assert os.listdir(os.path.dirname(path)) == ["file.safetensors"]
    with pytest.raises(TypeError):
        archive.write(path, "model", {"not": object()}, TENSORS)
    assert Path(path).read_bytes() == before


NOT_ON_WINDOWS = ("O_CLOEXEC", "O_DIRECTORY", "O_NOFOLLOW", "O_NONBLOCK", "fchmod", "fork")


def test_what_windows_lacks_is_not_needed(path, monkeypatch) -> None:
    for name in NOT_ON_WINDOWS:
        monkeypatch.delattr(os, name, raising=False)
    for number in range(2):
        archive.write(path, "model", {"number": number}, TENSORS)
        assert read(path)[0]["number"] == number
    assert os.listdir(os.path.dirname(path)) == ["file.safetensors"]


@pytest.mark.skipif(os.name == "nt", reason="Windows counts the characters of whole paths")
@pytest.mark.parametrize("letter", ["a", "\u00e9", "\U0001d11e"])
def test_names_as_long_as_file_systems_have(tmp_path, letter) -> None:
    size = len(letter.encode())
    path = tmp_path / (letter * ((255 - 12) // size) + ".safetensors")
    archive.write(str(path), "model", CONTENT, TENSORS)
    assert read(str(path))[1].keys() == TENSORS.keys()
    longer = str(tmp_path / f"{letter * 260}.safetensors")
    with pytest.raises(OSError, match="too long") as caught:
        archive.write(longer, "model", CONTENT, TENSORS)
    assert caught.value.filename == longer


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions and links")
def test_permissions_and_links_stay(path, tmp_path) -> None:
    os.chmod(path, 0o640)
    link = tmp_path / "link.safetensors"
    link.symlink_to(path)
    archive.write(str(link), "model", {"new": 1}, {})
    assert link.is_symlink()
    assert read(path)[0]["new"] == 1
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o640


def test_a_new_file_has_the_usual_permissions(tmp_path) -> None:
    (tmp_path / "usual").write_bytes(b"")
    archive.write(str(tmp_path / "new.safetensors"), "model", {}, {})
    modes = {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    assert len(modes) == 1


def test_folders_are_errors(tmp_path) -> None:
    (tmp_path / "folder.safetensors").mkdir()
    with pytest.raises(IsADirectoryError, match="is a folder, expected a file"):
        archive.write(str(tmp_path / "folder.safetensors"), "model", {}, {})
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*; make it first"):
        archive.write(str(tmp_path / "none" / "file.safetensors"), "model", {}, {})


@pytest.mark.parametrize("filepath", [3, None, b"model.safetensors"])
def test_a_path_is_a_path(filepath: object) -> None:
    with pytest.raises(TypeError, match="save: filepath has type"):
        archive.check_path("save", filepath)


@pytest.mark.parametrize("filepath", ["model", "model.keras", "model.h5", "model.safetensors.bak"])
def test_the_ending_names_the_format(filepath: str) -> None:
    with pytest.raises(ValueError, match=r"expected one that ends in .safetensors"):
        archive.check_path("save", filepath)


@pytest.mark.parametrize(
    ("filepath", "proposed"),
    [
        ("a/model.keras", "a/model.safetensors"),
        ("best.weights.h5", "best.safetensors"),
        ("w-{epoch:02d}-{loss:.2f}", "w-{epoch:02d}-{loss:.2f}.safetensors"),
    ],
)
def test_the_ending_of_another_library_is_replaced_in_advice(filepath: str, proposed: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"the only format; pass {proposed!r}")):
        archive.check_path("save", filepath)


def test_trees_give_their_arrays_and_get_them_back() -> None:
    tree = {"a": [1, {"b": np.arange(3)}], "c": np.ones(()), "d": None, "e": (2.5, "x")}
    tensors: archive.Tensors = {}
    plain = json.loads(json.dumps(archive.take_tensors(tree, "state", tensors)))
    assert set(tensors) == {"state/a/1/b", "state/c"}
    again = archive.give_tensors(plain, tensors)
    np.testing.assert_array_equal(again["a"][1]["b"], np.arange(3))
    assert (again["a"][0], again["d"], again["e"]) == (1, None, [2.5, "x"])
    with pytest.raises(KeyError):
        archive.give_tensors(plain, {})


def test_own_files_are_told_by_how_they_begin(tmp_path):
    from safetensors.numpy import save_file

    archive.write(str(tmp_path / "own"), "model", {}, {"a": np.ones(2)})
    save_file({"a": np.ones(2)}, tmp_path / "other", metadata={"format": "np"})
    (tmp_path / "empty").write_bytes(b"")
    assert [archive.is_own(str(tmp_path / name)) for name in ("own", "other", "empty")] == [
        True,
        False,
        False,
    ]

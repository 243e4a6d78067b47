"""Files of tensors and JSON: written whole or not at all, and every byte checked on reading.

docs/format.md describes them.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt

Tensors = dict[str, npt.NDArray[Any]]

SUFFIX = ".safetensors"
FORMAT_VERSION = 1
_KEY = "gatedcore"  # of the one entry in the metadata: several come in a random order
_UNSIGNED = "0" * 64  # stands in place of the checksum while that is computed
_MARK = rb"\"checksum\":\""  # as it stands in the header: JSON within a string of JSON
_TENSOR = "$tensor"


# What data raise that are of another form than those who read them expect.
MALFORMED = (
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    ArithmeticError,
    RecursionError,
)


class SavedFileError(ValueError):
    """A file that is truncated, damaged, newer than this library, or not what was asked for."""


def check_path(where: str, filepath: object) -> str:
    """Return the path of a file to write or read.

    Raises
    ------
    TypeError
        If it is no path.
    ValueError
        If it has another ending than the format's.
    """
    path = os.fspath(filepath) if isinstance(filepath, str | os.PathLike) else None
    if not isinstance(path, str):
        raise TypeError(
            f"{where}: filepath has type {type(filepath).__name__}, expected a path; "
            f"pass 'model{SUFFIX}', say"
        )
    if not path.endswith(SUFFIX):
        raise ValueError(
            f"{where}: filepath is {path!r}, expected one that ends in {SUFFIX}, the only format; "
            f"pass {_stem(path) + SUFFIX!r}"
        )
    return path


def _stem(path: str) -> str:
    """Return a path without the ending that other libraries' files have."""
    for ending in (".weights.h5", ".keras", ".h5", ".hdf5", ".ckpt", ".tf", ".pt", ".pth"):
        if path.endswith(ending):
            return path.removesuffix(ending)
    return path


def write(path: str, kind: str, content: Mapping[str, Any], tensors: Tensors) -> None:
    """Write a file in place of the one that may be there.

    Parameters
    ----------
    path : str
        Where; after an error what was there is as it was.
    kind : str
        What the file holds, such as ``model``.
    content : mapping
        Data for JSON.
    tensors : dict
        Arrays by name.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    import json

    from safetensors.numpy import save

    head = {"checksum": _UNSIGNED, "format_version": FORMAT_VERSION, "kind": kind}
    text = json.dumps({**head, **content}, separators=(",", ":"))
    plain = {name: np.asarray(array, order="C") for name, array in tensors.items()}
    data = bytearray(save(plain, metadata={_KEY: text}))
    start = _checksum_start(data, 8 + int.from_bytes(data[:8], "little"))
    assert start is not None
    data[start : start + 64] = _checksum(data, start).encode()
    write_whole(path, data)


def read(where: str, path: str, *kinds: str) -> tuple[dict[str, Any], Tensors]:
    """Return what ``write`` was given.

    Parameters
    ----------
    where : str
        Public function, for errors.
    path : str
        The file.
    *kinds : str
        What it may hold.

    Raises
    ------
    OSError
        If it cannot be read.
    SavedFileError
        If it is damaged, newer, or holds something else.
    """
    with open(path, "rb") as file:
        data = file.read()
    return parse(where, path, data, *kinds)


def parse(where: str, path: str, data: bytes, *kinds: str) -> tuple[dict[str, Any], Tensors]:
    """Return what ``write`` was given, of the bytes that it wrote to ``path``.

    Raises
    ------
    SavedFileError
        As ``read``.
    """
    import json

    from safetensors import SafetensorError
    from safetensors.numpy import load

    def error(what: str, expected: str, advice: str) -> SavedFileError:
        return SavedFileError(f"{where}: {path} {what}, expected {expected}; {advice}")

    end = 8 + int.from_bytes(data[:8], "little")
    again = "take a copy of it, or save it again"
    if kinds == ("backup",):
        again = "take a copy of it, or remove it to start anew"
    if len(data) < 8 or len(data) < end:
        whole = "a file of this library" if len(data) < 8 else f"more than {end}"
        raise error(f"holds {len(data)} bytes", whole, f"it is cut off or no such file: {again}")
    start = _checksum_start(data, end)
    if start is None:
        what = "is damaged or was not written by this library"
        raise error(what, "a file of model.save or save_weights", again)
    if data[start : start + 64] != _checksum(data, start).encode():
        raise error("is damaged or cut off", "the checksum that it was written with", again)
    try:
        content = json.loads(json.loads(data[8:end])["__metadata__"][_KEY])
        version, kind = content["format_version"], content["kind"]
        if version > FORMAT_VERSION:
            raise error(
                f"has format version {version}",
                f"at most {FORMAT_VERSION}",
                "update gatedcore to read it",
            )
        if kind not in kinds:
            raise error(f"holds {kind}", " or ".join(kinds), "use the function for that")
        return content, load(data)
    except SavedFileError:
        raise
    except (*MALFORMED, SafetensorError) as cause:
        # The checksum is right, so somebody made it so.
        raise error(f"is malformed ({cause})", "a file of this library", again) from None


def is_own(path: str) -> bool:
    """Return whether a file begins as those of this library do, and not as other safetensors.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    with open(path, "rb") as file:
        return f'"__metadata__":{{"{_KEY}":'.encode() in file.read(64)


def check_target(path: str) -> str:
    """Return the full path of a file to be written, of a link where that leads.

    Raises
    ------
    OSError
        If it is a folder, or would lie in one that is not there.
    """
    target = os.path.realpath(path)
    folder = os.path.dirname(target)
    if os.path.isdir(target):
        raise IsADirectoryError(f"{path} is a folder, expected a file; choose another name")
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"{path}: there is no folder {folder}; make it first")
    return target


def write_whole(path: str, data: bytes | bytearray) -> None:
    """Write a file so that at any moment, whatever happens, the old one or the new one is there.

    Raises
    ------
    OSError
        If it cannot be written; the old one is as it was.
    """
    target = check_target(path)
    folder, name = os.path.split(target)
    temporary = os.path.join(folder, f"{temporary_prefix(name)}{os.urandom(6).hex()}")
    try:
        with open(temporary, "xb") as file:
            with suppress(FileNotFoundError):
                os.chmod(temporary, stat.S_IMODE(os.stat(target).st_mode))
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException as error:
        with suppress(OSError):
            os.unlink(temporary)
        if not isinstance(error, OSError) or error.errno is None:
            raise
        if error.filename not in (None, temporary):
            raise
        raise OSError(error.errno, error.strerror, path) from None  # a full disk, say
    if not hasattr(os, "O_DIRECTORY"):  # Windows opens no folders
        return
    entry = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(entry)  # the name itself survives a loss of power from here on
    finally:
        os.close(entry)


def temporary_prefix(name: str) -> str:
    """Return how the names of unfinished files begin, which only a killed process leaves."""
    # Of a long name the beginning: 50 characters, of at most 4 bytes each, and 25 more for the
    # rest fit into the 255 bytes that file systems give a name.
    return f".{name[:50]}.unfinished-"


def take_tensors(tree: Any, name: str, tensors: Tensors) -> Any:
    """Return nested dicts and lists with references in place of arrays, which go to ``tensors``."""
    if isinstance(tree, np.ndarray):
        tensors[name] = tree
        return {_TENSOR: name}
    if isinstance(tree, Mapping):
        return {key: take_tensors(value, f"{name}/{key}", tensors) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [take_tensors(value, f"{name}/{i}", tensors) for i, value in enumerate(tree)]
    return tree


def give_tensors(tree: Any, tensors: Tensors) -> Any:
    """Return nested dicts and lists with the arrays that ``take_tensors`` took out.

    Raises
    ------
    KeyError
        If one is missing.
    """
    if isinstance(tree, Mapping):
        if set(tree) == {_TENSOR}:
            return tensors[tree[_TENSOR]]
        return {key: give_tensors(value, tensors) for key, value in tree.items()}
    if isinstance(tree, list):
        return [give_tensors(value, tensors) for value in tree]
    return tree


def _checksum_start(data: bytes | bytearray, end: int) -> int | None:
    """Return where in the header, which ends at ``end``, the checksum stands."""
    found = data.find(_MARK, 8, end)
    start = found + len(_MARK)
    return None if found < 0 or start + 64 > end else start


def _checksum(data: bytes | bytearray, start: int) -> str:
    """Return the SHA-256 of all bytes, those of the checksum itself counted as zeros."""
    import hashlib

    view = memoryview(data)
    digest = hashlib.sha256(view[:start])
    digest.update(_UNSIGNED.encode())
    digest.update(view[start + 64 :])
    return digest.hexdigest()

"""Film reviews of IMDB as word numbers, with their verdicts."""

import gzip
import json
import os
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gatedcore.checks import check_bool, check_count
from gatedcore.preprocessing.ragged import Ragged

Sequences = npt.NDArray[np.object_]
Labels = npt.NDArray[np.int64]

_SOURCE = (
    "the data are Maas et al. (2011), ai.stanford.edu/~amaas/data/sentiment; Keras keeps its copy "
    "as ~/.keras/datasets/imdb.npz"
)


def load_data(
    path: str | os.PathLike[str] = "imdb.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int = 3,
    *,
    allow_pickle: bool = False,
) -> tuple[tuple[Sequences, Labels], tuple[Sequences, Labels]]:
    """Read the reviews from a file.

    A word's number is its rank by frequency plus ``index_from``; 0 is free for padding.

    Parameters
    ----------
    path : str or Path
        A ``.npz`` file; nothing is downloaded. A bare name that is not here is looked for where
        Keras keeps its files, ``~/.keras/datasets``. It holds ``x_train``, ``y_train``,
        ``x_test`` and ``y_test`` as Keras's does, or, readable without pickle,
        ``train_tokens``, ``train_offsets`` and ``train_y``, and the same for ``test``: review
        ``i`` is ``tokens[offsets[i]:offsets[i + 1]]``.
    num_words : int, optional
        Numbers from here on become ``oov_char``; by default none.
    skip_top : int
        So do numbers below this one.
    maxlen : int, optional
        Reviews of so many words or more are left out, the start mark counted.
    seed : int
        Of the order; on the same file it is Keras's.
    start_char : int, optional
        Put before each review; None for nothing.
    oov_char : int, optional
        Stands for the words that are left out; None for nothing in their place.
    index_from : int
        Added to each rank.
    allow_pickle : bool
        Whether to read a file of pickled arrays, as Keras's is. Such a file can run any code: allow
        it for one that you trust.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)
        Each x an array of objects (N,), which are int arrays (T,); in Keras they are lists. Each y
        (N,), 1 for praise.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    TypeError, ValueError
        If an argument is out of range, the file is no such file or damaged, or ``maxlen`` leaves
        no review.

    References
    ----------
    ``keras.datasets.imdb.load_data``.
    """
    where = "imdb.load_data"
    limit = None if num_words is None else check_count(where, "num_words", num_words)
    skip = check_count(where, "skip_top", skip_top, 0)
    longest = None if maxlen is None else check_count(where, "maxlen", maxlen)
    number = check_count(where, "seed", seed, 0)
    start = None if start_char is None else check_count(where, "start_char", start_char, 0)
    unknown = None if oov_char is None else check_count(where, "oov_char", oov_char, 0)
    shift = check_count(where, "index_from", index_from, 0)
    trusted = check_bool(where, "allow_pickle", allow_pickle)
    parts = _read(where, _found(path), trusted)
    # Keras's own order: its generator, and one draw after the other.
    rng = np.random.RandomState(number)
    result = []
    for name, (reviews, labels) in parts.items():
        order = np.arange(len(reviews))
        rng.shuffle(order)
        encoded = _encode(reviews, order, start, shift)
        kept = np.arange(len(order))
        if longest is not None:
            kept = np.flatnonzero(encoded.lengths < longest)
            if not len(kept):
                raise ValueError(
                    f"{where}: maxlen={longest} leaves no review of the {name} part, expected at "
                    "least one; raise it"
                )
        result.append((_words_in_range(encoded, kept, skip, limit, unknown), labels[order][kept]))
    return result[0], result[1]


def get_word_index(path: str | os.PathLike[str] = "imdb_word_index.json") -> dict[str, int]:
    """Read the words and their ranks; ``load_data`` adds ``index_from`` to a rank.

    Parameters
    ----------
    path : str or Path
        Keras's JSON file, or a text, ``.gz`` too, with the word of rank 1 in its first line and so
        on; nothing is downloaded, and it is looked for as ``load_data`` does.

    Returns
    -------
    dict of str to int
        The rank of each word, from 1 on.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no such file or damaged.

    References
    ----------
    ``keras.datasets.imdb.get_word_index``.
    """
    where, file = "imdb.get_word_index", _found(path)
    try:
        raw = file.read_bytes()
        text = (gzip.decompress(raw) if file.suffix == ".gz" else raw).decode()
        if not file.name.endswith((".json", ".json.gz")):
            words = text.removesuffix("\n").split("\n")  # splitlines cuts at U+0085
            return {word: rank for rank, word in enumerate(words, start=1)}
        index = json.loads(text)
        if not isinstance(index, dict) or not all(type(rank) is int for rank in index.values()):
            raise ValueError("it holds no ranks by word")
    except FileNotFoundError:
        raise FileNotFoundError(
            f"{where}: there is no file {file}, expected the words of the reviews; Keras keeps "
            "its copy as ~/.keras/datasets/imdb_word_index.json"
        ) from None
    except (ValueError, RecursionError, EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(
            f"{where}: {file} cannot be read ({error}), expected JSON or one word a line; "
            "fetch it anew"
        ) from error
    return index


def _found(path: str | os.PathLike[str]) -> Path:
    """Return a path, or that of Keras's copy if it is a bare name and there is no such file."""
    given = Path(path)
    home = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser()
    kept = home / "datasets" / given
    bare = given.name == str(path)
    return kept if bare and not given.exists() and kept.exists() else given


def _read(where: str, path: Path, trusted: bool) -> dict[str, tuple[Ragged, Labels]]:
    """Return the raw ranks and labels of both parts."""
    try:
        stream = path.open("rb")
    except FileNotFoundError:
        raise FileNotFoundError(
            f"{where}: there is no file {path}, expected the reviews; {_SOURCE}"
        ) from None
    try:
        with stream:
            if not zipfile.is_zipfile(stream):
                raise ValueError("it is no whole .npz file")
            stream.seek(0)
            with np.load(stream, allow_pickle=trusted) as file:
                names = set(file)
                if {f"{n}_{p}" for p in _PARTS for n in "xy"} <= names:
                    return {part: _listed_part(file, part) for part in _PARTS}
                if {f"{p}_{n}" for p in _PARTS for n in _FLAT} <= names:
                    return {part: _flat_part(file, part) for part in _PARTS}
            raise ValueError(f"it holds {', '.join(sorted(names))}")
    except Exception as error:  # for a damaged file zipfile and NumPy raise a dozen kinds
        if isinstance(error, ValueError) and "allow_pickle" in str(error):
            raise ValueError(
                f"{where}: {path} holds pickled arrays, which run any code that is in them as they "
                "are read, expected arrays without; pass allow_pickle=True if you trust the file, "
                "as one that Keras has downloaded and checked"
            ) from None
        raise ValueError(
            f"{where}: {path} cannot be read ({error}), expected the reviews as load_data "
            f"describes them; fetch the file anew: {_SOURCE}"
        ) from error


_PARTS = ("train", "test")
_FLAT = ("tokens", "offsets", "y")


def _flat_part(file: Mapping[str, Any], part: str) -> tuple[Ragged, Labels]:
    """Return a part that is stored flat, with offsets."""
    tokens, offsets, labels = (file[f"{part}_{name}"] for name in _FLAT)
    for array in (tokens, offsets, labels):
        if array.ndim != 1 or array.dtype.kind not in "iu":
            raise ValueError(f"{part} holds an array of {array.dtype} with {array.ndim} axes")
    steps = np.diff(offsets.astype(np.int64))
    if len(steps) != len(labels) or not len(labels):
        raise ValueError(f"{part} has {len(labels)} labels for {len(steps)} reviews")
    if offsets[0] or offsets[-1] != len(tokens) or (steps < 0).any():
        raise ValueError(f"{part}_offsets do not divide its {len(tokens)} tokens")
    return Ragged(tokens, offsets.astype(np.intp)), labels.astype(np.int64)


def _listed_part(file: Mapping[str, Any], part: str) -> tuple[Ragged, Labels]:
    """Return a part that is stored as lists."""
    labels = np.asarray(file[f"y_{part}"]).astype(np.int64)
    reviews = Ragged.of(f"x_{part}", file[f"x_{part}"], np.dtype(np.int32))
    if len(labels) != len(reviews) or not len(labels):
        raise ValueError(f"{part} has {len(labels)} labels for {len(reviews)} reviews")
    return reviews, labels


def _encode(reviews: Ragged, order: npt.NDArray[np.intp], start: int | None, shift: int) -> Ragged:
    """Return the reviews in another order, with their start marks, ranks shifted."""
    extra = 0 if start is None else 1
    offsets = np.zeros(len(order) + 1, np.intp)
    np.cumsum(reviews.lengths[order] + extra, out=offsets[1:])
    values = np.empty(offsets[-1], np.int32)
    for begin, k in zip(offsets[:-1].tolist(), order.tolist(), strict=True):
        review = reviews.values[reviews.offsets[k] : reviews.offsets[k + 1]]
        values[begin + extra : begin + extra + len(review)] = review
    values += shift
    if start is not None:
        values[offsets[:-1]] = start
    return Ragged(values, offsets)


def _words_in_range(
    reviews: Ragged, rows: npt.NDArray[np.intp], low: int, high: int | None, unknown: int | None
) -> Sequences:
    """Return some reviews as objects; words outside [low, high) are replaced, or left out."""
    values = reviews.values
    inside = (values >= low) & (values < (np.inf if high is None else high))
    if unknown is not None:
        values = np.where(inside, values, np.int32(unknown))
    found = np.empty(len(rows), object)
    for place, k in enumerate(rows.tolist()):
        part = slice(reviews.offsets[k], reviews.offsets[k + 1])
        found[place] = values[part] if unknown is not None else values[part][inside[part]]
    return found

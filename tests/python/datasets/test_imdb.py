import gzip
import json
import os
import pickle
import re
from pathlib import Path

import numpy as np
import pytest

from gatedcore.datasets import imdb
from gatedcore.preprocessing import pad_sequences

REVIEWS = {
    "train": [[1, 2, 3], [4, 5], [6], [1, 9, 9, 9]],
    "test": [[2], [7, 8, 1], [3, 3]],
}
DEFAULTS = (None, 0, None, 113, 1, 2, 3)  # those of load_data
LABELS = {"train": [1, 0, 1, 0], "test": [0, 1, 0]}


def objects(rows: list[list[int]]) -> np.ndarray:
    made = np.empty(len(rows), object)
    made[:] = rows
    return made


def write(path: Path, **change: object) -> Path:
    """Write a file that is read without pickle."""
    arrays: dict[str, object] = {}
    for part, rows in REVIEWS.items():
        arrays[f"{part}_tokens"] = np.concatenate(rows).astype(np.uint16)
        arrays[f"{part}_offsets"] = np.cumsum([0, *map(len, rows)]).astype(np.int32)
        arrays[f"{part}_y"] = np.array(LABELS[part], np.uint8)
    np.savez(path, **{k: v for k, v in {**arrays, **change}.items() if v is not None})
    return path


def write_as_keras(path: Path) -> Path:
    arrays = {f"x_{part}": objects(rows) for part, rows in REVIEWS.items()}
    np.savez(path, **arrays, **{f"y_{part}": np.array(y) for part, y in LABELS.items()})
    return path


def plain(
    num_words: int | None, skip_top: int, maxlen: int | None, seed: int,
    start_char: int | None, oov_char: int | None, index_from: int,
) -> list[tuple[list[list[int]], list[int]]]:  # fmt: skip
    """Return the same after the words of Keras's documentation: lists and loops."""
    rng, result = np.random.RandomState(seed), []
    for part, rows in REVIEWS.items():
        order = np.arange(len(rows))
        rng.shuffle(order)
        x, y = [], []
        for k in order:
            review = ([] if start_char is None else [start_char]) + [
                rank + index_from for rank in rows[k]
            ]
            if maxlen is not None and len(review) >= maxlen:
                continue
            seen = []
            for word in review:
                if skip_top <= word and (num_words is None or word < num_words):
                    seen.append(word)
                elif oov_char is not None:
                    seen.append(oov_char)
            x.append(seen)
            y.append(LABELS[part][k])
        result.append((x, y))
    return result


@pytest.mark.parametrize("layout", [write, write_as_keras])
@pytest.mark.parametrize(
    "change",
    [
        {},
        {"num_words": 7},
        {"num_words": 9, "skip_top": 5},
        {"num_words": 7, "oov_char": None},
        {"maxlen": 4},
        {"maxlen": 4, "start_char": None, "index_from": 0},
        {"seed": 7, "index_from": 1},
    ],
)
def test_as_a_plain_loop_reads_it(tmp_path: Path, layout: object, change: dict) -> None:
    names = ["num_words", "skip_top", "maxlen", "seed", "start_char", "oov_char", "index_from"]
    options = {**dict(zip(names, DEFAULTS, strict=True)), **change}
    found = imdb.load_data(layout(tmp_path / "imdb.npz"), **change, allow_pickle=True)
    for (x, y), (x_plain, y_plain) in zip(found, plain(**options), strict=True):
        assert (x.dtype, y.dtype) == (object, np.int64)
        assert [row.tolist() for row in x] == x_plain
        assert y.tolist() == y_plain


def test_keras_file_is_refused_unless_trusted(tmp_path: Path) -> None:
    path = write_as_keras(tmp_path / "imdb.npz")
    with pytest.raises(ValueError, match=r"imdb.npz holds pickled arrays, which run any code.*; "
                       r"pass allow_pickle=True if you trust the file"):  # fmt: skip
        imdb.load_data(path)


def test_nothing_in_a_file_is_run(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple:
            return (os.mkdir, (str(tmp_path / "boom"),))

    arrays = {name: objects([Bomb(), Bomb()]) for name in ("x_train", "x_test")}
    np.savez(tmp_path / "imdb.npz", **arrays, y_train=[0, 1], y_test=[0, 1])
    (tmp_path / "bare.npz").write_bytes(pickle.dumps(Bomb()))
    for name in ("imdb.npz", "bare.npz"):
        with pytest.raises(ValueError, match=r"imdb.load_data: .*expected"):
            imdb.load_data(tmp_path / name)
    assert not (tmp_path / "boom").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"train_y": None}, "it holds test_offsets, test_tokens, test_y, train_offsets, train_to"),
        ({"train_y": np.zeros(3, int)}, "train has 3 labels for 4 reviews"),
        ({"test_offsets": np.array([0, 1, 4, 9])}, "test_offsets do not divide its 6 tokens"),
        ({"test_offsets": np.array([0, 4, 1, 6])}, "test_offsets do not divide its 6 tokens"),
        ({"test_offsets": np.array([1, 2, 4, 6])}, "test_offsets do not divide its 6 tokens"),
        ({"test_tokens": np.zeros(6)}, "test holds an array of float64 with 1 axes"),
        ({"train_tokens": np.zeros((10, 1), int)}, "train holds an array of int64 with 2 axes"),
    ],
)
def test_files_that_do_not_fit(tmp_path: Path, change: dict, message: str) -> None:
    path = write(tmp_path / "imdb.npz", **change)
    with pytest.raises(ValueError, match=re.escape(f"{path} cannot be read ({message}")):
        imdb.load_data(path)


def test_damaged_files(tmp_path: Path) -> None:
    whole = write(tmp_path / "imdb.npz").read_bytes()
    path = tmp_path / "damaged.npz"
    rng = np.random.default_rng(0)
    for cut in [0, 1, 10, *rng.integers(11, len(whole), size=40).tolist()]:
        path.write_bytes(whole[:cut])
        with pytest.raises(ValueError, match=r"\(it is no whole .npz file\), expected the reviews"):
            imdb.load_data(path)
    refused = 0
    for place in rng.integers(len(whole), size=300).tolist():
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        message = ""
        try:
            found = imdb.load_data(path)
        except ValueError as error:
            message = str(error)
            refused += 1
        if message:
            assert message.startswith("imdb.load_data: ")
        else:  # in the archive's dates, say
            assert [row.tolist() for row in found[0][0]] == plain(*DEFAULTS)[0][0]
    assert refused > 100


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"imdb.load_data: there is no file .*Maas et al"):
        imdb.load_data(tmp_path / "none.npz")
    with pytest.raises(FileNotFoundError, match=r"imdb.get_word_index: there is no file"):
        imdb.get_word_index(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"num_words": 0}, ValueError, "num_words is 0, expected"),
        ({"skip_top": -1}, ValueError, "skip_top is -1, expected"),
        ({"maxlen": 1.5}, TypeError, "maxlen is 1.5, expected"),
        ({"maxlen": 1}, ValueError, "maxlen=1 leaves no review of the train part, expected at"),
        ({"seed": None}, TypeError, "seed is None, expected"),
        ({"start_char": "a"}, TypeError, "start_char is 'a', expected"),
        ({"oov_char": -1}, ValueError, "oov_char is -1, expected"),
        ({"index_from": -1}, ValueError, "index_from is -1, expected"),
        ({"allow_pickle": 1}, TypeError, "allow_pickle is 1, expected True or False"),
    ],
)
def test_bad_arguments(tmp_path: Path, change: dict, error: type[Exception], message: str) -> None:
    path = write(tmp_path / "imdb.npz")
    with pytest.raises(error, match="imdb.load_data: " + re.escape(message)):
        imdb.load_data(path, **change)


def test_words_and_ranks(tmp_path: Path) -> None:
    ranks = {"the": 1, "and": 2, "é": 3}
    files = {
        "index.json": json.dumps(ranks).encode(),
        "index.json.gz": gzip.compress(json.dumps(ranks).encode()),
        "words.txt": "the\nand\né\n".encode(),
        "words.txt.gz": gzip.compress("the\nand\né".encode()),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        assert imdb.get_word_index(tmp_path / name) == ranks
    (tmp_path / "odd.txt").write_text("a\n\x85\nb\n", encoding="utf-8")
    assert imdb.get_word_index(tmp_path / "odd.txt") == {"a": 1, "\x85": 2, "b": 3}
    for name, content in (
        ("a.json", b"{"), ("b.json", b"[1]"), ("c.json", b'{"the": "1"}'),
        ("d.txt", b"\xff"), ("e.txt.gz", b"text"), ("f.txt.gz", files["words.txt.gz"][:-4]),
    ):  # fmt: skip
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=r"imdb.get_word_index: .* cannot be read"):
            imdb.get_word_index(tmp_path / name)


def data_folder() -> Path:
    root = Path(__file__).resolve().parents[3]
    return Path(os.environ.get("GATEDCORE_DATA", root.parent / "shared" / "data"))


def test_the_real_reviews() -> None:
    folder = data_folder()
    if not (folder / "imdb_tokens.npz").exists():
        pytest.skip(f"{folder}/imdb_tokens.npz is absent; GATEDCORE_DATA names its folder")
    (x_train, y_train), (x_test, y_test) = imdb.load_data(
        folder / "imdb_tokens.npz", num_words=10000
    )
    assert (len(x_train), len(x_test)) == (25000, 25000)
    assert y_train.mean() == y_test.mean() == 0.5
    assert max(review.max() for review in x_train) == 9999
    assert all(review[0] == 1 for review in x_test)
    assert len(x_train[0]) > 10
    padded = pad_sequences(x_train[:100], maxlen=200)
    assert padded.shape == (100, 200)
    words = imdb.get_word_index(folder / "imdb_vocab.txt.gz")
    assert words["the"] == 1
    by_number = {rank + 3: word for word, rank in words.items()}
    text = " ".join(by_number.get(int(number), "?") for number in x_train[0][1:])
    assert len(set(text.split()) & {"the", "a", "and", "of", "to"}) >= 3


def test_a_bare_name_is_looked_for_where_keras_keeps_its_files(tmp_path, monkeypatch) -> None:
    folder = tmp_path / "home" / "datasets"
    folder.mkdir(parents=True)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"there is no file imdb\.npz"):
        imdb.load_data()
    write_as_keras(folder / "imdb.npz")
    (folder / "imdb_word_index.json").write_text('{"the": 1}')
    with pytest.raises(ValueError, match="allow_pickle"):
        imdb.load_data()
    (x, _), _ = imdb.load_data(allow_pickle=True)
    assert len(x) == 4
    assert imdb.get_word_index() == {"the": 1}
    write(tmp_path / "imdb.npz", train_y=np.zeros(4, np.uint8))  # what is here comes first
    assert not imdb.load_data()[0][1].any()
    with pytest.raises(FileNotFoundError):
        imdb.load_data(tmp_path / "none" / "imdb.npz")

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from gatedcore.preprocessing import TextVectorization

TEXTS = ["The cat sat.", "The dog; the CAT!", "a bird"]


def adapted(**options: object) -> TextVectorization:
    vectorize = TextVectorization(**options)
    vectorize.adapt(TEXTS)
    return vectorize


def test_words_by_frequency_and_ties_as_keras_orders_them() -> None:
    vectorize = adapted()
    assert vectorize.get_vocabulary() == ["", "[UNK]", "the", "cat", "sat", "dog", "bird", "a"]
    assert vectorize.get_vocabulary(include_special_tokens=False)[0] == "the"
    assert vectorize.vocabulary_size() == 8
    numbers = vectorize(["the unknown CAT", "bird"])
    assert numbers.dtype == np.int64
    assert numbers.tolist() == [[2, 1, 3], [6, 0, 0]]


def test_against_a_plain_count() -> None:
    rng = np.random.default_rng(0)
    words = np.array([f"w{k}" for k in range(40)])
    texts = [" ".join(rng.choice(words, size=rng.integers(0, 30))) for _ in range(100)]
    vectorize = TextVectorization(max_tokens=20)
    vectorize.adapt(iter(texts))
    counts = Counter(" ".join(texts).split())
    expected = sorted(counts, key=lambda w: (counts[w], w), reverse=True)[:18]
    assert vectorize.get_vocabulary(False) == expected
    for one, row in zip(texts, vectorize(texts), strict=True):
        known = [expected.index(w) + 2 if w in expected else 1 for w in one.split()]
        assert row.tolist() == known + [0] * (len(row) - len(known))


def test_length_and_shapes() -> None:
    vectorize = adapted(output_sequence_length=2)
    assert vectorize(TEXTS).tolist() == [[2, 3], [2, 5], [7, 6]]
    assert vectorize("bird").tolist() == [6, 0]
    assert vectorize([["bird"], ["a"]]).tolist() == [[6, 0], [7, 0]]
    assert vectorize(np.array(["bird"])).tolist() == [[6, 0]]
    assert vectorize([]).shape == (0, 2)
    assert adapted()(["", "a"]).tolist() == [[0], [7]]
    assert adapted()("").shape == (0,)


@pytest.mark.parametrize(
    ("options", "vocabulary"),
    [
        ({"standardize": "lower", "split": "whitespace"}, ["b!", "a"]),
        ({"standardize": "strip_punctuation"}, ["b", "a", "B"]),
        ({"standardize": None}, ["b!", "a", "B!"]),
        ({"standardize": str.upper}, ["B!", "A"]),
        ({"split": "character"}, ["b", "a", " "]),
        ({"split": None}, ["b a", "b"]),
        ({"standardize": None, "split": lambda one: one.split("!")}, ["b", "B", " a"]),
    ],
)
def test_standardize_and_split(options: dict, vocabulary: list[str]) -> None:
    vectorize = TextVectorization(**options)
    vectorize.adapt(["b! a", "B!"])
    assert vectorize.get_vocabulary(False) == vocabulary


def test_a_vocabulary_that_is_given(tmp_path: Path) -> None:
    words = ["earth", "wind", "and", "fire"]
    path = tmp_path / "words.txt"
    path.write_text("\n".join(words) + "\n")
    for given in (words, ["", "[UNK]", *words], np.array(words), path, str(path)):
        vectorize = TextVectorization(vocabulary=given)
        assert vectorize.get_vocabulary() == ["", "[UNK]", *words]
        assert vectorize("fire and water").tolist() == [5, 4, 1]
    with pytest.raises(FileNotFoundError):
        TextVectorization(vocabulary=tmp_path / "none.txt")


@pytest.mark.parametrize(
    ("data", "message"),
    [(b"earth\n\xff\xfe", "is no UTF-8 text .*; convert it first"), (b"a\na", "has 'a' twice")],
)
def test_a_file_that_is_no_vocabulary(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "words.txt"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=rf"set_vocabulary: .*words\.txt {message}"):
        TextVectorization(vocabulary=path)


def test_configs() -> None:
    vectorize = adapted(max_tokens=5, split="character")
    copy = TextVectorization.from_config(vectorize.get_config())
    assert copy.get_config() == vectorize.get_config()
    assert copy(TEXTS).tolist() == vectorize(TEXTS).tolist()
    assert TextVectorization.from_config(TextVectorization().get_config()).vocabulary_size() == 2
    with pytest.raises(ValueError, match=r"get_config: split is a function, expected a name"):
        adapted(split=str.split).get_config()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"max_tokens": 2}, ValueError, "max_tokens is 2, expected an integer of at least 3"),
        ({"standardize": "upper"}, ValueError, "standardize is 'upper', expected None, a function"),
        ({"split": 3}, ValueError, "split is 3, expected None, a function or one of whitespace"),
        ({"output_sequence_length": 0}, ValueError, "output_sequence_length is 0, expected"),
        ({"ngrams": 2}, ValueError, "ngrams=2 is not supported, expected None"),
        ({"output_mode": "count"}, ValueError, "output_mode='count' is not supported, expected"),
        ({"colour": 1}, TypeError, "got an unknown argument 'colour'"),
        ({"vocabulary": 3}, TypeError, "data has type int, expected several texts"),
        ({"vocabulary": ["a", 3]}, TypeError, "a text has type int, expected str"),
        ({"vocabulary": ["a", "b", "a"]}, ValueError, "vocabulary has 'a' twice, expected differ"),
        ({"vocabulary": []}, ValueError, "vocabulary has 0 words, '' or '[UNK]' among them or"),
        ({"vocabulary": ["a", ""]}, ValueError, "vocabulary has 2 words, '' or '[UNK]' among"),
        (
            {"vocabulary": ["a", "b"], "max_tokens": 3},
            ValueError,
            "vocabulary has 2 words, expected at most max_tokens - 2 = 1",
        ),
    ],
)
def test_bad_arguments(arguments: dict, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=r"TextVectorization.*: " + re.escape(message)):
        TextVectorization(**arguments)


def test_neutral_arguments_of_keras_pass() -> None:
    TextVectorization(ngrams=None, output_mode="int", pad_to_max_tokens=False, ragged=False)


def test_bad_texts_change_nothing() -> None:
    vectorize = adapted()
    before = vectorize.get_vocabulary()
    for data, error, message in (
        ("one text", TypeError, "data has type str, expected several texts"),
        (3, TypeError, "data has type int, expected several texts"),
        (["a", b"b"], TypeError, "a text has type bytes, expected str; decode bytes"),
        ([["a", "b"]], TypeError, "a text has type list, expected str"),
        ([], ValueError, "data holds no word, expected some"),
        (["...", ""], ValueError, "data holds no word, expected some"),
    ):
        with pytest.raises(error, match="TextVectorization.adapt: " + re.escape(message)):
            vectorize.adapt(data)
    assert vectorize.get_vocabulary() == before
    with pytest.raises(TypeError, match="TextVectorization: a text has type int, expected str"):
        vectorize([3])
    with pytest.raises(ValueError, match="TextVectorization: there is no vocabulary yet, expected"):
        TextVectorization()(["a"])
    with pytest.raises(TypeError, match="split returned 'a', expected a list of words"):
        TextVectorization(split=lambda one: one).adapt(["a"])

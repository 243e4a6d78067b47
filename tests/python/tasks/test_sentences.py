"""Sentences as numbers: ranks, marks, and which are held out."""

import gzip

import numpy as np
import pytest

from gatedcore.tasks import sentences


def test_words_are_ranked_by_how_often_they_come():
    ranks = sentences.rank_words(["a good film", "A film, it's a film"])
    assert ranks == {"a": 1, "film": 2, "good": 3, "it's": 4}


def test_unknown_words_and_the_start_mark():
    ranks = {"good": 5, "rare": 20}
    numbers = sentences.encode("Good grief, rare", ranks, 23)
    unknown = sentences.UNKNOWN
    assert numbers == [sentences.START, 5 + sentences.INDEX_FROM, unknown, unknown]


def test_a_tenth_is_held_out_and_its_words_are_not_ranked(tmp_path):
    for name, packed in (("good.txt", False), ("bad.txt.gz", True)):
        raw = "".join(f"{name[:3]} n{name[0]}{k}\n" for k in range(30)).encode()
        (tmp_path / name).write_bytes(gzip.compress(raw) if packed else raw)
    files = tmp_path / "good.txt", tmp_path / "bad.txt.gz"
    (x, y), (unseen, expected), ranks = sentences.load(*files, 100, seed=0)
    assert (len(x), len(unseen), len(ranks)) == (54, 6, 2 + 54)
    assert 20 < y.sum() < 34
    for numbers, label in zip(x + unseen, np.concatenate([y, expected]), strict=True):
        assert numbers[1] == ranks["goo" if label else "bad"] + sentences.INDEX_FROM
    assert all(numbers[2] == sentences.UNKNOWN for numbers in unseen)
    assert sentences.load(*files, 100, seed=0)[0][0] == x
    assert sentences.load(*files, 100, seed=1)[0][0] != x


@pytest.mark.parametrize("texts", [("a\nb\n", "c\n"), ("a\n" * 20, "\n")])
def test_too_few_sentences_are_an_error(tmp_path, texts):
    for name, text in zip(("p", "c"), texts, strict=True):
        (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=r"lines and .* expected at least 10 in all and one in"):
        sentences.load(tmp_path / "p", tmp_path / "c", 10, 0)

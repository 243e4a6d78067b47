"""Sentences as numbers of their words, as those of ``datasets.imdb``."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gatedcore.tasks.files import read_text

START, UNKNOWN, INDEX_FROM = 1, 2, 3  # of datasets.imdb
HELD_OUT = 0.1  # of the sentences, to judge by

Labelled = tuple[list[list[int]], npt.NDArray[Any]]


def words_of(sentence: str) -> list[str]:
    """Return the words of a sentence, in lower case."""
    return re.findall(r"[\w']+", sentence.lower())


def rank_words(sentences: Iterable[str]) -> dict[str, int]:
    """Return the rank of each word by how often it comes, from 1 on."""
    counts = Counter(word for sentence in sentences for word in words_of(sentence))
    return {word: rank for rank, (word, _) in enumerate(counts.most_common(), start=1)}


def encode(sentence: str, ranks: Mapping[str, int], limit: int) -> list[int]:
    """Return the numbers of a sentence, below ``limit``, behind a start mark."""
    numbers = [ranks.get(word, limit) + INDEX_FROM for word in words_of(sentence)]
    return [START, *(number if number < limit else UNKNOWN for number in numbers)]


def load(
    praise: Path, complaints: Path, limit: int, seed: int
) -> tuple[Labelled, Labelled, dict[str, int]]:
    """Read two texts with a sentence a line, and hold out a random tenth.

    Parameters
    ----------
    praise, complaints : Path
        UTF-8, ``.gz`` too; of the first the label is 1.
    limit : int
        Words whose numbers reach it are unknown.
    seed : int
        Of the order.

    Returns
    -------
    train, unseen : (list of list of int, ndarray of int)
        Numbers of the words and labels, in a random order.
    ranks : dict of str to int
        Of the words of the training part.

    Raises
    ------
    OSError, ValueError
        If a file cannot be read, or there are too few sentences.
    """
    texts = [[s for s in read_text(path).split("\n") if s.strip()] for path in (praise, complaints)]
    sentences = [*texts[0], *texts[1]]
    held = int(HELD_OUT * len(sentences))
    if not held or not texts[0] or not texts[1]:
        raise ValueError(
            f"sentences: {praise} has {len(texts[0])} lines and {complaints} {len(texts[1])}, "
            f"expected at least {round(1 / HELD_OUT)} in all and one in each; pass longer files"
        )
    labels = np.repeat([1, 0], [len(texts[0]), len(texts[1])])
    order = np.random.default_rng(seed).permutation(len(sentences))
    ranks = rank_words(sentences[k] for k in order[held:])

    def part(rows: npt.NDArray[np.intp]) -> Labelled:
        return [encode(sentences[k], ranks, limit) for k in rows], labels[rows]

    return part(order[held:]), part(order[:held]), ranks

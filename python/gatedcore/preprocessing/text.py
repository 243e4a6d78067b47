"""Texts as sequences of token numbers."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gatedcore import keras_arguments
from gatedcore.checks import check_count
from gatedcore.keras_arguments import reject_unsupported
from gatedcore.preprocessing.ragged import Ragged
from gatedcore.preprocessing.tokenizer import (
    Tokenizer,
    text_to_word_sequence,
    tokenizer_from_json,
)

__all__ = ["TextVectorization", "Tokenizer", "text_to_word_sequence", "tokenizer_from_json"]

# What Keras strips.
_PUNCTUATION = str.maketrans("", "", "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~'")
_STANDARDIZE: dict[str, Callable[[str], str]] = {
    "lower_and_strip_punctuation": lambda text: text.lower().translate(_PUNCTUATION),
    "lower": str.lower,
    "strip_punctuation": lambda text: text.translate(_PUNCTUATION),
}
_SPLIT: dict[str, Callable[[str], list[str]]] = {"whitespace": str.split, "character": list}
_PADDING, _UNKNOWN = "", "[UNK]"

Standardize = str | Callable[[str], str] | None
Split = str | Callable[[str], Sequence[str]] | None


class TextVectorization:
    """Turn texts into sequences of numbers, by a vocabulary given or learnt.

    Number 0 stands for padding and 1 for every word that is not in the vocabulary.

    Parameters
    ----------
    max_tokens : int, optional
        Size of the vocabulary at most, padding and unknown words included.
    standardize : str, callable or None
        What happens to a text first: "lower_and_strip_punctuation", "lower", "strip_punctuation",
        nothing, or a function of a text.
    split : str, callable or None
        How it becomes words: "whitespace", "character", not at all, or a function of a text.
    output_sequence_length : int, optional
        Length of the result: longer texts are cut at the end, shorter ones filled up there. By
        default that of the longest text of a call.
    vocabulary : sequence of str, or path, optional
        The words from number 2 on, or a text file with one in each line; instead of ``adapt``.
    **keras
        Other arguments of Keras are refused unless they ask for nothing.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range or not supported.
    OSError
        If the file of the vocabulary cannot be read.

    References
    ----------
    ``keras.layers.TextVectorization``. There "lower" knows the letters of ASCII alone.

    Examples
    --------
    >>> vectorize = TextVectorization(output_sequence_length=4)
    >>> vectorize.adapt(["foo bar", "bar baz", "baz bada boom"])
    >>> vectorize.get_vocabulary()
    ['', '[UNK]', 'baz', 'bar', 'foo', 'boom', 'bada']
    >>> vectorize(["foo qux bar", "qux baz"]).tolist()
    [[4, 1, 3, 0], [1, 2, 0, 0]]
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        standardize: Standardize = "lower_and_strip_punctuation",
        split: Split = "whitespace",
        *,
        output_sequence_length: int | None = None,
        vocabulary: Sequence[str] | str | os.PathLike[str] | None = None,
        **keras: object,
    ) -> None:
        where = type(self).__name__
        reject_unsupported(where, keras, keras_arguments.TEXT_VECTORIZATION)
        self.max_tokens = (
            None if max_tokens is None else check_count(where, "max_tokens", max_tokens, 3)
        )
        self.standardize = standardize
        self.split = split
        self._standardize = _function(where, "standardize", standardize, _STANDARDIZE)
        self._split = _function(where, "split", split, _SPLIT)
        self.output_sequence_length = (
            None
            if output_sequence_length is None
            else check_count(where, "output_sequence_length", output_sequence_length)
        )
        self._words: list[str] = []
        self._numbers: dict[str, int] = {}
        if vocabulary is not None:
            self.set_vocabulary(vocabulary)

    def adapt(self, data: object) -> None:
        """Take the vocabulary from texts; that of an earlier call is forgotten.

        The commonest word gets number 2; of equally common ones the last in alphabetical order
        comes first, as in Keras.

        Parameters
        ----------
        data : iterable of str
            The texts: a list, an array, an open file, a generator.

        Raises
        ------
        TypeError
            If there is something other than texts.
        ValueError
            If there is no word.
        """
        where = f"{type(self).__name__}.adapt"
        counts: Counter[str] = Counter()
        for text in _texts(where, data):
            counts.update(self._tokens(where, text))
        counts.pop(_PADDING, None)
        if not counts:
            raise ValueError(f"{where}: data holds no word, expected some; pass a list of texts")
        found = sorted(counts, reverse=True)
        found.sort(key=counts.__getitem__, reverse=True)  # stable: ties stay as they are
        self._take(found if self.max_tokens is None else found[: self.max_tokens - 2])

    def set_vocabulary(self, vocabulary: Sequence[str] | str | os.PathLike[str]) -> None:
        """Replace the vocabulary.

        Parameters
        ----------
        vocabulary : sequence of str, or path
            The words from number 2 on, or from 0 on as ``get_vocabulary`` returns them; or a text
            file with one in each line.

        Raises
        ------
        TypeError, ValueError
            If they are no words, too many, or one comes twice; nothing is changed then.
        OSError
            If the file cannot be read.
        """
        where = f"{type(self).__name__}.set_vocabulary"
        name = "vocabulary"
        if isinstance(vocabulary, str | os.PathLike):
            name = os.fspath(vocabulary)
            try:
                words = Path(vocabulary).read_text(encoding="utf-8").removesuffix("\n").split("\n")
            except UnicodeDecodeError as error:
                raise ValueError(
                    f"{where}: {name} is no UTF-8 text ({error}), expected a word in each line; "
                    "convert it first"
                ) from error
        else:
            words = [str(word) for word in _texts(where, vocabulary)]
        for special in (_PADDING, _UNKNOWN):
            if words and words[0] == special:
                words = words[1:]
        twice = [word for word, count in Counter(words).items() if count > 1]
        if twice or not words or _PADDING in words or _UNKNOWN in words:
            came = f"{twice[0]!r} twice" if twice else f"{len(words)} words, {_PADDING!r} or "
            came += "" if twice else f"{_UNKNOWN!r} among them or none at all"
            raise ValueError(
                f"{where}: {name} has {came}, expected different words; leave these out"
            )
        if self.max_tokens is not None and len(words) + 2 > self.max_tokens:
            raise ValueError(
                f"{where}: {name} has {len(words)} words, expected at most max_tokens - 2 = "
                f"{self.max_tokens - 2}; leave some out, or raise max_tokens"
            )
        self._take(words)

    def _take(self, words: list[str]) -> None:
        self._words = words
        self._numbers = {word: number for number, word in enumerate(words, start=2)}

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[str]:
        """Return the words by their numbers; without special tokens from number 2 on."""
        return [_PADDING, _UNKNOWN, *self._words] if include_special_tokens else list(self._words)

    def vocabulary_size(self) -> int:
        """Return how many numbers there are, padding and unknown words included."""
        return 2 + len(self._words)

    def __call__(self, x: object) -> npt.NDArray[np.int64]:
        """Return the numbers of texts.

        Parameters
        ----------
        x : str, or sequence of str, (B,) or (B, 1)
            One text or several.

        Returns
        -------
        ndarray of int64, (T,) or (B, T)
            Filled up with 0 at the end.

        Raises
        ------
        TypeError
            If there is something other than texts.
        ValueError
            If there is no vocabulary yet.
        """
        where = type(self).__name__
        if not self._words:
            raise ValueError(
                f"{where}: there is no vocabulary yet, expected one; call adapt(texts) first"
            )
        texts = [x] if isinstance(x, str) else list(_texts(where, x))
        numbers = [[self._numbers.get(w, 1) for w in self._tokens(where, t)] for t in texts]
        offsets = np.zeros(len(numbers) + 1, np.intp)
        np.cumsum([len(row) for row in numbers], out=offsets[1:])
        flat = np.fromiter(chain.from_iterable(numbers), np.int64, int(offsets[-1]))
        width = self.output_sequence_length or int(np.diff(offsets).max(initial=0))
        rows = Ragged(flat, offsets).padded(range(len(texts)), width, 0, at_end=True, cut_end=True)
        return rows[0] if isinstance(x, str) else rows

    def _tokens(self, where: str, text: str) -> Sequence[str]:
        """Return the words of a text."""
        words = text if self._standardize is None else self._standardize(text)
        tokens = [words] if self._split is None else self._split(words)
        if isinstance(tokens, str) or not all(isinstance(token, str) for token in tokens):
            raise TypeError(
                f"{where}: split returned {tokens!r:.80}, expected a list of words; "
                "return text.split(), say"
            )
        return tokens

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make this object, its vocabulary included.

        Raises
        ------
        ValueError
            If ``standardize`` or ``split`` is a function, which is no data.
        """
        for name in ("standardize", "split"):
            if callable(getattr(self, name)):
                raise ValueError(
                    f"{type(self).__name__}.get_config: {name} is a function, expected a name; "
                    "make the object anew and pass get_vocabulary() to it"
                )
        return {
            "max_tokens": self.max_tokens,
            "standardize": self.standardize,
            "split": self.split,
            "output_sequence_length": self.output_sequence_length,
            "vocabulary": list(self._words) or None,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "TextVectorization":
        """Return the object of a ``get_config``."""
        return cls(**config)


def _function(where: str, name: str, given: Any, known: dict[str, Any]) -> Any:
    """Return the function that an argument names, None for None."""
    if given is None or callable(given):
        return given
    if not isinstance(given, str) or given not in known:
        raise ValueError(
            f"{where}: {name} is {given!r}, expected None, a function or one of "
            f"{', '.join(known)}; use one of these"
        )
    return known[given]


def _texts(where: str, data: object) -> Iterable[str]:
    """Yield texts; of an array or list (B, 1) too."""
    if isinstance(data, str | bytes) or not isinstance(data, Iterable):
        raise TypeError(
            f"{where}: data has type {type(data).__name__}, expected several texts; "
            "pass a list of str"
        )
    for text in data:
        one = text
        if not isinstance(one, str) and isinstance(one, Sequence | np.ndarray) and len(one) == 1:
            one = one[0]
        if not isinstance(one, str):
            raise TypeError(
                f"{where}: a text has type {type(text).__name__}, expected str; "
                "decode bytes, and pass one string for each text"
            )
        yield one

"""Keras's older way from texts to token numbers, which many scripts have."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count as numbers_from
from typing import Any

import numpy as np
import numpy.typing as npt

from gatedcore.archive import MALFORMED
from gatedcore.checks import check_bool, check_count, is_one_of
from gatedcore.keras_arguments import reject_unsupported

FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'  # Keras's default
_MODES = ("binary", "count", "freq", "tfidf")
_ARGUMENTS = ("num_words", "filters", "lower", "split", "char_level", "oov_token")
_COUNTED = ("word_counts", "word_docs", "word_index")  # each text of its own, as Keras writes them

Text = str | Sequence[str]  # as a whole, or as words


def text_to_word_sequence(
    input_text: str, filters: str = FILTERS, lower: bool = True, split: str = " "
) -> list[str]:
    """Return the words of a text.

    Parameters
    ----------
    input_text : str
        The text.
    filters : str
        Characters that stand between words, beside ``split``.
    lower : bool
        Whether to write the words in small letters.
    split : str
        What stands between words.

    Raises
    ------
    TypeError
        If it is no string.

    References
    ----------
    ``tf.keras.preprocessing.text.text_to_word_sequence``.
    """
    if not isinstance(input_text, str):
        raise TypeError(
            f"text_to_word_sequence: input_text is {input_text!r}, expected a string; pass one "
            "text at a time"
        )
    text = input_text.lower() if lower else input_text
    between = {ord(character): split for character in filters}
    words = text.translate(between).split(split)
    return [word for word in words if word]


class Tokenizer:
    """Turn texts into lists of numbers: of words from 1 on, the most frequent first.

    ``TextVectorization`` does the same with fewer steps, and makes arrays of one length.

    Parameters
    ----------
    num_words : int, optional
        Numbers below this one alone are used; by default all.
    filters, lower, split
        As of ``text_to_word_sequence``.
    char_level : bool
        Whether every character is a word.
    oov_token : str, optional
        Number 1, for words that are not known or not used; without it they are left out.
    analyzer : callable, optional
        Returns the words of a text, in place of ``filters``, ``lower`` and ``split``.
    **keras
        Other arguments are unknown.

    Attributes
    ----------
    word_index, index_word : dict
        Numbers by word, words by number; of all words, whatever ``num_words`` is.
    word_counts, word_docs : dict
        How often a word came, and in how many texts.
    document_count : int
        How many texts were fitted.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range.

    References
    ----------
    ``tf.keras.preprocessing.text.Tokenizer``.

    Examples
    --------
    >>> tokenizer = Tokenizer(oov_token="<OOV>")
    >>> tokenizer.fit_on_texts(["I love my dog", "I, love my cat!"])
    >>> tokenizer.texts_to_sequences(["My dog loves me", "cat"])
    [[4, 5, 1, 1], [6]]
    """

    def __init__(
        self,
        num_words: int | None = None,
        filters: str = FILTERS,
        lower: bool = True,
        split: str = " ",
        char_level: bool = False,
        oov_token: str | None = None,
        analyzer: Callable[[str], Sequence[str]] | None = None,
        **keras: object,
    ) -> None:
        where = type(self).__name__
        reject_unsupported(where, keras, {})
        self.num_words = None if num_words is None else check_count(where, "num_words", num_words)
        for name, given in (("filters", filters), ("split", split)):
            if not isinstance(given, str) or (name == "split" and not given):
                raise TypeError(f"{where}: {name} is {given!r}, expected a string; pass one")
        self.filters, self.split = filters, split
        self.lower = check_bool(where, "lower", lower)
        self.char_level = check_bool(where, "char_level", char_level)
        if oov_token is not None and not isinstance(oov_token, str):
            raise TypeError(f"{where}: oov_token is {oov_token!r}, expected a string; pass one")
        self.oov_token = oov_token
        self.analyzer = analyzer
        self.word_counts: Counter[str] = Counter()
        self.word_docs: Counter[str] = Counter()
        self.document_count = 0
        self.word_index: dict[str, int] = {}
        self.index_word: dict[int, str] = {}

    def fit_on_texts(self, texts: Iterable[Text]) -> None:
        """Count the words of texts, beside those counted before, and number them anew.

        Parameters
        ----------
        texts : iterable of str, or of lists of words
            The texts.

        Raises
        ------
        TypeError
            If it is one text, or holds something else; nothing is counted then.
        """
        counts: Counter[str] = Counter()
        docs: Counter[str] = Counter()
        documents = 0
        for text in _checked("fit_on_texts", texts):
            words = self._words(text)
            documents += 1
            counts.update(words)
            docs.update(set(words))
        self.document_count += documents
        self.word_counts.update(counts)
        self.word_docs.update(docs)
        # Sorting keeps the order of equal counts: the word that came first stays first.
        by_count = sorted(self.word_counts, key=self.word_counts.__getitem__, reverse=True)
        first = [] if self.oov_token is None else [self.oov_token]
        self.word_index = dict(zip([*first, *by_count], numbers_from(1)))
        self.index_word = {number: word for word, number in self.word_index.items()}

    def texts_to_sequences(self, texts: Iterable[Text]) -> list[list[int]]:
        """Return the numbers of the words of each text; ``pad_sequences`` makes an array of them.

        Raises
        ------
        TypeError
            If it is one text, or holds something else.
        """
        unknown = None if self.oov_token is None else self.word_index.get(self.oov_token)
        sequences = []
        for text in _checked("texts_to_sequences", texts):
            found = (self._number(word, unknown) for word in self._words(text))
            sequences.append([number for number in found if number is not None])
        return sequences

    def sequences_to_texts(self, sequences: Iterable[Iterable[int]]) -> list[str]:
        """Return texts of words, with spaces between; numbers without a word are left out."""
        texts = []
        for sequence in sequences:
            words = []
            for number in map(int, sequence):
                known = number in self.index_word and self._used(number)
                word = self.index_word[number] if known else self.oov_token
                words += [] if word is None else [word]
            texts.append(" ".join(words))
        return texts

    def texts_to_matrix(
        self, texts: Iterable[Text], mode: str = "binary"
    ) -> npt.NDArray[np.float64]:
        """Return a row for each text with a number for each word, as ``sequences_to_matrix``."""
        return self.sequences_to_matrix(self.texts_to_sequences(texts), mode)

    def sequences_to_matrix(
        self, sequences: Sequence[Sequence[int]], mode: str = "binary"
    ) -> npt.NDArray[np.float64]:
        """Return a row for each sequence with a number for each word.

        Parameters
        ----------
        sequences : list of lists of int
            Numbers of words.
        mode : {"binary", "count", "freq", "tfidf"}
            Whether a word is there; how often; in what share of the words; how often, as a
            logarithm, times how rare it is.

        Returns
        -------
        ndarray of float64, (N, num_words), or one more column than there are words
            Column 0 stands for no word.

        Raises
        ------
        ValueError
            If the mode is unknown, or nothing was fitted and ``num_words`` is not given.
        """
        if not is_one_of(mode, _MODES):
            raise ValueError(
                f"Tokenizer: mode is {mode!r}, expected one of {', '.join(_MODES)}; choose one"
            )
        if self.num_words is None and not self.word_index:
            raise ValueError("Tokenizer: no words yet, expected some; call fit_on_texts first")
        width = self.num_words or len(self.word_index) + 1
        matrix = np.zeros((len(sequences), width))
        for row, sequence in zip(matrix, sequences, strict=True):
            for number, times in Counter(map(int, sequence)).items():
                if 0 <= number < width:
                    row[number] = self._entry(mode, number, times, len(sequence))
        return matrix

    def get_config(self) -> dict[str, Any]:
        """Return arguments and words as data for JSON, as Keras has them.

        Raises
        ------
        TypeError
            If there is an ``analyzer``, which no file can name.
        """
        if self.analyzer is not None:
            raise TypeError(
                "Tokenizer.get_config: analyzer is a function, which no file can name, expected "
                "None; keep word_index in a file of your own"
            )
        tables: dict[str, Any] = {name: getattr(self, name) for name in _COUNTED}
        tables["index_word"] = self.index_word
        tables["index_docs"] = {self.word_index[w]: n for w, n in self.word_docs.items()}
        return {
            **{name: getattr(self, name) for name in _ARGUMENTS},
            "document_count": self.document_count,
            **{name: json.dumps(table) for name, table in tables.items()},
        }

    def to_json(self, **options: Any) -> str:
        """Return arguments and words as JSON; ``tokenizer_from_json`` reads it, Keras's too.

        Parameters
        ----------
        **options
            Of ``json.dumps``.
        """
        return json.dumps({"class_name": "Tokenizer", "config": self.get_config()}, **options)

    def _entry(self, mode: str, number: int, times: int, length: int) -> float:
        if mode == "binary":
            return 1.0
        if mode == "count":
            return float(times)
        if mode == "freq":
            return times / length
        texts = self.word_docs.get(self.index_word.get(number, ""), 0)
        rarity = float(np.log(1.0 + self.document_count / (1.0 + texts)))
        return (1.0 + float(np.log(times))) * rarity

    def _words(self, text: Text) -> list[str]:
        if self.char_level or not isinstance(text, str):
            return [word.lower() if self.lower else word for word in text]
        if self.analyzer is not None:
            return list(self.analyzer(text))
        return text_to_word_sequence(text, self.filters, self.lower, self.split)

    def _number(self, word: str, unknown: int | None) -> int | None:
        number = self.word_index.get(word)
        return number if number is not None and self._used(number) else unknown

    def _used(self, number: int) -> bool:
        return self.num_words is None or number < self.num_words


def tokenizer_from_json(json_string: str) -> Tokenizer:
    """Return the tokenizer that ``to_json`` wrote, here or in Keras.

    Raises
    ------
    ValueError
        If it is no such text.

    References
    ----------
    ``tf.keras.preprocessing.text.tokenizer_from_json``.
    """
    try:
        config = json.loads(json_string)["config"]
        made = Tokenizer(**{name: config[name] for name in _ARGUMENTS})
        counts, docs, index = (_table(json.loads(config[name])) for name in _COUNTED)
        made.document_count = check_count(
            "Tokenizer", "document_count", config["document_count"], 0
        )
    except MALFORMED as error:
        raise ValueError(
            f"tokenizer_from_json: json_string is malformed ({error!r}), expected what to_json "
            "returned; write it anew"
        ) from error
    made.word_counts, made.word_docs, made.word_index = Counter(counts), Counter(docs), index
    made.index_word = {number: word for word, number in index.items()}
    return made


def _table(data: Any) -> dict[str, int]:
    """Return numbers by word; raise if they are something else."""
    if not isinstance(data, Mapping):
        raise TypeError(f"{data!r} is no table of words")
    return {word: check_count("Tokenizer", word, number) for word, number in data.items()}


def _checked(where: str, texts: Any) -> Iterable[Text]:
    """Yield texts; raise if they are none.

    Raises
    ------
    TypeError
        If so.
    """
    if isinstance(texts, str) or not isinstance(texts, Iterable):
        raise TypeError(
            f"{where}: texts is {texts!r}, expected a list of strings; pass [text] for one"
        )
    for text in texts:
        of_words = isinstance(text, Sequence) and all(isinstance(word, str) for word in text)
        if not isinstance(text, str) and not of_words:
            raise TypeError(
                f"{where}: texts holds {text!r}, expected strings or lists of words; convert it "
                "with str(...), or leave it out"
            )
        yield text

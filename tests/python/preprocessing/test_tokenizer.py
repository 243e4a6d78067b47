import json
import pickle

import numpy as np
import pytest

from gatedcore.preprocessing.text import Tokenizer, text_to_word_sequence, tokenizer_from_json

TEXTS = ["The cat sat on the mat.", "The dog ate my homework!", "the end"]


def fitted(**options) -> Tokenizer:
    tokenizer = Tokenizer(**options)
    tokenizer.fit_on_texts(TEXTS)
    return tokenizer


def test_words() -> None:
    assert text_to_word_sequence("Well,  I'm-here\n") == ["well", "i'm", "here"]
    assert text_to_word_sequence("A;b a", filters="", lower=False, split=";") == ["A", "b a"]


def test_numbers_go_by_frequency_and_then_by_first_place() -> None:
    tokenizer = fitted()
    words = ["the", "cat", "sat", "on", "mat", "dog", "ate", "my", "homework", "end"]
    assert tokenizer.word_index == {word: k for k, word in enumerate(words, 1)}
    assert tokenizer.index_word[1] == "the"
    assert tokenizer.word_counts["the"] == 4
    assert tokenizer.word_docs["the"] == tokenizer.document_count == 3
    assert tokenizer.texts_to_sequences(["the DOG barks", ""]) == [[1, 6], []]
    assert tokenizer.sequences_to_texts([[1, 6], np.array([99, 2])]) == ["the dog", "cat"]
    tokenizer.fit_on_texts(["end end end end end"])
    assert tokenizer.word_index["end"] == 1
    again = pickle.loads(pickle.dumps(tokenizer))
    assert again.texts_to_sequences(TEXTS) == tokenizer.texts_to_sequences(TEXTS)


def test_unknown_and_rare_words() -> None:
    assert fitted(num_words=4).texts_to_sequences(["the cat sat on it"]) == [[1, 2, 3]]
    oov = fitted(num_words=4, oov_token="<OOV>")
    assert oov.word_index["<OOV>"] == 1
    assert len(oov.word_index) == 11
    assert oov.texts_to_sequences(["the cat sat on it"]) == [[2, 3, 1, 1, 1]]
    assert oov.sequences_to_texts([[2, 3, 4, 77]]) == ["the cat <OOV> <OOV>"]


def test_characters_lists_and_an_analyzer() -> None:
    tokenizer = Tokenizer(char_level=True)
    tokenizer.fit_on_texts(["aab", "A"])
    assert tokenizer.word_index == {"a": 1, "b": 2}
    assert tokenizer.texts_to_sequences(["ba"]) == [[2, 1]]
    assert fitted().texts_to_sequences([["The", "dog"], ("end",)]) == [[1, 6], [10]]
    by_comma = Tokenizer(analyzer=lambda text: text.split(","))
    by_comma.fit_on_texts(["b,A b"])
    assert by_comma.word_index == {"b": 1, "A b": 2}


def test_after_an_error_nothing_was_counted() -> None:
    tokenizer, plain = fitted(), fitted()
    with pytest.raises(TypeError, match="texts holds None, expected strings"):
        tokenizer.fit_on_texts(["the end", None])
    assert vars(tokenizer) == vars(plain)


def test_matrices() -> None:
    tokenizer = fitted()
    count = tokenizer.texts_to_matrix(["the cat the"], "count")
    assert count.shape == (1, 11)
    assert count[0, :3].tolist() == [0.0, 2.0, 1.0]
    assert tokenizer.texts_to_matrix(["the cat the"])[0, :4].tolist() == [0.0, 1.0, 1.0, 0.0]
    np.testing.assert_allclose(
        tokenizer.texts_to_matrix(["the cat the"], "freq")[0, 1:3], [2 / 3, 1 / 3]
    )
    expected = [(1 + np.log(2)) * np.log(1 + 3 / 4), np.log(1 + 3 / 2)]
    np.testing.assert_allclose(
        tokenizer.texts_to_matrix(["the cat the"], "tfidf")[0, 1:3], expected, rtol=1e-15
    )
    assert Tokenizer(num_words=3).sequences_to_matrix([[1, 5]]).tolist() == [[0.0, 1.0, 0.0]]


def test_json() -> None:
    tokenizer = fitted(num_words=5, oov_token="<OOV>", lower=False)
    again = tokenizer_from_json(tokenizer.to_json(indent=1))
    assert vars(again) == vars(tokenizer)
    for mode in ("binary", "tfidf"):
        np.testing.assert_array_equal(
            again.texts_to_matrix(TEXTS, mode), tokenizer.texts_to_matrix(TEXTS, mode)
        )
    for each in (tokenizer, again):
        each.fit_on_texts(["an end an end"])
    assert vars(again) == vars(tokenizer)


def test_json_of_keras() -> None:
    text = """{"class_name": "Tokenizer", "config": {"num_words": 3, "filters": "!", "lower": true,
    "split": " ", "char_level": false, "oov_token": "x", "document_count": 1,
    "word_counts": "{\\"a\\": 2, \\"b\\": 1}", "word_docs": "{\\"a\\": 1, \\"b\\": 1}",
    "index_docs": "{\\"2\\": 1, \\"3\\": 1}",
    "index_word": "{\\"1\\": \\"x\\", \\"2\\": \\"a\\", \\"3\\": \\"b\\"}",
    "word_index": "{\\"x\\": 1, \\"a\\": 2, \\"b\\": 3}"}}"""
    tokenizer = tokenizer_from_json(text)
    assert tokenizer.texts_to_sequences(["b a"]) == [[1, 2]]
    assert json.loads(tokenizer.to_json()) == json.loads(text)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"config": {}}', Tokenizer().to_json().replace("0", '"0"')]
)
def test_malformed_json(text: str) -> None:
    with pytest.raises(
        ValueError, match=r"tokenizer_from_json: json_string is malformed .*, expec"
    ):
        tokenizer_from_json(text)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Tokenizer(0), ValueError, "Tokenizer: num_words is 0, expected an integer of at"),
        (lambda: Tokenizer(split=""), TypeError, "Tokenizer: split is '', expected a string"),
        (lambda: Tokenizer(filters=3), TypeError, "Tokenizer: filters is 3, expected a string"),
        (lambda: Tokenizer(oov_token=1), TypeError, "Tokenizer: oov_token is 1, expected a str"),
        (lambda: Tokenizer(lower="no"), TypeError, "Tokenizer: lower is 'no', expected True or F"),
        (lambda: Tokenizer(nb_words=3), TypeError, "Tokenizer: got an unknown argument 'nb_words'"),
        (lambda: Tokenizer().fit_on_texts("a b"), TypeError, "fit_on_texts: texts is 'a b', expe"),
        (lambda: Tokenizer().fit_on_texts([b"ab"]), TypeError, "texts holds b'ab', expected strin"),
        (lambda: Tokenizer().fit_on_texts([["a", 3]]), TypeError, "expected strings or lists of w"),
        (
            lambda: text_to_word_sequence(["a"]),
            TypeError,
            "input_text is .*'a'.*, expected a strin",
        ),
        (lambda: Tokenizer().fit_on_texts([1.5]), TypeError, "fit_on_texts: texts holds 1.5, exp"),
        (lambda: fitted().texts_to_matrix(["a"], "tf"), ValueError, "mode is 'tf', expected one "),
        (
            lambda: Tokenizer(analyzer=str.split).to_json(),
            TypeError,
            "analyzer is a function, which",
        ),
        (lambda: Tokenizer().texts_to_matrix(["a"]), ValueError, "no words yet, expected some"),
    ],
)
def test_errors(call, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()

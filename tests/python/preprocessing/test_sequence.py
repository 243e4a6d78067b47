import re

import numpy as np
import pytest

from gatedcore.preprocessing.sequence import pad_sequences

SEQUENCES = [[1], [2, 3], [4, 5, 6]]


def plain(sequences: list, maxlen: int, padding: str, truncating: str, value: float) -> list:
    """Return the same: lists alone."""
    rows = []
    for steps in sequences:
        kept = steps[len(steps) - maxlen :] if truncating == "pre" else steps[:maxlen]
        kept = steps if len(steps) <= maxlen else kept
        filler = [value] * (maxlen - len(kept))
        rows.append(filler + kept if padding == "pre" else kept + filler)
    return rows


@pytest.mark.parametrize("padding", ["pre", "post"])
@pytest.mark.parametrize("truncating", ["pre", "post"])
@pytest.mark.parametrize("maxlen", [1, 3, 5, 9])
def test_as_a_plain_loop_does_it(padding: str, truncating: str, maxlen: int) -> None:
    rng = np.random.default_rng(maxlen)
    sequences = [rng.integers(1, 99, size=rng.integers(0, 9)).tolist() for _ in range(50)]
    padded = pad_sequences(sequences, maxlen, padding=padding, truncating=truncating, value=-1)
    assert padded.dtype == np.int32
    assert padded.tolist() == plain(sequences, maxlen, padding, truncating, -1)


def test_examples_of_keras() -> None:
    assert pad_sequences(SEQUENCES).tolist() == [[0, 0, 1], [0, 2, 3], [4, 5, 6]]
    assert pad_sequences(SEQUENCES, value=-1).tolist() == [[-1, -1, 1], [-1, 2, 3], [4, 5, 6]]
    assert pad_sequences(SEQUENCES, padding="post").tolist() == [[1, 0, 0], [2, 3, 0], [4, 5, 6]]
    assert pad_sequences(SEQUENCES, maxlen=2).tolist() == [[0, 1], [2, 3], [5, 6]]


def test_steps_with_features_and_other_containers() -> None:
    frames = [np.ones((2, 3), np.float32), np.full((1, 3), 2.0)]
    padded = pad_sequences(frames, dtype="float32", padding="post", value=0.5)
    assert (padded.shape, padded.dtype) == ((2, 2, 3), np.float32)
    assert padded[1].tolist() == [[2.0] * 3, [0.5] * 3]
    objects = np.empty(2, object)
    objects[:] = [np.array([1, 2]), [3]]
    assert pad_sequences(objects).tolist() == [[1, 2], [0, 3]]
    assert pad_sequences(np.arange(6).reshape(2, 3), maxlen=2).tolist() == [[1, 2], [4, 5]]
    assert pad_sequences([], maxlen=2).shape == (0, 2)
    assert pad_sequences([[], []]).shape == (2, 0)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"maxlen": 0}, ValueError, "maxlen is 0, expected an integer of at least 1"),
        ({"dtype": "text"}, ValueError, "dtype is 'text', expected one of integers or floats"),
        ({"dtype": object}, ValueError, "dtype is <class 'object'>, expected one of integers"),
        ({"dtype": None}, ValueError, "dtype is None, expected"),
        ({"padding": "left"}, ValueError, "padding is 'left', expected 'pre' or 'post'"),
        ({"truncating": None}, ValueError, "truncating is None, expected 'pre' or 'post'"),
        ({"value": "x"}, TypeError, "value is 'x', expected a number"),
        ({"value": [1]}, TypeError, "value is [1], expected a number"),
        ({"value": 0.5}, ValueError, "value: dtype int32 does not hold 0.5"),
        ({"sequences": [[0.25]]}, ValueError, "dtype int32 does not hold 0.25, expected numbers"),
        ({"sequences": []}, ValueError, "sequences is empty and maxlen None, expected one"),
        ({"sequences": [["a"]]}, TypeError, "sequences[0] has dtype <U1, expected numbers"),
    ],
)
def test_bad_arguments(change: dict, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match="pad_sequences: ?" + re.escape(message)):
        pad_sequences(**{"sequences": SEQUENCES, **change})

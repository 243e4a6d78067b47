"""bench/python/contest/job_problem.py: the same numbers for everybody, in the sizes of the job."""

from dataclasses import replace

import numpy as np
import pytest

import gatedcore as gk
from contest.job_problem import BATCHES, JOBS, first_weights, from_json, to_json, tokens, windows

COMPARE, SENTIMENT = JOBS["compare-gru"], JOBS["sentiment"]


@pytest.mark.parametrize("name", JOBS)
def test_a_job_goes_through_json(name):
    assert from_json(to_json(JOBS[name])) == JOBS[name]


def test_windows_are_those_of_the_library():
    x, y = windows(COMPARE)
    assert (x.shape, y.shape, x.dtype) == ((990, 10, 1), (990, 1), np.float32)
    series = np.concatenate([x[:, 0, 0], x[-1, 1:, 0], y[-1]])
    expected_x, expected_y = gk.data.windows(series, 10)
    np.testing.assert_array_equal(x, expected_x)
    np.testing.assert_array_equal(y, expected_y)


def test_an_epoch_has_as_many_steps_as_fit_takes():
    assert COMPARE.batches == 25
    assert replace(COMPARE, validation_split=0.0).batches == 31


def test_tokens_are_new_in_each_batch_and_the_same_each_time():
    batches = tokens(replace(SENTIMENT, T=5))
    assert len(batches) == BATCHES
    numbers = np.stack([x for x, _ in batches])
    assert (numbers.shape, numbers.dtype) == ((BATCHES, 128, 5), np.int32)
    assert 0 <= numbers.min() <= numbers.max() < SENTIMENT.words
    assert set(np.unique([y for _, y in batches])) == {0.0, 1.0}
    np.testing.assert_array_equal(numbers[0], tokens(replace(SENTIMENT, T=5))[0][0])
    assert (numbers[0] != numbers[1]).any()


@pytest.mark.parametrize("name", JOBS)
def test_first_weights_fit_the_model_and_the_orthogonal_ones_are(name):
    job = JOBS[name]
    weights = first_weights(job)
    recurrent, bias = weights[-4], weights[-3]
    np.testing.assert_allclose(recurrent @ recurrent.T, np.eye(job.H), atol=1e-5)
    if getattr(job, "cell", "lstm") == "lstm":
        assert bias.reshape(4, -1).sum(-1).tolist() == [0, job.H, 0, 0]  # forget gates at 1
    kind = gk.GRU if getattr(job, "cell", "lstm") == "gru" else gk.LSTM
    features = weights[-5].shape[0]
    model = gk.Sequential([kind(job.H, input_shape=(job.T, features)), gk.Dense(1)])
    assert [w.shape for w in model.get_weights()] == [w.shape for w in weights[-5:]]

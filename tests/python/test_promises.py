"""Promises of the kernels as a user of ``gatedcore.ops`` sees them: same bits, no waste."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import gatedcore as gk

# Enough work that several threads take part; odd, so that no share is like another.
T, B, I, H = 21, 13, 31, 45  # noqa: E741  # the letters of the equations


def arrays(gates, dtype=np.float32):
    rng = np.random.default_rng(gates)
    bound = 1 / np.sqrt(H)
    values = (
        rng.normal(size=(B, T, I)),
        rng.uniform(-bound, bound, (I, gates * H)),
        rng.uniform(-bound, bound, (H, gates * H)),
        rng.uniform(-bound, bound, (2, gates * H) if gates == 3 else gates * H),
    )
    d_h = rng.normal(size=(B, T, H))
    return tuple(value.astype(dtype) for value in values), d_h.astype(dtype)


def lstm_results(dtype=np.float32):
    inputs, d_h = arrays(4, dtype)
    h, c, cache = gk.ops.lstm(*inputs, return_cache=True)
    return (h, c, *gk.ops.lstm_backward(cache, d_h))


def gru_results(dtype=np.float32, reset_after=True):
    (x, kernel, recurrent, bias), d_h = arrays(3, dtype)
    h, cache = gk.ops.gru(
        x, kernel, recurrent, bias if reset_after else bias[0],
        reset_after=reset_after, return_cache=True,
    )  # fmt: skip
    return (h, *gk.ops.gru_backward(cache, d_h))


def same_bits(a, b):
    return all(p.tobytes() == q.tobytes() for p, q in zip(a, b, strict=True))


@pytest.fixture
def set_threads():
    """Give the number of threads back to what it was."""
    before = gk.ops.get_num_threads()
    yield gk.ops.set_num_threads
    gk.ops.set_num_threads(before)


every_layer = pytest.mark.parametrize(
    "results",
    [lstm_results, gru_results, lambda dtype: gru_results(dtype, reset_after=False)],
    ids=["lstm", "gru", "gru_before"],
)
both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


@every_layer
@both_dtypes
def test_any_number_of_threads_gives_the_same_bits(results, dtype, set_threads):
    set_threads(1)
    expected = results(dtype)
    for threads in (1, 2, 3, 5):
        set_threads(threads)
        assert same_bits(results(dtype), expected), threads


@every_layer
def test_callers_in_several_threads_get_the_same_bits(results):
    expected = results(np.float32)
    with ThreadPoolExecutor(4) as callers:
        for actual in callers.map(results, [np.float32] * 8):
            assert same_bits(actual, expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_lstm_saves_at_most_six_numbers_for_each_unit_and_step(dtype):
    inputs, _ = arrays(4, dtype)
    _, _, cache = gk.ops.lstm(*inputs, return_cache=True)
    assert cache.nbytes <= 6 * np.dtype(dtype).itemsize * T * B * H  # 24 bytes at float32
    assert cache.nbytes >= 4 * np.dtype(dtype).itemsize * T * B * H  # the gates alone


@pytest.mark.parametrize("reset_after", [True, False])
def test_a_gru_saves_at_most_five_numbers_for_each_unit_and_step(reset_after):
    (x, kernel, recurrent, bias), _ = arrays(3)
    _, cache = gk.ops.gru(
        x, kernel, recurrent, bias if reset_after else bias[0],
        reset_after=reset_after, return_cache=True,
    )  # fmt: skip
    assert cache.nbytes <= 20 * T * B * H
    assert cache.nbytes >= 12 * T * B * H  # the gates alone


def test_inputs_are_left_as_they_were():
    inputs, d_h = arrays(4)
    before = [value.copy() for value in (*inputs, d_h)]
    _, _, cache = gk.ops.lstm(*inputs, return_cache=True)
    gk.ops.lstm_backward(cache, d_h)
    assert same_bits((*inputs, d_h), before)

"""Dropout of inputs and of recurrent states, in both layers and all forms of them."""

from typing import Any

import numpy as np
import pytest

import gatedcore as gk
from finite_differences import assert_gradient
from gatedcore import _core, ops, reference
from gatedcore.ops.operands import check_rates, random_operands
from gatedcore.random import RandomStream
from problems import Problem, assert_close, make_problem

RATES = {"dropout": 0.4, "recurrent_dropout": 0.3}
SEED = 11
FORMS = ["lstm", "gru", "gru, reset before"]


def problem(form: str, **sizes: Any) -> Problem:
    return make_problem(4 if form == "lstm" else 3, two_biases=form == "gru", **sizes)


def options(form: str) -> dict[str, bool]:
    return {} if form == "lstm" else {"reset_after": form == "gru"}


def run(form: str, p: Problem, **chosen: Any) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return h and every gradient."""
    weights = (p.x, p.kernel, p.recurrent_kernel, p.bias)
    if form == "lstm":
        h, _, cache = ops.lstm(*weights, (p.h0, p.c0), return_cache=True, **chosen)
        return h, list(ops.lstm_backward(cache, p.d_h, p.d_h_last, p.d_c_last))
    h, cache = ops.gru(*weights, p.h0, return_cache=True, **options(form), **chosen)
    return h, list(ops.gru_backward(cache, p.d_h, p.d_h_last))


def factors(p: Problem) -> tuple[Any, Any]:
    B, T, I = p.x.shape  # noqa: E741  # the equations' letter  # the letter of the equations
    dims = (T, B, I, p.h0.shape[1])
    m_x, m_h = random_operands(
        check_rates("here", **RATES), RandomStream(SEED, 0), dims, p.x.dtype, time_major=False
    )
    return m_x, m_h


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("B", "I", "H"), [(1, 6, 17), (4, 3, 9)])
def test_both_passes_are_the_reference(form: str, B: int, I: int, H: int, dtype) -> None:  # noqa: E741
    p = problem(form, B=B, I=I, H=H).astype(dtype)
    h, gradients = run(form, p, **RATES, seed=SEED)
    q = p.astype(np.float64)
    m_x, m_h = factors(q)
    assert 0.0 in m_x
    assert 0.0 in m_h
    weights = (q.x, q.kernel, q.recurrent_kernel, q.bias, q.h0)
    if form == "lstm":
        passed = reference.lstm_forward(*weights, q.c0, m_x=m_x, m_h=m_h)
        expected = reference.lstm_backward(passed, q.d_h, q.d_h_last, q.d_c_last)
    else:
        passed = reference.gru_forward(*weights, m_x=m_x, m_h=m_h, **options(form))
        expected = reference.gru_backward(passed, q.d_h, q.d_h_last)
    assert_close(h, passed.h[1:].swapaxes(0, 1))
    for a, b in zip(gradients, expected, strict=True):
        assert_close(a, b)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("masked", [False, True])
def test_gradients_by_finite_differences(form: str, masked: bool) -> None:
    p = problem(form, T=4, B=3, I=3, H=3)
    chosen: dict[str, Any] = {**RATES, "seed": SEED}
    if masked:
        chosen["mask"] = np.array([[1, 1, 0, 1], [0, 1, 1, 0], [1, 1, 1, 1]], bool)
        chosen["reset"] = np.array([[0, 0, 0, 1], [0, 0, 1, 0], [0, 0, 0, 0]], bool)

    def loss() -> float:
        weights = (p.x, p.kernel, p.recurrent_kernel, p.bias)
        if form == "lstm":
            h, c = ops.lstm(*weights, (p.h0, p.c0), **chosen)
            last = float((c * p.d_c_last).sum())
        else:
            h, last = ops.gru(*weights, p.h0, **options(form), **chosen), 0.0
        return float((h * p.d_h).sum() + (h[:, -1] * p.d_h_last).sum()) + last

    _, gradients = run(form, p, **chosen)
    arrays = p[:6] if form == "lstm" else p[:5]
    for gradient, array in zip(gradients, arrays, strict=True):
        assert_gradient(gradient, loss, array)


@pytest.mark.parametrize("form", FORMS)
def test_a_mask_that_keeps_all_changes_no_bit(form: str) -> None:
    p = problem(form, B=5, H=9)
    h, gradients = run(form, p, **RATES, seed=SEED)
    masked_h, masked = run(form, p, **RATES, seed=SEED, mask=np.ones((5, 5), bool))
    np.testing.assert_array_equal(masked_h, h)
    for a, b in zip(masked, gradients, strict=True):
        assert_close(a, b)


@pytest.mark.parametrize("form", FORMS)
def test_same_bits_for_any_number_of_threads(form: str) -> None:
    p = problem(form, T=30, B=40, I=8, H=48).astype(np.float32)
    kept = gk.get_num_threads()
    try:
        gk.set_num_threads(1)
        expected, gradients = run(form, p, **RATES, seed=SEED)
        gk.set_num_threads(3)
        h, given = run(form, p, **RATES, seed=SEED)
    finally:
        gk.set_num_threads(kept)
    np.testing.assert_array_equal(h, expected)
    for a, b in zip(given, gradients, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("rates", [{"dropout": 0.4}, {"recurrent_dropout": 0.3}, RATES])
def test_recompute_changes_no_bit(form: str, dtype, masked: bool, rates: dict[str, Any]) -> None:
    p = problem(form, T=400, B=3, I=6, H=17).astype(dtype)
    chosen: dict[str, Any] = {**rates, "seed": SEED}
    if masked:
        chosen["mask"] = np.random.default_rng(1).random((3, 400)) < 0.8
        chosen["reset"] = np.random.default_rng(2).random((3, 400)) < 0.01
    expected, gradients = run(form, p, **chosen)
    h, recomputed = run(form, p, recompute=True, **chosen)
    np.testing.assert_array_equal(h, expected)
    for a, b in zip(recomputed, gradients, strict=True):
        np.testing.assert_array_equal(a, b)


def test_one_draw_for_all_steps() -> None:
    # A kernel that lets the candidate see one input each: a dropped one is dropped at every step.
    x = np.ones((64, 3, 4))
    kernel, recurrent = np.zeros((4, 12)), np.zeros((4, 12))
    kernel[:, 8:] = np.eye(4)
    h = ops.gru(x, kernel, recurrent, dropout=0.5, seed=0)
    dropped = h == 0.0
    assert 0.3 < dropped.mean() < 0.7
    assert (dropped == dropped[:, :1]).all()


def test_seeds() -> None:
    p = make_problem(4, B=8, H=9)
    args = (p.x, p.kernel, p.recurrent_kernel)

    def h(**chosen: Any) -> np.ndarray:
        return ops.lstm(*args, dropout=0.5, **chosen)[0]

    np.testing.assert_array_equal(h(seed=1), h(seed=1))
    assert (h(seed=1) != h(seed=2)).any()
    gk.set_random_seed(3)
    first, second = h(), h()
    assert (first != second).any()
    gk.set_random_seed(3)
    np.testing.assert_array_equal(h(), first)
    np.testing.assert_array_equal(
        h(seed=np.random.default_rng(5)), h(seed=np.random.default_rng(5))
    )
    np.testing.assert_array_equal(
        ops.lstm(*args, dropout=0.0, recurrent_dropout=0.0, seed=1)[0], ops.lstm(*args)[0]
    )


@pytest.mark.parametrize(
    ("chosen", "error", "message"),
    [
        ({"dropout": 1.0}, ValueError, r"dropout is 1, expected a number in \[0, 1\)"),
        ({"recurrent_dropout": -0.1}, ValueError, "recurrent_dropout is -0.1, expected"),
        ({"recurrent_dropout": float("nan")}, ValueError, "recurrent_dropout is nan, expected"),
        ({"dropout": "half"}, TypeError, "dropout is 'half', expected a number"),
        ({"dropout": 0.5, "seed": -1}, ValueError, "seed is -1, expected"),
        ({"dropout": 0.5, "seed": 2**64}, ValueError, r"seed is 18446744073709551616, expected"),
        ({"dropout": 0.5, "seed": "x"}, TypeError, "seed is 'x', expected"),
    ],
)
@pytest.mark.parametrize("form", ["lstm", "gru"])
def test_bad_arguments(form: str, chosen: dict, error: type[Exception], message: str) -> None:
    p = problem(form)
    with pytest.raises(error, match=f"^{form}: {message}"):
        getattr(ops, form)(p.x, p.kernel, p.recurrent_kernel, **chosen)


def test_factors_are_the_documented_words() -> None:
    # The first words of Philox4x32-10 for counter 0 and key 0 (Random123, kat_vectors): 6627e8d5
    # e169c58d bc57ac4c 9b00dbd8; as shares of 2^32 0.399, 0.881, 0.736 and 0.605.
    given = _core.dropout_factors(1, 4, 0.7, 0, 0, True)
    np.testing.assert_array_equal(given, [[0.0, 1 / (1 - 0.7), 1 / (1 - 0.7), 0.0]])

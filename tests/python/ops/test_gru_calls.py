import itertools
import re

import numpy as np
import pytest

import gatedcore as gk
from finite_differences import assert_gradient
from gatedcore import ops, reference
from problems import ACTIVATIONS, assert_close, make_problem

DTYPES = [np.float32, np.float64]
FORMS = [True, False]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("reset_after", FORMS)
@pytest.mark.parametrize("time_major", [False, True])
@pytest.mark.parametrize("go_backwards", [False, True])
@pytest.mark.parametrize("H", [1, 5, 17])
def test_forward_and_backward_are_the_reference(
    dtype, reset_after: bool, time_major: bool, go_backwards: bool, H: int
) -> None:
    p = make_problem(3, H=H, time_major=time_major, two_biases=reset_after).astype(dtype)
    options = {
        "time_major": time_major, "go_backwards": go_backwards, "reset_after": reset_after,
    }  # fmt: skip
    h, gates, cache = ops.gru(
        p.x, p.kernel, p.recurrent_kernel, p.bias, p.h0,
        return_gates=True, return_cache=True, **options,
    )  # fmt: skip
    given = ops.gru_backward(cache, p.d_h, p.d_h_last)

    q = p.astype(np.float64)
    run = reference.gru_forward(q.x, q.kernel, q.recurrent_kernel, q.bias, q.h0, **options)
    expected = reference.gru_backward(run, q.d_h, q.d_h_last)

    def to_caller(a: np.ndarray) -> np.ndarray:
        return a if time_major else a.swapaxes(0, 1)

    assert h.dtype == dtype
    assert_close(h, to_caller(run.h[1:]))
    for name in ("z", "r", "n"):
        assert_close(getattr(gates, name), to_caller(getattr(run, name)))
    for a, b in zip(given, expected, strict=True):
        assert_close(a, b)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("reset_after", FORMS)
@pytest.mark.parametrize(
    ("activation", "recurrent_activation"), list(itertools.product(ACTIVATIONS, repeat=2))
)
def test_every_pair_of_activations(
    dtype, reset_after: bool, activation: str, recurrent_activation: str
) -> None:
    p = make_problem(3, T=3, B=2, two_biases=reset_after, seed=3).astype(dtype)
    options = {
        "activation": activation,
        "recurrent_activation": recurrent_activation,
        "reset_after": reset_after,
    }
    h, cache = ops.gru(p.x, p.kernel, p.recurrent_kernel, p.bias, return_cache=True, **options)
    given = ops.gru_backward(cache, p.d_h)
    q = p.astype(np.float64)
    run = reference.gru_forward(q.x, q.kernel, q.recurrent_kernel, q.bias, **options)
    assert_close(h, run.h[1:].swapaxes(0, 1))
    for a, b in zip(given, reference.gru_backward(run, q.d_h), strict=True):
        assert_close(a, b)


@pytest.mark.parametrize("reset_after", FORMS)
def test_backward_by_finite_differences_through_the_kernel(reset_after: bool) -> None:
    p = make_problem(3, T=4, B=2, H=3, two_biases=reset_after)
    args = (p.x, p.kernel, p.recurrent_kernel, p.bias, p.h0)

    def loss() -> float:
        h = ops.gru(*args, reset_after=reset_after)
        return float((h * p.d_h).sum() + (h[:, -1] * p.d_h_last).sum())

    _, cache = ops.gru(*args, reset_after=reset_after, return_cache=True)
    given = ops.gru_backward(cache, p.d_h, p.d_h_last)
    for a, array in zip(given, p[:5], strict=True):
        assert_gradient(a, loss, array)


def test_what_is_returned() -> None:
    p = make_problem(3, two_biases=True)
    args = (p.x, p.kernel, p.recurrent_kernel, p.bias)
    assert isinstance(ops.gru(*args), np.ndarray)
    assert isinstance(ops.gru(*args, return_gates=True)[1], ops.GRUGates)
    cache = ops.gru(*args, return_cache=True)[1]
    assert isinstance(cache, ops.GRUCache)
    assert cache.nbytes > 0
    assert not cache.consumed


def test_saved_state_is_at_most_20_bytes_for_each_float32_unit_and_step() -> None:
    p = make_problem(3, T=20, B=8, H=64).astype(np.float32)
    cache = ops.gru(p.x, p.kernel, p.recurrent_kernel, return_cache=True)[1]
    # Beyond the promise only the alignment of a few buffers.
    assert cache.nbytes <= 20 * 20 * 8 * 64 + 1024


@pytest.mark.parametrize("reset_after", FORMS)
def test_without_bias_and_state(reset_after: bool) -> None:
    p = make_problem(3)
    args, options = (p.x, p.kernel, p.recurrent_kernel), {"reset_after": reset_after}
    h, cache = ops.gru(*args, return_cache=True, **options)
    run = reference.gru_forward(*args, **options)
    assert_close(h, run.h[1:].swapaxes(0, 1))
    given = ops.gru_backward(cache, p.d_h, need_d_x=False)
    assert given.x is None
    assert given.bias is None
    assert_close(given.recurrent_kernel, reference.gru_backward(run, p.d_h).w_h)


@pytest.mark.parametrize(("T", "B"), [(0, 3), (5, 0), (0, 0)])
@pytest.mark.parametrize("reset_after", FORMS)
def test_nothing_to_do(T: int, B: int, reset_after: bool) -> None:
    p = make_problem(3, T=T, B=B, two_biases=reset_after)
    h, cache = ops.gru(
        p.x, p.kernel, p.recurrent_kernel, p.bias, p.h0, reset_after=reset_after, return_cache=True
    )
    assert h.shape == (B, T, 4)
    given = ops.gru_backward(cache, p.d_h, p.d_h_last)
    np.testing.assert_array_equal(given.kernel, np.zeros_like(p.kernel))
    np.testing.assert_array_equal(given.h0, p.d_h_last)


def test_initial_state_in_a_list() -> None:
    p = make_problem(3)
    args = (p.x, p.kernel, p.recurrent_kernel, None)
    np.testing.assert_array_equal(ops.gru(*args, p.h0), ops.gru(*args, [p.h0]))


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("reset_after", FORMS)
def test_same_bits_for_any_number_of_threads(threads: int, reset_after: bool) -> None:
    p = make_problem(3, T=30, B=40, I=8, H=48, two_biases=reset_after).astype(np.float32)

    def run() -> list[np.ndarray]:
        h, cache = ops.gru(
            p.x, p.kernel, p.recurrent_kernel, p.bias, reset_after=reset_after, return_cache=True
        )
        return [h, *ops.gru_backward(cache, p.d_h)]

    kept = gk.get_num_threads()
    try:
        gk.set_num_threads(1)
        expected = run()
        gk.set_num_threads(threads)
        for a, b in zip(run(), expected, strict=True):
            np.testing.assert_array_equal(a, b)
    finally:
        gk.set_num_threads(kept)


@pytest.mark.parametrize("reset_after", FORMS)
def test_cell_is_one_step(reset_after: bool) -> None:
    p = make_problem(3, two_biases=reset_after)
    weights = (p.kernel, p.recurrent_kernel, p.bias)
    h = ops.gru_cell(p.x[:, 0], p.h0, *weights, reset_after=reset_after)
    sequence = ops.gru(p.x[:, :1], *weights, p.h0, reset_after=reset_after)
    np.testing.assert_array_equal(h, sequence[:, 0])


P = make_problem(3, two_biases=True)  # B 3, T 5, I 2, H 4
GOOD = {"x": P.x, "kernel": P.kernel, "recurrent_kernel": P.recurrent_kernel, "bias": P.bias}


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"x": P.x[0]}, ValueError, "gru: x has shape (5, 2), expected (B, T, I)"),
        (
            {"kernel": P.kernel[:, :8]},
            ValueError,
            "gru: kernel has shape (2, 8), expected (I, 3*H)",
        ),
        ({"bias": P.bias[0]}, ValueError, "gru: bias has shape (12,), expected (2, 3*H) = (2, 12)"),
        (
            {"reset_after": False},
            ValueError,
            "gru: bias has shape (2, 12), expected (3*H,) = (12,)",
        ),
        ({"reset_after": None}, TypeError, "gru: reset_after is None, expected True or False"),
        ({"initial_state": P.h0[:2]}, ValueError, "gru: initial_state has shape (2, 4), expected"),
        ({"activation": "selu"}, ValueError, "gru: activation is 'selu', expected one of linear"),
    ],
)
def test_bad_arguments(change: dict, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        ops.gru(**{**GOOD, **change})


def test_bad_arguments_of_backward_leave_the_cache_usable() -> None:
    cache = ops.gru(**GOOD, return_cache=True)[1]
    with pytest.raises(ValueError, match=re.escape("gru_backward: d_h_last has shape (3, 5, 4)")):
        ops.gru_backward(cache, None, P.d_h)
    ops.gru_backward(cache, P.d_h)
    with pytest.raises(ValueError, match="gru_backward: cache was used by an earlier"):
        ops.gru_backward(cache, P.d_h)
    with pytest.raises(TypeError, match="cache has type int, expected GRUCache"):
        ops.gru_backward(1, P.d_h)


def test_bad_arguments_of_the_cell() -> None:
    with pytest.raises(ValueError, match=re.escape("gru_cell: h_prev has shape (2, 4), expected")):
        ops.gru_cell(P.x[:, 0], P.h0[:2], P.kernel, P.recurrent_kernel)


@pytest.mark.parametrize("go_backwards", [False, True])
@pytest.mark.parametrize("time_major", [False, True])
def test_a_mask_gives_what_the_steps_that_count_give_alone(time_major, go_backwards):
    p = make_problem(3, T=9, B=6, two_biases=True)
    mask = np.random.default_rng(1).integers(0, 2, size=(6, 9)).astype(bool)
    mask[0], mask[1] = False, True

    def swapped(array):
        return array.swapaxes(0, 1) if time_major else array

    h, cache = ops.gru(
        swapped(p.x), p.kernel, p.recurrent_kernel, p.bias, p.h0,
        time_major=time_major, go_backwards=go_backwards, mask=swapped(mask),
        zero_output_for_mask=True, return_cache=True,
    )  # fmt: skip
    g = ops.gru_backward(cache, swapped(p.d_h), p.d_h_last)
    h, d_x, kept = swapped(h), swapped(g.x), mask[:, ::-1] if go_backwards else mask
    np.testing.assert_array_equal(h[~kept], 0)
    np.testing.assert_array_equal(d_x[~mask], 0)
    kernel = np.zeros_like(g.kernel)
    for b in range(6):
        alone, row = ops.gru(
            p.x[b : b + 1, mask[b]], p.kernel, p.recurrent_kernel, p.bias, p.h0[b : b + 1],
            go_backwards=go_backwards, return_cache=True,
        )  # fmt: skip
        d = ops.gru_backward(row, p.d_h[b : b + 1, kept[b]], p.d_h_last[b : b + 1])
        assert_close(h[b, kept[b]], alone[0])
        assert_close(d_x[b, mask[b]], d.x[0])
        assert_close(g.h0[b], d.h0[0])
        kernel += d.kernel
    assert_close(g.kernel, kernel)


def test_a_mask_keeps_memory_for_the_steps_that_count_alone():
    p = make_problem(3, T=50, B=4, two_biases=True).astype(np.float32)
    mask = np.zeros((4, 50), bool)
    mask[:, :5] = True
    arguments = (p.x, p.kernel, p.recurrent_kernel, p.bias)
    every = ops.gru(*arguments, return_cache=True)[-1].nbytes
    some = ops.gru(*arguments, mask=mask, return_cache=True)[-1].nbytes
    assert some < every / 8


@pytest.mark.parametrize("go_backwards", [False, True])
def test_gates_of_a_masked_call_are_those_of_the_steps_that_count(go_backwards: bool) -> None:
    p = make_problem(3, two_biases=True)
    weights = (p.kernel, p.recurrent_kernel, p.bias)
    options = {"return_gates": True, "go_backwards": go_backwards}
    mask = np.array([[1, 1, 0, 1, 0], [0, 0, 0, 0, 0], [1, 1, 1, 1, 1]], bool)
    *_, gates = ops.gru(p.x, *weights, mask=mask, **options)
    for b, row in enumerate(mask[:, ::-1] if go_backwards else mask):
        *_, alone = ops.gru(p.x[b : b + 1, mask[b]], *weights, **options)
        for mine, expected in zip(gates, alone, strict=True):
            np.testing.assert_array_equal(mine[b, row], expected[0])
            assert not mine[b, ~row].any()


def test_gates_of_a_call_with_resets_are_those_of_its_pieces() -> None:
    p = make_problem(3, two_biases=True)
    weights = (p.kernel, p.recurrent_kernel, p.bias)
    reset = np.arange(5) == [[2], [2], [2]]
    *_, gates = ops.gru(p.x, *weights, reset=reset, return_gates=True)
    *_, first = ops.gru(p.x[:, :2], *weights, return_gates=True)
    *_, second = ops.gru(p.x[:, 2:], *weights, return_gates=True)
    for mine, *pieces in zip(gates, first, second, strict=True):
        np.testing.assert_array_equal(mine, np.concatenate(pieces, axis=1))


def test_a_reset_begins_anew_and_stops_the_gradient():
    p = make_problem(3, T=9, B=2, two_biases=True)
    reset = np.zeros((2, 9), bool)
    reset[0, 4] = reset[1, 0] = True
    arguments = (p.kernel, p.recurrent_kernel, p.bias)
    h, *_, cache = ops.gru(p.x, *arguments, p.h0, reset=reset, return_cache=True)
    before = ops.gru(p.x[:1, :4], *arguments, p.h0[:1], return_cache=True)[0]
    after = ops.gru(p.x[:1, 4:], *arguments, return_cache=True)[0]
    assert_close(h[:1], np.concatenate([before, after], axis=1))
    assert_close(h[1:], ops.gru(p.x[1:], *arguments, return_cache=True)[0])
    d_h = np.zeros_like(p.d_h)
    d_h[0, 5] = 1  # what comes after the reset knows nothing of what was before
    g = ops.gru_backward(cache, d_h)
    assert np.abs(g.x[0, 4:6]).min() > 0
    np.testing.assert_array_equal(g.x[0, :4], 0)
    np.testing.assert_array_equal(g.h0, 0)
    with pytest.raises(TypeError, match="gru: reset has dtype int64, expected bool"):
        ops.gru(p.x, *arguments, reset=reset.astype(np.int64))


def test_what_backward_reads_again_is_read_only():
    p = make_problem(3, two_biases=True)
    arguments = (p.x, p.kernel, p.recurrent_kernel, p.bias)
    h = ops.gru(*arguments, return_cache=True)[0]
    with pytest.raises(ValueError, match="read-only"):
        h *= 2
    for name in ("return_gates", "return_cache", "recompute"):
        with pytest.raises(TypeError, match=f"gru: {name} is 'yes', expected True or False"):
            ops.gru(*arguments, **{name: "yes"})


@pytest.mark.parametrize("reset_after", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("time_major", [False, True])
@pytest.mark.parametrize("go_backwards", [False, True])
def test_recompute_gives_the_same_bits_from_a_fifth_of_the_memory(
    dtype, masked: bool, time_major: bool, go_backwards: bool, reset_after: bool
) -> None:
    p = make_problem(3, T=400, B=3, H=17, time_major=time_major, two_biases=reset_after).astype(
        dtype
    )
    options = {"reset_after": reset_after, "time_major": time_major, "go_backwards": go_backwards}
    if masked:
        options["mask"] = np.random.default_rng(1).random(p.x.shape[:2]) < 0.8
        options["reset"] = np.random.default_rng(2).random(p.x.shape[:2]) < 0.01
    arguments = (p.x, p.kernel, p.recurrent_kernel, p.bias, p.h0)
    *outputs, saving = ops.gru(*arguments, return_cache=True, **options)
    *same, recomputing = ops.gru(*arguments, return_cache=True, recompute=True, **options)
    for a, b in zip(same, outputs, strict=True):
        np.testing.assert_array_equal(a, b)
    if not masked:  # whose caches hold packed inputs too
        assert 5 * recomputing.nbytes == saving.nbytes
    assert recomputing.nbytes < saving.nbytes
    expected = ops.gru_backward(saving, p.d_h, p.d_h_last)
    given = ops.gru_backward(recomputing, p.d_h, p.d_h_last)
    for a, b in zip(given, expected, strict=True):
        np.testing.assert_array_equal(a, b)
    assert recomputing.consumed


def test_recompute_asks_for_a_cache_and_against_gates() -> None:
    with pytest.raises(ValueError, match="gru: recompute=True came without return_cache=True"):
        ops.gru(**GOOD, recompute=True)
    with pytest.raises(ValueError, match="gru: recompute=True came with return_gates=True"):
        ops.gru(**GOOD, recompute=True, return_cache=True, return_gates=True)

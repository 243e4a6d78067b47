import itertools
import re

import numpy as np
import pytest

import gatedcore as gk
from finite_differences import assert_gradient
from gatedcore import ops, reference
from problems import ACTIVATIONS, assert_close, make_problem

DTYPES = [np.float32, np.float64]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("time_major", [False, True])
@pytest.mark.parametrize("go_backwards", [False, True])
@pytest.mark.parametrize("H", [1, 5, 17])
def test_forward_and_backward_are_the_reference(
    dtype, time_major: bool, go_backwards: bool, H: int
) -> None:
    p = make_problem(4, H=H, time_major=time_major).astype(dtype)
    layout = {"time_major": time_major, "go_backwards": go_backwards}
    h, c, gates, cache = ops.lstm(
        p.x, p.kernel, p.recurrent_kernel, p.bias, [p.h0, p.c0],
        return_gates=True, return_cache=True, **layout,
    )  # fmt: skip
    given = ops.lstm_backward(cache, p.d_h, p.d_h_last, p.d_c_last)

    q = p.astype(np.float64)
    run = reference.lstm_forward(q.x, q.kernel, q.recurrent_kernel, q.bias, q.h0, q.c0, **layout)
    expected = reference.lstm_backward(run, q.d_h, q.d_h_last, q.d_c_last)

    def to_caller(a: np.ndarray) -> np.ndarray:
        return a if time_major else a.swapaxes(0, 1)

    assert h.dtype == c.dtype == dtype
    assert_close(h, to_caller(run.h[1:]))
    assert_close(c, run.c[-1])
    for name in ("i", "f", "g", "o"):
        assert_close(getattr(gates, name), to_caller(getattr(run, name)))
    assert_close(gates.c, to_caller(run.c[1:]))
    for a, b in zip(given, expected, strict=True):
        assert_close(a, b)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("activation", "recurrent_activation"), list(itertools.product(ACTIVATIONS, repeat=2))
)
def test_every_pair_of_activations(dtype, activation: str, recurrent_activation: str) -> None:
    p = make_problem(4, T=3, B=2, seed=3).astype(dtype)
    names = {"activation": activation, "recurrent_activation": recurrent_activation}
    h, c, cache = ops.lstm(p.x, p.kernel, p.recurrent_kernel, p.bias, return_cache=True, **names)
    given = ops.lstm_backward(cache, p.d_h)
    q = p.astype(np.float64)
    run = reference.lstm_forward(q.x, q.kernel, q.recurrent_kernel, q.bias, **names)
    assert_close(h, run.h[1:].swapaxes(0, 1))
    assert_close(c, run.c[-1])
    for a, b in zip(given, reference.lstm_backward(run, q.d_h), strict=True):
        assert_close(a, b)


def test_backward_by_finite_differences_through_the_kernel() -> None:
    p = make_problem(4, T=4, B=2, H=3)

    def loss() -> float:
        h, c = ops.lstm(p.x, p.kernel, p.recurrent_kernel, p.bias, (p.h0, p.c0))
        return float((h * p.d_h).sum() + (h[:, -1] * p.d_h_last).sum() + (c * p.d_c_last).sum())

    *_, cache = ops.lstm(p.x, p.kernel, p.recurrent_kernel, p.bias, (p.h0, p.c0), return_cache=True)
    given = ops.lstm_backward(cache, p.d_h, p.d_h_last, p.d_c_last)
    for a, array in zip(given, p[:6], strict=True):
        assert_gradient(a, loss, array)


def test_what_is_returned() -> None:
    p = make_problem(4)
    args = (p.x, p.kernel, p.recurrent_kernel, p.bias)
    assert len(ops.lstm(*args)) == 2
    assert isinstance(ops.lstm(*args, return_gates=True)[2], ops.LSTMGates)
    cache = ops.lstm(*args, return_cache=True)[2]
    assert isinstance(cache, ops.LSTMCache)
    assert cache.nbytes > 0
    assert not cache.consumed


def test_saved_state_is_at_most_24_bytes_for_each_float32_unit_and_step() -> None:
    p = make_problem(4, T=20, B=8, H=64).astype(np.float32)
    cache = ops.lstm(p.x, p.kernel, p.recurrent_kernel, return_cache=True)[2]
    # Beyond the promise only the alignment of a few buffers.
    assert cache.nbytes <= 24 * 20 * 8 * 64 + 1024


def test_without_bias_and_states() -> None:
    p = make_problem(4)
    h, _, cache = ops.lstm(p.x, p.kernel, p.recurrent_kernel, return_cache=True)
    run = reference.lstm_forward(p.x, p.kernel, p.recurrent_kernel)
    assert_close(h, run.h[1:].swapaxes(0, 1))
    given = ops.lstm_backward(cache, p.d_h, need_d_x=False)
    assert given.x is None
    assert given.bias is None
    assert_close(given.kernel, reference.lstm_backward(run, p.d_h).w_x)


@pytest.mark.parametrize(("T", "B"), [(0, 3), (5, 0), (0, 0)])
def test_nothing_to_do(T: int, B: int) -> None:
    p = make_problem(4, T=T, B=B)
    h, c, cache = ops.lstm(
        p.x, p.kernel, p.recurrent_kernel, p.bias, (p.h0, p.c0), return_cache=True
    )
    assert h.shape == (B, T, 4)
    np.testing.assert_array_equal(c, p.c0 if T == 0 else np.zeros((0, 4)))
    given = ops.lstm_backward(cache, p.d_h, p.d_h_last, p.d_c_last)
    np.testing.assert_array_equal(given.kernel, np.zeros_like(p.kernel))
    np.testing.assert_array_equal(given.h0, p.d_h_last)


def test_strided_input_gives_the_same_bits() -> None:
    p = make_problem(4)
    h, _ = ops.lstm(p.x, p.kernel, p.recurrent_kernel, p.bias)
    wide = np.zeros((3, 10, 4))
    wide[:, ::2, :2] = p.x
    swapped = np.asfortranarray(p.x)
    read_only = p.x.copy()
    read_only.setflags(write=False)
    for x in (wide[:, ::2, :2], swapped, p.x[::-1][::-1], read_only):
        np.testing.assert_array_equal(ops.lstm(x, p.kernel, p.recurrent_kernel, p.bias)[0], h)


def test_inputs_are_left_alone() -> None:
    p = make_problem(4)
    before = [array.copy() for array in p]
    *_, cache = ops.lstm(p.x, p.kernel, p.recurrent_kernel, p.bias, (p.h0, p.c0), return_cache=True)
    ops.lstm_backward(cache, p.d_h, p.d_h_last, p.d_c_last)
    for array, kept in zip(p, before, strict=True):
        np.testing.assert_array_equal(array, kept)


def test_dtype_follows_x() -> None:
    p = make_problem(4)
    assert ops.lstm(p.x.astype(np.float32), p.kernel, p.recurrent_kernel)[0].dtype == np.float32
    assert ops.lstm(np.ones((1, 2, 2), int), p.kernel, p.recurrent_kernel)[0].dtype == np.float64
    single = p.kernel.astype(np.float32), p.recurrent_kernel.astype(np.float32)
    assert ops.lstm(np.ones((1, 2, 2), int), *single)[0].dtype == np.float32


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_same_bits_for_any_number_of_threads(threads: int) -> None:
    p = make_problem(4, T=30, B=40, I=8, H=48).astype(np.float32)

    def run() -> list[np.ndarray]:
        h, c, cache = ops.lstm(p.x, p.kernel, p.recurrent_kernel, p.bias, return_cache=True)
        return [h, c, *ops.lstm_backward(cache, p.d_h)]

    kept = gk.get_num_threads()
    try:
        gk.set_num_threads(1)
        expected = run()
        gk.set_num_threads(threads)
        for a, b in zip(run(), expected, strict=True):
            np.testing.assert_array_equal(a, b)
    finally:
        gk.set_num_threads(kept)


def test_cell_is_one_step() -> None:
    p = make_problem(4)
    h, c = ops.lstm_cell(p.x[:, 0], p.h0, p.c0, p.kernel, p.recurrent_kernel, p.bias)
    sequence, last = ops.lstm(p.x[:, :1], p.kernel, p.recurrent_kernel, p.bias, (p.h0, p.c0))
    np.testing.assert_array_equal(h, sequence[:, 0])
    np.testing.assert_array_equal(c, last)


P = make_problem(4)  # B 3, T 5, I 2, H 4
GOOD = {"x": P.x, "kernel": P.kernel, "recurrent_kernel": P.recurrent_kernel, "bias": P.bias}


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"x": P.x[0]}, ValueError, "lstm: x has shape (5, 2), expected (B, T, I)"),
        (
            {"x": P.x[..., :1]},
            ValueError,
            "lstm: kernel has shape (2, 16), expected (I, 4*H) = (1, 16)",
        ),
        ({"x": ["text"]}, TypeError, "lstm: x has dtype <U4, expected real numbers"),
        ({"x": P.x * 1j}, TypeError, "lstm: x has dtype complex128, expected real numbers"),
        ({"x": None}, TypeError, "lstm: x has type NoneType, expected an array"),
        (
            {"kernel": P.kernel[:, :12]},
            ValueError,
            "lstm: kernel has shape (2, 12), expected (I, 4*H) = (2, 16)",
        ),
        (
            {"recurrent_kernel": P.recurrent_kernel[:, :12]},
            ValueError,
            "lstm: recurrent_kernel has shape (4, 12), expected (H, 4*H) = (4, 16)",
        ),
        (
            {"recurrent_kernel": P.recurrent_kernel[:0]},
            ValueError,
            "lstm: recurrent_kernel has shape (0, 16), expected at least one unit",
        ),
        ({"bias": P.bias[:12]}, ValueError, "lstm: bias has shape (12,), expected (4*H,) = (16,)"),
        (
            {"initial_state": P.h0},
            ValueError,
            "lstm: initial_state is a ndarray, expected [h0, c0]",
        ),
        ({"initial_state": [P.h0]}, ValueError, "lstm: initial_state is a list of 1, expected"),
        (
            {"initial_state": [P.h0[:2], P.c0]},
            ValueError,
            "lstm: initial_state[0] has shape (2, 4), expected (B, H) = (3, 4)",
        ),
        ({"activation": "gelu"}, ValueError, "lstm: activation is 'gelu', expected one of linear"),
        ({"recurrent_activation": 3}, ValueError, "lstm: recurrent_activation is 3, expected"),
        ({"time_major": 1}, TypeError, "lstm: time_major is 1, expected True or False"),
        ({"go_backwards": "no"}, TypeError, "lstm: go_backwards is 'no', expected True or False"),
    ],
)
def test_bad_arguments(change: dict, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        ops.lstm(**{**GOOD, **change})


def test_bad_arguments_of_backward_leave_the_cache_usable() -> None:
    cache = ops.lstm(**GOOD, return_cache=True)[2]
    with pytest.raises(ValueError, match=re.escape("d_h has shape (3, 4), expected the shape of")):
        ops.lstm_backward(cache, P.d_h_last)
    with pytest.raises(ValueError, match=re.escape("d_c_last has shape (3, 5, 4), expected")):
        ops.lstm_backward(cache, None, None, P.d_h)
    with pytest.raises(TypeError, match="need_d_x is 1, expected True or False"):
        ops.lstm_backward(cache, P.d_h, need_d_x=1)
    ops.lstm_backward(cache, P.d_h)
    assert cache.consumed
    with pytest.raises(ValueError, match="lstm_backward: cache was used by an earlier"):
        ops.lstm_backward(cache, P.d_h)
    gru = make_problem(3, two_biases=True)
    other = ops.gru(gru.x, gru.kernel, gru.recurrent_kernel, return_cache=True)[1]
    with pytest.raises(
        TypeError, match="cache has type GRUCache, expected LSTMCache; pass what lstm"
    ):
        ops.lstm_backward(other, P.d_h)


def test_bad_arguments_of_the_cell() -> None:
    with pytest.raises(
        ValueError, match=re.escape("lstm_cell: x has shape (3, 5, 2), expected (B, I)")
    ):
        ops.lstm_cell(P.x, P.h0, P.c0, P.kernel, P.recurrent_kernel)
    with pytest.raises(ValueError, match=re.escape("lstm_cell: c_prev has shape (2, 4), expected")):
        ops.lstm_cell(P.x[:, 0], P.h0, P.c0[:2], P.kernel, P.recurrent_kernel)


@pytest.mark.parametrize("go_backwards", [False, True])
@pytest.mark.parametrize("time_major", [False, True])
def test_a_mask_gives_what_the_steps_that_count_give_alone(time_major, go_backwards):
    p = make_problem(4, T=9, B=6)
    mask = np.random.default_rng(1).integers(0, 2, size=(6, 9)).astype(bool)
    mask[0], mask[1] = False, True

    def swapped(array):
        return array.swapaxes(0, 1) if time_major else array

    h, c, cache = ops.lstm(
        swapped(p.x), p.kernel, p.recurrent_kernel, p.bias, [p.h0, p.c0],
        time_major=time_major, go_backwards=go_backwards, mask=swapped(mask),
        zero_output_for_mask=True, return_cache=True,
    )  # fmt: skip
    g = ops.lstm_backward(cache, swapped(p.d_h), p.d_h_last, p.d_c_last)
    h, d_x, kept = swapped(h), swapped(g.x), mask[:, ::-1] if go_backwards else mask
    np.testing.assert_array_equal(h[~kept], 0)
    np.testing.assert_array_equal(d_x[~mask], 0)
    kernel = np.zeros_like(g.kernel)
    for b in range(6):
        states = [p.h0[b : b + 1], p.c0[b : b + 1]]
        alone, c_alone, row = ops.lstm(
            p.x[b : b + 1, mask[b]], p.kernel, p.recurrent_kernel, p.bias, states,
            go_backwards=go_backwards, return_cache=True,
        )  # fmt: skip
        d = ops.lstm_backward(
            row, p.d_h[b : b + 1, kept[b]], p.d_h_last[b : b + 1], p.d_c_last[b : b + 1]
        )
        assert_close(h[b, kept[b]], alone[0])
        assert_close(c[b], c_alone[0])
        assert_close(d_x[b, mask[b]], d.x[0])
        assert_close(g.h0[b], d.h0[0])
        kernel += d.kernel
    assert_close(g.kernel, kernel)


def test_a_mask_keeps_memory_for_the_steps_that_count_alone():
    p = make_problem(4, T=50, B=4).astype(np.float32)
    mask = np.zeros((4, 50), bool)
    mask[:, :5] = True
    arguments = (p.x, p.kernel, p.recurrent_kernel, p.bias)
    every = ops.lstm(*arguments, return_cache=True)[-1].nbytes
    some = ops.lstm(*arguments, mask=mask, return_cache=True)[-1].nbytes
    assert some < every / 8


@pytest.mark.parametrize("go_backwards", [False, True])
def test_gates_of_a_masked_call_are_those_of_the_steps_that_count(go_backwards: bool) -> None:
    p = make_problem(4)
    weights = (p.kernel, p.recurrent_kernel, p.bias)
    options = {"return_gates": True, "go_backwards": go_backwards}
    mask = np.array([[1, 1, 0, 1, 0], [0, 0, 0, 0, 0], [1, 1, 1, 1, 1]], bool)
    *_, gates = ops.lstm(p.x, *weights, mask=mask, **options)
    for b, row in enumerate(mask[:, ::-1] if go_backwards else mask):
        *_, alone = ops.lstm(p.x[b : b + 1, mask[b]], *weights, **options)
        for mine, expected in zip(gates, alone, strict=True):
            np.testing.assert_array_equal(mine[b, row], expected[0])
            assert not mine[b, ~row].any()


def test_gates_of_a_call_with_resets_are_those_of_its_pieces() -> None:
    p = make_problem(4)
    weights = (p.kernel, p.recurrent_kernel, p.bias)
    reset = np.arange(5) == [[2], [2], [2]]
    *_, gates = ops.lstm(p.x, *weights, reset=reset, return_gates=True)
    *_, first = ops.lstm(p.x[:, :2], *weights, return_gates=True)
    *_, second = ops.lstm(p.x[:, 2:], *weights, return_gates=True)
    for mine, *pieces in zip(gates, first, second, strict=True):
        np.testing.assert_array_equal(mine, np.concatenate(pieces, axis=1))


def test_a_reset_begins_anew_and_stops_the_gradient():
    p = make_problem(4, T=9, B=2)
    reset = np.zeros((2, 9), bool)
    reset[0, 4] = reset[1, 0] = True
    arguments = (p.kernel, p.recurrent_kernel, p.bias)
    h, *_, cache = ops.lstm(p.x, *arguments, [p.h0, p.c0], reset=reset, return_cache=True)
    before = ops.lstm(p.x[:1, :4], *arguments, [p.h0[:1], p.c0[:1]], return_cache=True)[0]
    after = ops.lstm(p.x[:1, 4:], *arguments, return_cache=True)[0]
    assert_close(h[:1], np.concatenate([before, after], axis=1))
    assert_close(h[1:], ops.lstm(p.x[1:], *arguments, return_cache=True)[0])
    d_h = np.zeros_like(p.d_h)
    d_h[0, 5] = 1  # what comes after the reset knows nothing of what was before
    g = ops.lstm_backward(cache, d_h)
    assert np.abs(g.x[0, 4:6]).min() > 0
    np.testing.assert_array_equal(g.x[0, :4], 0)
    np.testing.assert_array_equal(g.h0, 0)
    with pytest.raises(TypeError, match="lstm: reset has dtype int64, expected bool"):
        ops.lstm(p.x, *arguments, reset=reset.astype(np.int64))


def test_what_backward_reads_again_is_read_only():
    p = make_problem(4)
    arguments = (p.x, p.kernel, p.recurrent_kernel, p.bias)
    h = ops.lstm(*arguments, return_cache=True)[0]
    with pytest.raises(ValueError, match="read-only"):
        h *= 2
    for name in ("return_gates", "return_cache", "recompute"):
        with pytest.raises(TypeError, match=f"lstm: {name} is 'yes', expected True or False"):
            ops.lstm(*arguments, **{name: "yes"})


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("time_major", [False, True])
@pytest.mark.parametrize("go_backwards", [False, True])
def test_recompute_gives_the_same_bits_from_a_third_of_the_memory(
    dtype, masked: bool, time_major: bool, go_backwards: bool
) -> None:
    p = make_problem(4, T=400, B=3, H=17, time_major=time_major).astype(dtype)
    options = {"time_major": time_major, "go_backwards": go_backwards}
    if masked:
        options["mask"] = np.random.default_rng(1).random(p.x.shape[:2]) < 0.8
        options["reset"] = np.random.default_rng(2).random(p.x.shape[:2]) < 0.01
    arguments = (p.x, p.kernel, p.recurrent_kernel, p.bias, (p.h0, p.c0))
    *outputs, saving = ops.lstm(*arguments, return_cache=True, **options)
    *same, recomputing = ops.lstm(*arguments, return_cache=True, recompute=True, **options)
    for a, b in zip(same, outputs, strict=True):
        np.testing.assert_array_equal(a, b)
    if not masked:  # whose caches hold packed inputs too
        assert 3 * recomputing.nbytes == saving.nbytes
    assert recomputing.nbytes < saving.nbytes
    expected = ops.lstm_backward(saving, p.d_h, p.d_h_last, p.d_c_last)
    given = ops.lstm_backward(recomputing, p.d_h, p.d_h_last, p.d_c_last)
    for a, b in zip(given, expected, strict=True):
        np.testing.assert_array_equal(a, b)
    assert recomputing.consumed


def test_recompute_asks_for_a_cache_and_against_gates() -> None:
    with pytest.raises(ValueError, match="lstm: recompute=True came without return_cache=True"):
        ops.lstm(**GOOD, recompute=True)
    with pytest.raises(ValueError, match="lstm: recompute=True came with return_gates=True"):
        ops.lstm(**GOOD, recompute=True, return_cache=True, return_gates=True)

"""Peepholes, limits and coupled gates: against plain NumPy, with every other option, and errors."""

import itertools

import numpy as np
import pytest

from finite_differences import assert_gradient
from gatedcore import ops, reference
from problems import assert_close, make_problem

COMBINATIONS = list(itertools.product([False, True], [None, 0.5], [False, True]))[1:]
MASK = np.array([[1, 1, 0, 1, 1], [0, 1, 1, 1, 0], [1, 1, 1, 1, 1]], bool)
RESET = np.array([[0, 0, 0, 1, 0], [0, 0, 1, 0, 0], [1, 0, 0, 0, 0]], bool)


def peepholes(H: int) -> np.ndarray:
    return np.random.default_rng(3).normal(size=(3, H))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("peephole", "clip", "input_forget"), COMBINATIONS)
@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_lstm_is_the_reference(dtype, peephole, clip, input_forget, activation) -> None:
    p = make_problem(4, H=5)
    w_p = peepholes(5) if peephole else None
    h, c, gates, cache = ops.lstm(
        p.x.astype(dtype), p.kernel, p.recurrent_kernel, p.bias, [p.h0, p.c0],
        activation=activation, peephole=w_p, clip=clip, input_forget=input_forget,
        return_gates=True, return_cache=True,
    )  # fmt: skip
    given = ops.lstm_backward(cache, p.d_h, p.d_h_last, p.d_c_last)
    run = reference.lstm_forward(
        p.x, p.kernel, p.recurrent_kernel, p.bias, p.h0, p.c0,
        activation=activation, p=w_p, clip=clip or 0.0, input_forget=input_forget,
    )  # fmt: skip
    expected = reference.lstm_backward(run, p.d_h, p.d_h_last, p.d_c_last)
    assert_close(h, run.h[1:].swapaxes(0, 1).astype(dtype))
    assert_close(c, run.c[-1].astype(dtype))
    for name in ("i", "f", "g", "o"):
        assert_close(getattr(gates, name), getattr(run, name).swapaxes(0, 1).astype(dtype))
    for a, b in zip(given, expected, strict=True):
        assert_close(a, b.astype(dtype))
    if peephole:
        assert given.peephole is not None
        assert given.peephole.shape == (3, 5)
        assert_close(given.peephole, expected.p.astype(dtype))
    else:
        assert given.peephole is None


@pytest.mark.parametrize("reset_after", [False, True])
def test_gru_with_a_limit_is_the_reference(reset_after: bool) -> None:
    p = make_problem(3, two_biases=reset_after)
    options = {"reset_after": reset_after, "clip": 0.4}
    h, cache = ops.gru(
        p.x, p.kernel, p.recurrent_kernel, p.bias, p.h0, return_cache=True, **options
    )
    run = reference.gru_forward(p.x, p.kernel, p.recurrent_kernel, p.bias, p.h0, **options)
    assert_close(h, run.h[1:].swapaxes(0, 1))
    given = ops.gru_backward(cache, p.d_h, p.d_h_last)
    for a, b in zip(given, reference.gru_backward(run, p.d_h, p.d_h_last), strict=True):
        assert_close(a, b)
    without = ops.gru(p.x, p.kernel, p.recurrent_kernel, p.bias, p.h0, reset_after=reset_after)
    assert np.abs(h - without).max() > 1e-3


@pytest.mark.parametrize("recompute", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_gradients_with_masks_resets_and_zoneout(recompute: bool, masked: bool) -> None:
    p = make_problem(4)
    w_p = peepholes(4)
    options = {"peephole": w_p, "clip": 0.7, "zoneout_c": 0.3, "zoneout_h": 0.1, "seed": 5}
    if masked:
        options |= {"mask": MASK, "reset": RESET}

    def run(**more):
        return ops.lstm(p.x, p.kernel, p.recurrent_kernel, p.bias, [p.h0, p.c0], **options, **more)

    def loss() -> float:
        h, c = run()
        return float((h * p.d_h).sum() + (c * p.d_c_last).sum())

    *_, cache = run(return_cache=True, recompute=recompute)
    given = ops.lstm_backward(cache, p.d_h, None, p.d_c_last)
    for gradient, array in [
        (given.peephole, w_p),
        (given.recurrent_kernel, p.recurrent_kernel),
        (given.x, p.x),
        (given.h0, p.h0),
        (given.c0, p.c0),
    ]:
        assert_gradient(gradient, loss, array)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_any_number_of_threads_gives_the_same_bits(threads: int) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(24, 90, 32)).astype(np.float32)
    kernel = rng.normal(size=(32, 160)).astype(np.float32) * 0.1
    recurrent = rng.normal(size=(40, 160)).astype(np.float32) * 0.1
    before = ops.get_num_threads()
    results = []
    try:
        for count in (1, threads):
            ops.set_num_threads(count)
            h, _, cache = ops.lstm(
                x, kernel, recurrent, peephole=peepholes(40), clip=0.5, return_cache=True
            )
            g = ops.lstm_backward(cache, h)
            results.append([h, *g[:3], g.peephole])
    finally:
        ops.set_num_threads(before)
    for a, b in zip(*results, strict=True):
        assert a.tobytes() == b.tobytes()


def test_arguments_that_name_nothing_leave_the_bits() -> None:
    p = make_problem(4).astype(np.float32)
    arguments = (p.x, p.kernel, p.recurrent_kernel, p.bias, [p.h0, p.c0])
    for a, b in zip(
        ops.lstm(*arguments),
        ops.lstm(*arguments, peephole=None, clip=None, input_forget=False),
        strict=True,
    ):
        assert a.tobytes() == b.tobytes()


def test_errors_name_the_argument() -> None:
    p = make_problem(4)
    arguments = (p.x, p.kernel, p.recurrent_kernel)
    with pytest.raises(
        ValueError, match=r"lstm: peephole has shape \(12,\), .* \(3, 4\); .* i f o"
    ):
        ops.lstm(*arguments, peephole=np.zeros(12))
    with pytest.raises(TypeError, match="lstm: peephole"):
        ops.lstm(*arguments, peephole="all")
    with pytest.raises(ValueError, match=r"lstm: clip is 0, expected a number in \(0, inf\)"):
        ops.lstm(*arguments, clip=0)
    with pytest.raises(ValueError, match="lstm: clip is nan"):
        ops.lstm(*arguments, clip=np.nan)
    with pytest.raises(TypeError, match="lstm: input_forget is 1, expected True or False"):
        ops.lstm(*arguments, input_forget=1)
    q = make_problem(3, two_biases=True)
    with pytest.raises(ValueError, match="gru: clip is -1"):
        ops.gru(q.x, q.kernel, q.recurrent_kernel, clip=-1)

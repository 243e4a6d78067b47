"""Zoneout of hidden and cell states, in both layers and all forms of them."""

from typing import Any

import numpy as np
import pytest

import gatedcore as gk
from finite_differences import assert_gradient
from gatedcore import _core, ops, reference
from problems import Problem, assert_close, make_problem

SEED = 11
FORMS = ["lstm", "gru", "gru, reset before"]
MASK = np.array([[1, 1, 0, 1], [0, 1, 1, 0], [1, 1, 1, 1]], bool)
RESET = np.array([[0, 0, 0, 1], [0, 0, 1, 0], [0, 0, 0, 0]], bool)


def problem(form: str, **sizes: Any) -> Problem:
    return make_problem(4 if form == "lstm" else 3, two_biases=form == "gru", **sizes)


def rates(form: str) -> dict[str, float]:
    return {"zoneout_h": 0.3, "zoneout_c": 0.4} if form == "lstm" else {"zoneout_h": 0.3}


def options(form: str) -> dict[str, bool]:
    return {} if form == "lstm" else {"reset_after": form == "gru"}


def forward(form: str, p: Problem, **chosen: Any) -> Any:
    states = (p.h0, p.c0) if form == "lstm" else p.h0
    call = ops.lstm if form == "lstm" else ops.gru
    return call(p.x, p.kernel, p.recurrent_kernel, p.bias, states, **options(form), **chosen)


def run(form: str, p: Problem, **chosen: Any) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return h and every gradient."""
    h, *_, cache = forward(form, p, return_cache=True, **chosen)
    if form == "lstm":
        return h, list(ops.lstm_backward(cache, p.d_h, p.d_h_last, p.d_c_last))
    return h, list(ops.gru_backward(cache, p.d_h, p.d_h_last))


def kept(form: str, p: Problem) -> dict[str, np.ndarray]:
    """Return z_h, and an LSTM's z_c, as the calls of these tests draw them."""
    (B, T, _), H = p.x.shape, p.h0.shape[1]
    return {
        f"z_{name[-1]}": _core.zoneout_draws(T, B, H, rate, SEED, 2 + part, True)
        for part, (name, rate) in enumerate(rates(form).items())
    }


def reference_of(form: str, p: Problem, **z: Any) -> tuple[Any, Any]:
    weights = (p.x, p.kernel, p.recurrent_kernel, p.bias, p.h0)
    if form == "lstm":
        passed = reference.lstm_forward(*weights, p.c0, **z)
        return passed, reference.lstm_backward(passed, p.d_h, p.d_h_last, p.d_c_last)
    passed = reference.gru_forward(*weights, **z, **options(form))
    return passed, reference.gru_backward(passed, p.d_h, p.d_h_last)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("B", "I", "H"), [(1, 6, 17), (4, 3, 9)])
@pytest.mark.parametrize("training", [True, False])
def test_both_passes_are_the_reference(
    form: str,
    B: int,
    I: int,  # noqa: E741  # the letter of the equations
    H: int,
    dtype: Any,
    training: bool,
) -> None:
    p = problem(form, B=B, I=I, H=H).astype(dtype)
    h, gradients = run(form, p, **rates(form), training=training, seed=SEED)
    q = p.astype(np.float64)
    z: dict[str, Any] = kept(form, q)
    assert all(0.0 < array.mean() < 1.0 for array in z.values())
    if not training:
        z = {f"z_{name[-1]}": rate for name, rate in rates(form).items()}
    passed, expected = reference_of(form, q, **z)
    assert_close(h, passed.h[1:].swapaxes(0, 1))
    for a, b in zip(gradients, expected, strict=True):
        assert_close(a, b)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(
    "other", [{}, {"dropout": 0.3, "recurrent_dropout": 0.4}, {"training": False}], ids=str
)
def test_gradients_by_finite_differences(form: str, masked: bool, other: dict) -> None:
    p = problem(form, T=4, B=3, I=3, H=3)
    chosen: dict[str, Any] = {**rates(form), **other, "seed": SEED}
    if masked:
        chosen |= {"mask": MASK, "reset": RESET}

    def loss() -> float:
        result = forward(form, p, **chosen)
        h = result[0] if form == "lstm" else result
        last = float((result[1] * p.d_c_last).sum()) if form == "lstm" else 0.0
        return float((h * p.d_h).sum() + (h[:, -1] * p.d_h_last).sum()) + last

    _, gradients = run(form, p, **chosen)
    arrays = p[:6] if form == "lstm" else p[:5]
    for gradient, array in zip(gradients, arrays, strict=True):
        assert_gradient(gradient, loss, array)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("training", [True, False])
def test_a_mask_that_keeps_all_changes_no_bit(form: str, training: bool) -> None:
    p = problem(form, B=5, H=9)
    chosen: dict[str, Any] = {**rates(form), "training": training, "seed": SEED}
    h, gradients = run(form, p, **chosen)
    masked_h, masked = run(form, p, **chosen, mask=np.ones((5, 5), bool))
    np.testing.assert_array_equal(masked_h, h)
    for a, b in zip(masked, gradients, strict=True):
        assert_close(a, b)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("B", [1, 40])
def test_same_bits_for_any_number_of_threads(form: str, B: int) -> None:
    p = problem(form, T=30, B=B, I=8, H=160 if B == 1 else 48).astype(np.float32)
    kept_threads = gk.get_num_threads()
    try:
        gk.set_num_threads(1)
        expected, gradients = run(form, p, **rates(form), seed=SEED)
        gk.set_num_threads(3)
        h, given = run(form, p, **rates(form), seed=SEED)
    finally:
        gk.set_num_threads(kept_threads)
    np.testing.assert_array_equal(h, expected)
    for a, b in zip(given, gradients, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(
    "other", [{}, {"dropout": 0.3, "recurrent_dropout": 0.4}, {"training": False}], ids=str
)
def test_recompute_changes_no_bit(form: str, dtype, masked: bool, other: dict) -> None:
    p = problem(form, T=400, B=3, I=6, H=17).astype(dtype)
    chosen: dict[str, Any] = {**rates(form), **other, "seed": SEED}
    if masked:
        chosen["mask"] = np.random.default_rng(1).random((3, 400)) < 0.8
        chosen["reset"] = np.random.default_rng(2).random((3, 400)) < 0.01
    expected, gradients = run(form, p, **chosen)
    h, recomputed = run(form, p, recompute=True, **chosen)
    np.testing.assert_array_equal(h, expected)
    for a, b in zip(recomputed, gradients, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("form", FORMS)
def test_the_draws_are_those_of_the_steps_in_running_order_in_any_layout(form: str) -> None:
    p = problem(form, T=6, B=4, H=5)
    chosen: dict[str, Any] = {**rates(form), "seed": SEED}
    h, gradients = run(form, p, **chosen)
    major = p._replace(x=p.x.swapaxes(0, 1), d_h=p.d_h.swapaxes(0, 1))
    h_major, gradients_major = run(form, major, **chosen, time_major=True)
    np.testing.assert_array_equal(h_major.swapaxes(0, 1), h)
    np.testing.assert_array_equal(gradients_major[0].swapaxes(0, 1), gradients[0])
    flipped = p._replace(x=p.x[:, ::-1])
    np.testing.assert_array_equal(run(form, flipped, **chosen, go_backwards=True)[0], h)


@pytest.mark.parametrize("form", FORMS)
def test_a_kept_unit_has_its_old_state_to_the_last_bit(form: str) -> None:
    p = problem(form, T=20, B=5, H=9).astype(np.float32)
    z_h = kept(form, p)["z_h"].swapaxes(0, 1) == 1.0
    h = run(form, p, **rates(form), seed=SEED)[0]
    before = np.concatenate([p.h0[:, None], h[:, :-1]], axis=1)
    np.testing.assert_array_equal(h[z_h], before[z_h])
    assert (h[~z_h] != before[~z_h]).all()
    assert 0.2 < z_h.mean() < 0.4


def test_cell_states_alone() -> None:
    p = problem("lstm", T=20, B=5, H=9).astype(np.float32)
    weights = (p.x, p.kernel, p.recurrent_kernel, p.bias, (p.h0, p.c0))
    h, c, gates = ops.lstm(*weights, zoneout_c=0.4, seed=SEED, return_gates=True)
    z_c = _core.zoneout_draws(20, 5, 9, 0.4, SEED, 3, False).swapaxes(0, 1) == 1.0
    before = np.concatenate([p.c0[:, None], gates.c[:, :-1]], axis=1)
    np.testing.assert_array_equal(gates.c[z_c], before[z_c])
    np.testing.assert_array_equal(gates.c[:, -1], c)
    # The output follows the new cell state, kept or not: h = o tanh(f c_prev + i g).
    expected = gates.o * np.tanh(gates.f * before + gates.i * gates.g)
    np.testing.assert_allclose(h, expected, rtol=0.0, atol=1e-6)  # a few roundings of float32


def test_seeds_and_rates_of_zero() -> None:
    p = make_problem(4, B=8, H=9)
    args = (p.x, p.kernel, p.recurrent_kernel)

    def h(**chosen: Any) -> np.ndarray:
        return ops.lstm(*args, zoneout_h=0.5, **chosen)[0]

    np.testing.assert_array_equal(h(seed=1), h(seed=1))
    assert (h(seed=1) != h(seed=2)).any()
    gk.set_random_seed(3)
    first, second = h(), h()
    assert (first != second).any()
    gk.set_random_seed(3)
    np.testing.assert_array_equal(h(), first)
    np.testing.assert_array_equal(h(training=False, seed=1), h(training=False, seed=2))
    plain = ops.lstm(*args)[0]
    np.testing.assert_array_equal(ops.lstm(*args, zoneout_h=0.0, zoneout_c=0.0, seed=1)[0], plain)
    # Without training nothing is dropped.
    dropped = {"dropout": 0.5, "recurrent_dropout": 0.5}
    np.testing.assert_array_equal(ops.lstm(*args, **dropped, training=False)[0], plain)


@pytest.mark.parametrize(
    ("chosen", "error", "message"),
    [
        ({"zoneout_h": 1.0}, ValueError, r"zoneout_h is 1, expected a number in \[0, 1\)"),
        ({"zoneout_h": -0.1}, ValueError, "zoneout_h is -0.1, expected"),
        ({"zoneout_h": float("nan")}, ValueError, "zoneout_h is nan, expected"),
        ({"zoneout_h": "half"}, TypeError, "zoneout_h is 'half', expected a number"),
        ({"zoneout_h": 0.5, "seed": -1}, ValueError, "seed is -1, expected"),
        ({"training": "no"}, TypeError, "training is 'no', expected"),
    ],
)
@pytest.mark.parametrize("form", ["lstm", "gru"])
def test_bad_arguments(form: str, chosen: dict, error: type[Exception], message: str) -> None:
    p = problem(form)
    with pytest.raises(error, match=f"^{form}: {message}"):
        getattr(ops, form)(p.x, p.kernel, p.recurrent_kernel, **chosen)
    if form == "lstm":
        with pytest.raises(ValueError, match=r"^lstm: zoneout_c is 2, expected"):
            ops.lstm(p.x, p.kernel, p.recurrent_kernel, zoneout_c=2)

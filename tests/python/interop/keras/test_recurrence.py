"""Calls in NumPy: gradients by finite differences, and what masked steps return."""

import itertools

import numpy as np
import pytest

from finite_differences import assert_gradient
from gatedcore.interop.keras.recurrence import Call, Operands, backward, forward

B, T, I, H = 4, 5, 3, 2  # noqa: E741  # the letters of the equations

MASK = np.array(
    [
        [1, 1, 1, 0, 0],  # padded behind
        [0, 0, 1, 1, 1],  # before
        [1, 0, 1, 0, 1],  # holes
        [0, 0, 0, 0, 0],  # nothing counts
    ],
    bool,
)


def operands_of(cell, *, reset_after=True, masked=False, bias=True, dtype="float64"):
    rng = np.random.default_rng(5)
    width = (4 if cell == "lstm" else 3) * H
    bias_shape = (2, width) if cell == "gru" and reset_after else (width,)

    def draw(*shape):
        return rng.normal(size=shape).astype(dtype)

    return Operands(
        draw(B, T, I),
        draw(B, H),
        draw(B, H) if cell == "lstm" else None,
        draw(I, width),
        draw(H, width),
        draw(*bias_shape) if bias else None,
        MASK if masked else None,
    )


def call_of(cell, **changes):
    plain = Call(cell, "tanh", "sigmoid", True, False, True, False, False)
    return plain._replace(**changes)


CASES = [
    (cell, backwards, sequences, masked, zero, state)
    for cell, backwards, sequences, masked, zero, state in itertools.product(
        ("lstm", "gru"), *[(False, True)] * 5
    )
    if masked or not (zero or state)
]


@pytest.mark.parametrize(("cell", "backwards", "sequences", "masked", "zero", "state"), CASES)
def test_gradients(cell, backwards, sequences, masked, zero, state):
    call = call_of(
        cell,
        go_backwards=backwards,
        return_sequences=sequences,
        zero_output_for_mask=zero,
        state_before_first=state,
    )
    operands = operands_of(cell, masked=masked)
    results, saved = forward(call, operands, save=True)
    rng = np.random.default_rng(6)
    upstream = [None if a is None else rng.normal(size=a.shape) for a in results]

    def loss():
        now, _ = forward(call, operands, save=False)
        pairs = zip(now, upstream, strict=True)
        return float(sum((a * d).sum() for a, d in pairs if a is not None))

    gradients = backward(saved, *upstream)
    for name, gradient in gradients._asdict().items():
        array = getattr(operands, name)
        if array is None:
            assert gradient is None
        else:
            assert_gradient(gradient, loss, array)


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_masked_outputs(cell, backwards):
    operands = operands_of(cell, masked=True)
    running = MASK[:, ::-1] if backwards else MASK

    def outputs(**changes):
        call = call_of(cell, go_backwards=backwards, **changes)
        results, _ = forward(call, operands, save=False)
        last, _ = forward(call._replace(return_sequences=False), operands, save=False)
        np.testing.assert_array_equal(last.y, results.y[:, -1])
        np.testing.assert_array_equal(last.h, results.h)
        return results

    repeated, zero = outputs(), outputs(zero_output_for_mask=True)
    state = outputs(state_before_first=True)
    assert (zero.y[~running] == 0).all()
    for others in (zero, state):
        np.testing.assert_array_equal(others.y[running], repeated.y[running])
        np.testing.assert_array_equal(others.h, repeated.h)
    for row in range(B):
        before, before_with_state = np.zeros(H), operands.h0[row]
        for step in range(T):
            if running[row, step]:
                before = before_with_state = repeated.y[row, step]
            np.testing.assert_array_equal(repeated.y[row, step], before)
            np.testing.assert_array_equal(state.y[row, step], before_with_state)
    np.testing.assert_array_equal(repeated.h[3], operands.h0[3])


def test_a_second_backward_pass_runs_forward_again():
    call, operands = call_of("lstm"), operands_of("lstm")
    results, saved = forward(call, operands, save=True)
    d_y = np.ones_like(results.y)
    first = backward(saved, d_y)
    assert saved.consumed
    for a, b in zip(first, backward(saved, d_y), strict=True):
        np.testing.assert_array_equal(a, b)


def test_gradients_that_nobody_wants_are_left_out():
    call, operands = call_of("gru"), operands_of("gru", bias=False)
    results, saved = forward(call, operands, save=True)
    gradients = backward(saved, None, np.ones_like(results.h), need_d_x=False)
    assert gradients.x is None
    assert gradients.bias is None
    assert np.abs(gradients.kernel).max() > 0


def test_operands_of_any_layout_are_taken():
    call, operands = call_of("gru", reset_after=False), operands_of("gru", reset_after=False)
    awkward = Operands(*(None if a is None else np.array(a, order="F") for a in operands))
    for a, b in zip(
        forward(call, awkward, save=False)[0], forward(call, operands, save=False)[0], strict=True
    ):
        assert (a is None and b is None) or np.array_equal(a, b)


def test_saved_passes_know_their_size():
    _, saved = forward(call_of("lstm"), operands_of("lstm", dtype="float32"), save=True)
    assert saved.nbytes >= T * B * H * 4 * 4


def test_shapes_that_disagree_are_an_error():
    operands = operands_of("lstm")
    with pytest.raises(ValueError, match="h0 has shape"):
        forward(call_of("lstm"), operands._replace(h0=operands.h0[:, :1]), save=False)

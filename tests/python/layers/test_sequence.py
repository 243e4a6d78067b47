"""What recurrent layers share over whole sequences; each test runs through all of them."""

import re

import numpy as np
import pytest

import gatedcore as gk
from finite_differences import assert_gradient
from layer_kinds import KINDS, SEQUENCE_KINDS, X


@pytest.mark.parametrize(("kind", "form"), SEQUENCE_KINDS)
@pytest.mark.parametrize("return_sequences", [False, True])
@pytest.mark.parametrize("go_backwards", [False, True])
@pytest.mark.parametrize("use_bias", [False, True])
def test_gradients_by_finite_differences(
    kind, form: dict, return_sequences: bool, go_backwards: bool, use_bias: bool
) -> None:
    layer = kind(
        3, return_sequences=return_sequences, go_backwards=go_backwards, use_bias=use_bias,
        activation="softsign", bias_initializer="glorot_uniform", dtype="float64", seed=1, **form,
    )  # fmt: skip
    layer.build(X.shape)
    x = X.copy()
    y = layer.forward(x, True)
    d_y = np.random.default_rng(1).normal(size=y.shape)
    d_x = layer.backward(d_y, True)

    def loss() -> float:
        return float((layer.forward(x, False) * d_y).sum())

    assert d_x is not None
    assert_gradient(d_x, loss, x)
    for name, value in layer.parameters.items():
        assert_gradient(layer.gradients[name], loss, value)


@pytest.mark.parametrize(("kind", "form"), SEQUENCE_KINDS)
def test_gradients_of_parameters_add_up_and_d_x_only_on_demand(kind, form: dict) -> None:
    layer = kind(3, dtype="float64", **form)
    layer.build(X.shape)
    d_y = np.ones((3, 3))
    layer.forward(X, True)
    assert layer.backward(d_y, False) is None
    once = {name: value.copy() for name, value in layer.gradients.items()}
    layer.forward(X, True)
    layer.backward(d_y, False)
    for name, value in layer.gradients.items():
        np.testing.assert_allclose(value, 2.0 * once[name], rtol=1e-12)  # one rounding of the sum


@pytest.mark.parametrize(("kind", "form"), SEQUENCE_KINDS)
def test_shapes_as_in_keras(kind, form: dict) -> None:
    states = 2 if kind is gk.LSTM else 1
    assert kind(4, **form)(X).shape == (3, 4)
    assert kind(4, return_sequences=True, **form)(X).shape == (3, 5, 4)
    out = kind(4, return_state=True, **form)(X)
    assert isinstance(out, tuple)
    assert [part.shape for part in out] == [(3, 4)] * (1 + states)
    np.testing.assert_array_equal(out[0], out[1])
    out = kind(4, return_sequences=True, return_state=True, **form)(X)
    assert [part.shape for part in out] == [(3, 5, 4)] + [(3, 4)] * states
    np.testing.assert_array_equal(out[0][:, -1], out[1])
    assert kind(4, **form).compute_output_shape((None, None, 2)) == (None, 4)


@pytest.mark.parametrize(("kind", "form"), SEQUENCE_KINDS)
def test_state_carries_a_sequence_on(kind, form: dict) -> None:
    layer = kind(4, return_sequences=True, return_state=True, dtype="float64", **form)
    whole = layer(X)
    first = layer(X[:, :2])
    rest = layer(X[:, 2:], initial_state=first[1:])
    # The steps are the same calls of the same kernel; only the split differs.
    np.testing.assert_allclose(rest[0], whole[0][:, 2:], rtol=0.0, atol=1e-15)
    for a, b in zip(rest[1:], whole[1:], strict=True):
        np.testing.assert_allclose(a, b, rtol=0.0, atol=1e-15)


@pytest.mark.parametrize(("kind", "form"), SEQUENCE_KINDS)
def test_go_backwards_is_the_reversed_input_and_stays_in_that_order(kind, form: dict) -> None:
    forwards = kind(4, return_sequences=True, seed=2, **form)
    backwards = kind(4, return_sequences=True, go_backwards=True, seed=2, **form)
    np.testing.assert_array_equal(backwards(X), forwards(X[:, ::-1]))


@pytest.mark.parametrize(("kind", "form"), KINDS)
def test_trace_names_every_gate_and_state(kind, form: dict) -> None:
    layer = kind(4, return_sequences=True, return_state=True, **form)
    y, *states = layer(X)
    trace = layer.trace(X)
    np.testing.assert_array_equal(trace.h, y)
    np.testing.assert_array_equal(trace.x, X.astype(np.float32))
    assert all(array.shape == (3, 5, 4) for array in trace.arrays().values())
    if kind is gk.LSTM:
        assert trace.names == ("i", "f", "g", "o", "c", "h")
        np.testing.assert_array_equal(trace.c[:, -1], states[1])
        # h = o tanh(c), to a few roundings of float32.
        np.testing.assert_allclose(trace.h, trace.o * np.tanh(trace.c), rtol=0.0, atol=1e-6)
    else:
        assert trace.names == ("z", "r", "n", "h")
        before = np.concatenate([np.zeros((3, 1, 4), np.float32), trace.h[:, :-1]], axis=1)
        expected = trace.z * before + (1 - trace.z) * trace.n
        np.testing.assert_allclose(trace.h, expected, rtol=0.0, atol=1e-6)  # likewise
    shifted = layer.trace(X, initial_state=states)
    assert not np.array_equal(shifted.h, trace.h)


@pytest.mark.parametrize(("kind", "form"), KINDS)
def test_trace_of_a_reversed_layer_is_in_running_order(kind, form: dict) -> None:
    layer = kind(4, go_backwards=True, **form)
    trace = layer.trace(X)
    np.testing.assert_array_equal(trace.x, X[:, ::-1].astype(np.float32))
    np.testing.assert_array_equal(trace.h[:, -1], layer(X))


@pytest.mark.parametrize(("kind", "form"), SEQUENCE_KINDS)
def test_inference_keeps_what_training_saved(kind, form: dict) -> None:
    layer = kind(3, **form)
    layer.build(X.shape)
    x = X.astype(np.float32)
    layer.forward(x, True)
    layer.forward(x[:1], False)
    assert layer.backward(np.ones((3, 3), np.float32), True).shape == X.shape


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        (X[0], ValueError, "input has shape (5, 2), expected (batch, time steps, features)"),
        (X[..., None], ValueError, "input has shape (3, 5, 2, 1), expected (batch, time steps"),
        (X[..., :0], ValueError, "input_shape[-1] is 0, expected an integer of at least 1"),
        ([[["a"]]], TypeError, "x has dtype <U1, expected real numbers"),
        (object(), TypeError, "x has type object, expected an array"),
    ],
)
@pytest.mark.parametrize(("kind", "form"), SEQUENCE_KINDS)
def test_bad_input(kind, form: dict, x: object, error: type[Exception], message: str) -> None:
    layer = kind(3, name="this", **form)
    with pytest.raises(error, match=re.escape(f"this: {message}")):
        layer(x)
    assert not layer.built


@pytest.mark.parametrize("kind", [gk.LSTM, gk.GRU, gk.SimpleRNN])
def test_a_masked_step_leaves_the_states_as_they_are(kind) -> None:
    mask = np.array([[1, 1, 1, 0, 0], [0, 0, 1, 1, 1], [1, 0, 1, 0, 1]], bool)
    layer = kind(4, return_sequences=True, return_state=True, seed=0)
    h, *states = layer(X, mask=mask)
    for row in range(3):
        alone, *last = layer(X[row : row + 1, mask[row]])
        np.testing.assert_array_equal(h[row, mask[row]], alone[0])
        for state, expected in zip(states, last, strict=True):
            np.testing.assert_array_equal(state[row], expected[0])
    np.testing.assert_array_equal(h[0, 3:], h[0, [2, 2]])  # the last output, repeated
    np.testing.assert_array_equal(h[1, :2], 0)  # none yet

    zeros = kind(4, return_sequences=True, zero_output_for_mask=True, seed=0)
    np.testing.assert_array_equal(zeros(X, mask=mask), np.where(mask[..., None], h, 0))
    last_only = kind(4, seed=0)
    np.testing.assert_array_equal(last_only(X, mask=mask), states[0])


def test_a_mask_that_does_not_fit_is_an_error() -> None:
    layer = gk.GRU(2, name="gru_mask")
    with pytest.raises(ValueError, match=r"gru_mask: mask has shape \(3, 4\), expected \(B, T\)"):
        layer(X, mask=np.ones((3, 4), bool))
    with pytest.raises(TypeError, match="gru_mask: mask has dtype int64, expected bool"):
        layer(X, mask=np.ones((3, 5), np.int64))

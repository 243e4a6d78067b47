import re

import numpy as np
import pytest

import gatedcore as gk

X = np.random.default_rng(0).normal(size=(3, 5, 2))


def test_weights_as_in_keras() -> None:
    layer = gk.SimpleRNN(7, dtype="float64", seed=0)
    layer.build((None, None, 3))
    assert list(layer.parameters) == ["kernel", "recurrent_kernel", "bias"]
    kernel, recurrent_kernel, bias = layer.weights
    assert [w.shape for w in layer.weights] == [(3, 7), (7, 7), (7,)]
    limit = np.sqrt(6.0 / (3 + 7))
    assert 0.7 * limit < np.abs(kernel).max() <= limit
    np.testing.assert_allclose(recurrent_kernel @ recurrent_kernel.T, np.eye(7), atol=1e-12)
    np.testing.assert_array_equal(bias, np.zeros(7))
    assert gk.SimpleRNN(2, use_bias=False).parameter_shapes(3) == {
        "kernel": (3, 2), "recurrent_kernel": (2, 2),
    }  # fmt: skip


def test_keras_order_of_arguments() -> None:
    layer = gk.SimpleRNN(4, "relu", False, "ones", "zeros", "ones")
    assert (layer.activation, layer.use_bias) == ("relu", False)
    # With ones as kernel and zeros as recurrent kernel every step is the relu of a sum.
    expected = np.maximum(X.astype(np.float32)[:, -1].sum(axis=1, keepdims=True), 0)
    np.testing.assert_allclose(layer(X), np.repeat(expected, 4, axis=1), rtol=1e-6)


def test_layer_is_the_recurrence_written_out() -> None:
    layer = gk.SimpleRNN(4, bias_initializer="glorot_uniform", dtype="float64", seed=3)
    layer.build(X.shape)
    kernel, recurrent_kernel, bias = layer.weights
    h = np.zeros((3, 4))
    for t in range(5):
        h = np.tanh(X[:, t] @ kernel + h @ recurrent_kernel + bias)
    np.testing.assert_allclose(layer(X), h, rtol=0.0, atol=1e-14)


def test_cell_is_one_step() -> None:
    options = {"activation": "elu", "dtype": "float64", "seed": 1}
    cell, layer = gk.SimpleRNNCell(4, **options), gk.SimpleRNN(4, return_sequences=True, **options)
    y = layer(X)
    states = [np.zeros((3, 4))]
    for t in range(5):
        bare, state = cell(X[:, t], states[0])
        out, states = cell(X[:, t], states)
        np.testing.assert_array_equal(bare, state)
        np.testing.assert_array_equal(bare, out)
        np.testing.assert_allclose(out, y[:, t], rtol=0.0, atol=1e-15)  # the same sums


def test_any_activation_that_the_library_has() -> None:
    for name in ("softmax", "silu", "leaky_relu", "sigmoid"):
        assert gk.SimpleRNN(2, activation=getattr(gk.activations, name)).activation == name
    with pytest.raises(ValueError, match=re.escape("SimpleRNN: activation is 'tan', expected one")):
        gk.SimpleRNN(2, activation="tan")


def test_bad_arguments() -> None:
    for argument, value, message in (
        ("units", 0, "units is 0"),
        ("dropout", 1.0, "dropout is 1,"),
        ("return_sequences", 1, "return_sequences is 1"),
        ("use_cudnn", True, "use_cudnn=True is not supported"),
        ("recurrent_activation", "tanh", "got an unknown argument 'recurrent_activation'"),
    ):
        with pytest.raises((TypeError, ValueError), match=re.escape(f"SimpleRNN: {message}")):
            gk.SimpleRNN(**{"units": 2, argument: value})
    with pytest.raises(ValueError, match="a SimpleRNN does not run step by step"):
        gk.Sequential([gk.SimpleRNN(2, input_shape=(None, 2))]).stream()


def test_trains_in_a_model_both_ways_and_is_saved(tmp_path) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 12, 2)).astype(np.float32)
    y = x[..., 0].mean(axis=1, keepdims=True)
    model = gk.Sequential(
        [
            gk.Masking(),
            gk.Bidirectional(gk.SimpleRNN(8, return_sequences=True, seed=0)),
            gk.SimpleRNN(8, dropout=0.1, recurrent_dropout=0.1, seed=1),
            gk.Dense(1, seed=2),
        ]
    )
    model.compile(gk.Adam(0.01), "mse")
    losses = model.fit(x, y, epochs=20, batch_size=16, verbose=0).history["loss"]
    assert losses[-1] < 0.3 * losses[0]
    model.save(tmp_path / "model.safetensors")
    again = gk.load_model(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))


def test_trace_is_the_state_of_every_step() -> None:
    for backwards in (False, True):
        layer = gk.SimpleRNN(4, go_backwards=backwards, return_sequences=True)
        trace = layer.trace(X)
        assert trace.names == ("h",)
        np.testing.assert_array_equal(trace.h, layer(X))
        x = X.astype(np.float32)
        np.testing.assert_array_equal(trace.x, x[:, ::-1] if backwards else x)
        state = np.ones((3, 4))
        np.testing.assert_array_equal(layer.trace(X, state).h, layer(X, initial_state=state))
    pytest.importorskip("matplotlib.pyplot").switch_backend("Agg")
    assert len(trace.plot().axes) >= 2

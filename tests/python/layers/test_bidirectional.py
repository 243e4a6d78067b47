import copy
import pickle
import re

import numpy as np
import pytest

import gatedcore as gk
from layers.gradients import assert_layer_gradients

X = np.random.default_rng(0).normal(size=(3, 5, 2))
MASK = np.array([[1, 1, 1, 0, 0], [0, 0, 1, 1, 1], [1, 0, 1, 0, 1]], bool)
MODES = ["concat", "sum", "ave", "mul"]


def merged(mode, a, b):
    return {
        "concat": lambda: np.concatenate([a, b], axis=-1),
        "sum": lambda: a + b,
        "ave": lambda: (a + b) / 2,
        "mul": lambda: a * b,
        None: lambda: (a, b),
    }[mode]()


@pytest.mark.parametrize("mask", [None, MASK])
@pytest.mark.parametrize("mode", [*MODES, None])
@pytest.mark.parametrize("sequences", [False, True])
@pytest.mark.parametrize("kind", [gk.LSTM, gk.GRU])
def test_bidirectional_is_two_layers(kind, sequences, mode, mask):
    layer = gk.Bidirectional(kind(4, return_sequences=sequences, seed=0), merge_mode=mode)
    y = layer(X, mask=mask)
    weights = layer.get_weights()
    half = len(weights) // 2
    one = kind(4, return_sequences=sequences, zero_output_for_mask=sequences)
    # The second layer forward over the reversed input: its outputs in the order of time, reversed.
    for forward in (True, False):
        one.build(X.shape)
        one.set_weights(weights[:half] if forward else weights[half:])
        flip = slice(None) if forward else slice(None, None, -1)
        run = one(X[:, flip], mask=None if mask is None else mask[:, flip])
        if forward:
            first = run
        else:
            second = run[:, ::-1] if sequences else run
    expected = merged(mode, first, second)
    np.testing.assert_array_equal(y, expected)
    if mode is not None:
        assert layer.compute_output_shape(X.shape) == expected.shape


@pytest.mark.parametrize("mask", [None, MASK])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("sequences", [False, True])
def test_bidirectional_gradients(sequences, mode, mask):
    inner = gk.GRU(3, return_sequences=sequences, dtype="float64", seed=0)
    assert_layer_gradients(gk.Bidirectional(inner, merge_mode=mode), X.copy(), mask)


def test_bidirectional_agrees_with_torch():
    torch = pytest.importorskip("torch")
    theirs = torch.nn.LSTM(2, 4, batch_first=True, bidirectional=True, dtype=torch.float64)
    layer = gk.Bidirectional(gk.LSTM(4, return_sequences=True, dtype="float64"))
    layer.build(X.shape)
    weights = []
    for end in ("l0", "l0_reverse"):
        w_x, w_h, b_x, b_h = (
            getattr(theirs, f"{name}_{end}").detach().numpy()
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        weights += [w_x.T, w_h.T, b_x + b_h]
    layer.set_weights(weights)
    x = torch.from_numpy(X).requires_grad_()
    y, _ = theirs(x)
    np.testing.assert_allclose(layer(X), y.detach().numpy(), rtol=1e-12, atol=1e-14)
    d_y = np.random.default_rng(0).normal(size=y.shape)
    y.backward(torch.from_numpy(d_y))
    layer.forward(X, True)
    np.testing.assert_allclose(layer.backward(d_y, True), x.grad.numpy(), rtol=1e-11, atol=1e-14)
    d_kernel = theirs.weight_ih_l0_reverse.grad.numpy().T
    np.testing.assert_allclose(layer.gradients["backward_kernel"], d_kernel, rtol=1e-11, atol=1e-14)


def test_states_go_in_and_come_out_forward_first():
    layer = gk.Bidirectional(gk.LSTM(4, return_state=True, seed=0))
    states = [np.full((3, 4), 0.1 * k, np.float32) for k in range(4)]
    y, *last = layer(X, initial_state=states)
    assert [s.shape for s in last] == [(3, 4)] * 4
    np.testing.assert_array_equal(y, np.concatenate([last[0], last[2]], axis=-1))
    np.testing.assert_array_equal(last[0], layer.forward_layer(X, initial_state=states[:2])[1])
    np.testing.assert_array_equal(last[3], layer.backward_layer(X, initial_state=states[2:])[2])


def test_bidirectional_in_a_model_trains():
    model = gk.Sequential(
        [
            gk.Bidirectional(gk.LSTM(4, return_sequences=True), input_shape=(None, 2)),
            gk.Bidirectional(gk.GRU(3), merge_mode="sum"),
            gk.Dense(1),
        ]
    )
    assert model.count_params() == 2 * 4 * 4 * (2 + 4 + 1) + 2 * 3 * 3 * (8 + 3 + 2) + 4
    assert model.output_shape == (None, 1)
    model.compile(gk.Adam(0.02), "mse")
    x = np.random.default_rng(1).normal(size=(64, 6, 2))
    y = x[:, 0, :1] + x[:, -1, :1]
    history = model.fit(x, y, epochs=60, verbose=0).history["loss"]
    assert history[-1] < 0.2 * history[0]
    assert all((w == v).all() for w, v in zip(model.weights, model.get_weights(), strict=True))
    # The layers within see the weights that training changes.
    np.testing.assert_array_equal(
        model.layers[0].forward_layer.parameters["kernel"], model.weights[0]
    )


def test_the_other_direction_has_weights_of_its_own():
    layer = gk.Bidirectional(gk.LSTM(4, seed=0))
    layer(X)
    kernels = layer.parameters["forward_kernel"], layer.parameters["backward_kernel"]
    assert (kernels[0] != kernels[1]).any()
    assert layer.backward_layer.name == f"backward_{layer.forward_layer.name}"
    again = gk.Bidirectional(gk.LSTM(4, seed=0))
    again(X)
    for a, b in zip(layer.weights, again.weights, strict=True):
        np.testing.assert_array_equal(a, b)


def test_given_weights_and_a_given_backward_layer():
    layer = gk.Bidirectional(gk.LSTM(4), backward_layer=gk.LSTM(4, go_backwards=True))
    layer(X)
    other = gk.Bidirectional(gk.LSTM(4), weights=layer.get_weights(), input_shape=(None, 2))
    np.testing.assert_array_equal(other(X), layer(X))


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_are_whole_and_apart(copied):
    layer = gk.Bidirectional(gk.GRU(3, seed=0))
    y = layer(X)
    twin = copied(layer)
    np.testing.assert_array_equal(twin(X), y)
    twin.weights[0][...] = 0
    np.testing.assert_array_equal(layer(X), y)
    assert (twin(X) != y).any()


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: gk.Bidirectional(gk.Dense(2)), TypeError, "layer has type Dense, expected a rec"),
        (lambda: gk.Bidirectional(gk.LSTM(2), "max"), ValueError, "merge_mode is 'max'"),
        (lambda: gk.Bidirectional(gk.LSTM(2), backward_layer=gk.LSTM(2)), ValueError, "one of ea"),
        (
            lambda: gk.Bidirectional(gk.LSTM(2), backward_layer=gk.LSTM(3, go_backwards=True)),
            ValueError,
            "backward_layer has units=3, expected 2",
        ),
        (lambda: gk.Bidirectional(gk.LSTM(2), weights=[]), ValueError, "without input_shape"),
        (lambda: gk.Bidirectional(gk.LSTM(2))(X, [X[:, 0]]), ValueError, "list of 4 arrays"),
        (
            lambda: gk.Sequential([gk.Bidirectional(gk.LSTM(2), None)]),
            ValueError,
            "has several outputs",
        ),
    ],
)
def test_bad_input(make, error, message):
    with pytest.raises(error, match=re.escape(message)):
        make()

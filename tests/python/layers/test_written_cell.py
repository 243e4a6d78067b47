"""Cells of a user's own over time."""

import re

import numpy as np
import pytest

import gatedcore as gk
from custom_names import names_as_before  # noqa: F401  # a fixture
from finite_differences import assert_gradient
from gatedcore.layers.recurrence import Manner
from gatedcore.layers.written_cell import CellLoop
from written_layers import TwoStates

X = np.random.default_rng(0).normal(size=(3, 5, 2))
MASK = np.array([[1, 1, 1, 0, 0], [0, 0, 1, 1, 1], [1, 0, 1, 0, 1]], bool)


class Simple(gk.layers.Layer):
    """A simple recurrent network, as the library has one."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = self.state_size = units

    def build(self, input_shape):
        self.kernel = self.add_weight((input_shape[-1], self.units), name="kernel")
        self.recurrent = self.add_weight((self.units, self.units), "orthogonal", name="recurrent")
        self.bias = self.add_weight((self.units,), "zeros", name="bias")

    def call(self, x, states):
        self.x, self.h_prev = x, states[0]
        self.h = np.tanh(x @ self.kernel + states[0] @ self.recurrent + self.bias)
        return self.h, self.h

    def backward(self, d_output, d_states):
        d_a = (d_output + d_states[0]) * (1 - self.h**2)
        self.gradients["kernel"] += self.x.T @ d_a
        self.gradients["recurrent"] += self.h_prev.T @ d_a
        self.gradients["bias"] += d_a.sum(axis=0)
        return d_a @ self.kernel.T, d_a @ self.recurrent.T


@pytest.mark.parametrize("return_sequences", [False, True])
@pytest.mark.parametrize("go_backwards", [False, True])
@pytest.mark.parametrize("mask", [None, MASK])
@pytest.mark.parametrize("zero_output", [False, True])
def test_is_the_layer_of_the_library(return_sequences, go_backwards, mask, zero_output) -> None:
    way = {
        "return_sequences": return_sequences, "go_backwards": go_backwards,
        "zero_output_for_mask": zero_output, "return_state": True,
    }  # fmt: skip
    rnn = gk.RNN(Simple(4, dtype="float64", seed=3), **way)
    layer = gk.SimpleRNN(4, dtype="float64", seed=3, **way)
    states = [np.random.default_rng(1).normal(size=(3, 4))]
    outputs = [one(X, initial_state=states, mask=mask) for one in (rnn, layer)]
    rng = np.random.default_rng(2)
    upstream = [rng.normal(size=part.shape) for part in outputs[1]]
    gradients = [one.vjp(X, upstream, mask=mask, initial_state=states) for one in (rnn, layer)]
    if not return_sequences and mask is not None:  # last output and state differ before any step
        assert outputs[0][0].shape == outputs[1][0].shape
    pairs = [
        *zip(*outputs, strict=True), (gradients[0].x, gradients[1].x),
        (gradients[0].initial_state[0], gradients[1].initial_state[0]),
        *zip(gradients[0].weights.values(), gradients[1].weights.values(), strict=True),
    ]  # fmt: skip
    for own, expected in pairs:
        np.testing.assert_allclose(own, expected, rtol=1e-10, atol=1e-12)  # other orders of sums


@pytest.mark.parametrize("return_sequences", [False, True])
@pytest.mark.parametrize("go_backwards", [False, True])
@pytest.mark.parametrize("zero_output", [False, True])
@pytest.mark.parametrize("mask", [None, MASK])
def test_gradients_by_finite_differences(return_sequences, go_backwards, zero_output, mask) -> None:
    cell = TwoStates(dtype="float64", seed=1)
    cell.build((None, 2))
    loop = CellLoop(cell)
    manner = Manner(return_sequences, go_backwards, zero_output, False, True)
    rng = np.random.default_rng(2)
    x, states = X.copy(), [rng.normal(size=(3, 2)) for _ in range(2)]
    y, last, saved = loop.run_over(x, states, manner, mask)
    assert y.shape == ((3, 5, 4) if return_sequences else (3, 4))
    d_y, d_last = rng.normal(size=y.shape), [rng.normal(size=(3, 2)) for _ in last]
    d_x, d_states = loop.run_back(saved, d_y, d_last, manner, True)

    def loss() -> float:
        y, last, _ = loop.run_over(x, states, manner, mask)
        return float(
            (y * d_y).sum() + sum((a * b).sum() for a, b in zip(last, d_last, strict=True))
        )

    assert_gradient(d_x, loss, x)
    for d, state in zip(d_states, states, strict=True):
        assert_gradient(d, loss, state)
    for name, value in cell.parameters.items():
        assert_gradient(cell.gradients[name], loss, value)
    assert loop.run_back(saved, None, [None, None], manner, False)[0] is None


def test_what_a_masked_step_holds_does_not_matter() -> None:
    rnn = gk.RNN(TwoStates(seed=1), return_sequences=True)
    spoilt = np.where(MASK[..., None], X, np.nan)
    np.testing.assert_array_equal(rnn(spoilt, mask=MASK), rnn(X, mask=MASK))
    one, other = (rnn.vjp(x, np.ones((3, 5, 4)), mask=MASK) for x in (X, spoilt))
    np.testing.assert_array_equal(one.x, other.x)
    assert (one.x[~MASK] == 0).all()


def test_states_go_on_and_begin_as_the_cell_says() -> None:
    class Begins(TwoStates):
        def get_initial_state(self, batch_size):
            return [np.full((batch_size, self.units), 0.5), np.zeros((batch_size, self.units))]

    begins = gk.RNN(Begins(seed=1), return_state=True)
    plain = gk.RNN(TwoStates(seed=1), return_state=True)
    given = [np.full((3, 2), 0.5), np.zeros((3, 2))]
    np.testing.assert_array_equal(begins(X)[0], plain(X, initial_state=given)[0])
    assert (begins(X)[0] != plain(X)[0]).any()
    stateful = gk.RNN(TwoStates(seed=1), stateful=True)
    stateful(X[:, :2])
    np.testing.assert_allclose(stateful(X[:, 2:]), plain(X)[0], rtol=1e-6)
    nothing = gk.RNN(TwoStates(seed=1), return_sequences=True)
    assert nothing(X[:, :0]).shape == (3, 0, 4)


def test_trains_stacked_and_both_ways_and_is_saved(tmp_path) -> None:
    gk.saving.register_serializable()(TwoStates)
    model = gk.Sequential(
        [
            gk.Bidirectional(gk.RNN([TwoStates(4, seed=0), gk.GRUCell(3, seed=1)], True)),
            gk.RNN(TwoStates(3, seed=2)),
            gk.Dense(1, seed=3),
        ]
    )
    model.compile(gk.Adam(0.02), "mse")
    y = X.sum(axis=(1, 2))[:, None]
    losses = model.fit(X, y, epochs=30, verbose=0).history["loss"]
    assert losses[-1] < 0.2 * losses[0]
    model.save(tmp_path / "model.safetensors")
    again = gk.load_model(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))
    forward, backward = model.layers[0].forward_layer, model.layers[0].backward_layer
    assert forward.cell.cells[0] is not backward.cell.cells[0]
    assert (forward.weights[0] != backward.weights[0]).any()


def test_alone_and_in_a_row_it_is_one_step() -> None:
    cell = TwoStates(seed=1)
    rnn = gk.RNN(cell, return_sequences=True)
    y = rnn(X)
    states = [np.zeros((3, 2), np.float32)] * 2
    for t in range(5):
        out, states = cell(X[:, t], states)
        np.testing.assert_allclose(out, y[:, t], rtol=1e-6)
    row = gk.StackedRNNCells([TwoStates(), gk.LSTMCell(3)])
    out, after = row(X[:, 0], [[np.zeros((3, 2))] * 2, [np.zeros((3, 3))] * 2])
    assert out.shape == (3, 3)
    assert [s.shape for s in after[0] + after[1]] == [(3, 2), (3, 2), (3, 3), (3, 3)]


def test_without_backward_fit_says_so() -> None:
    class Forward(gk.layers.Layer):
        state_size = 2

        def call(self, x, states):
            return x + states[0], [x + states[0]]

    model = gk.Sequential([gk.RNN(Forward(name="sums")), gk.Dense(1)])
    model.compile("sgd", "mse")
    np.testing.assert_allclose(model.layers[0](X), X.sum(axis=1), rtol=1e-5)
    with pytest.raises(ValueError, match=r"fit: sums is a Forward without backward, .*d_states\)"):
        model.fit(X, X[:, 0, :1], verbose=0)


class Switched(Simple):
    """A cell that stands still in steps whose inputs sum to less than zero."""

    def call(self, x, states):
        self.on = bool(x.sum() > 0)
        h, _ = super().call(x, states)
        return (h, h) if self.on else (states[0], states[0])

    def backward(self, d_output, d_states):
        if self.on:
            return super().backward(d_output, d_states)
        return np.zeros_like(self.x), d_output + d_states[0]


def test_what_a_step_set_to_the_value_it_had_is_kept() -> None:
    x = np.abs(X) * np.array([1.0, 1.0, -1.0, 1.0, -1.0])[:, None]
    switched = gk.RNN(Switched(4, dtype="float64", seed=3))
    plain = gk.RNN(Simple(4, dtype="float64", seed=3))
    one = switched.vjp(x, np.ones((3, 4)))
    other = plain.vjp(x[:, [0, 1, 3]], np.ones((3, 4)))
    np.testing.assert_array_equal(one.x[:, [0, 1, 3]], other.x)
    assert not one.x[:, [2, 4]].any()
    for name, gradient in one.weights.items():
        np.testing.assert_array_equal(gradient, other.weights[name])


class Wrong(TwoStates):
    """What goes wrong in one of many ways."""

    def __init__(self, way, **kwargs):
        super().__init__(**kwargs)
        self.way = way
        if way == "size":
            self.state_size = None
        if way == "float":
            self.state_size = 2.5

    def call(self, x, states):
        out, after = super().call(x, states)
        ways = {
            "alone": out, "count": (out, after[:1]), "state": (out, [after[0], after[1][:, :1]]),
            "output": (out[:, :1], after),
        }  # fmt: skip
        return ways.get(self.way, (out, after))

    def backward(self, d_output, d_states):
        d_x, d_before = super().backward(d_output, d_states)
        ways = {"d_alone": d_x, "d_count": (d_x, d_before[:1]), "d_x": (d_x[:, :1], d_before)}
        return ways.get(self.way, (d_x, d_before))


@pytest.mark.parametrize(
    ("way", "message"),
    [
        ("size", "wrong: a Wrong has no state_size, expected the size of the state"),
        ("float", "wrong: state_size is 2.5"),
        ("alone", "wrong: call returned a ndarray, expected (output, states)"),
        ("count", "wrong: call returned 1 states, expected 2 as state_size"),
        ("state", "wrong: a state that call returns has shape (3, 1), expected (batch, size)"),
        ("output", "wrong: the output that call returns has shape (3, 1), expected (batch, size)"),
        ("d_alone", "wrong: backward returned a ndarray, expected (d_x, d_states)"),
        ("d_count", "wrong: backward returned 1 states, expected 2 as state_size"),
        ("d_x", "wrong: the gradient of the input that backward returns has shape (3, 1)"),
    ],
)
def test_errors_name_what_is_wrong(way: str, message: str) -> None:
    rnn = gk.RNN(Wrong(way, name="wrong"))
    with pytest.raises((TypeError, ValueError), match=re.escape(message)):
        rnn.vjp(X, np.ones((3, 4)))

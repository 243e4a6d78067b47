"""Layers around cells of the library: the same bits as the layers of their kind."""

import re

import numpy as np
import pytest

import gatedcore as gk
from finite_differences import assert_gradient
from layer_kinds import X

PAIRS = [
    pytest.param(gk.LSTM, gk.LSTMCell, {}, id="lstm"),
    pytest.param(gk.GRU, gk.GRUCell, {"reset_after": True}, id="gru-after"),
    pytest.param(gk.GRU, gk.GRUCell, {"reset_after": False}, id="gru-before"),
    pytest.param(gk.SimpleRNN, gk.SimpleRNNCell, {"activation": "softplus"}, id="simple-rnn"),
]
MASK = np.array([[1, 1, 1, 0, 0], [0, 0, 1, 1, 1], [1, 0, 1, 0, 1]], bool)


@pytest.mark.parametrize(("layer_kind", "cell_kind", "form"), PAIRS)
@pytest.mark.parametrize(
    "way",
    [
        {},
        {"return_sequences": True},
        {"return_sequences": True, "go_backwards": True, "zero_output_for_mask": True},
    ],
)
@pytest.mark.parametrize("mask", [None, MASK])
@pytest.mark.parametrize("rates", [{}, {"dropout": 0.3, "recurrent_dropout": 0.3}])
def test_same_bits_as_the_layer(layer_kind, cell_kind, form, way, mask, rates) -> None:
    layer = layer_kind(4, seed=3, **form, **way, **rates)
    rnn = gk.RNN(cell_kind(4, seed=3, **form, **rates), **way)
    x = X.astype(np.float32)
    for one in (layer, rnn):
        one.build(x.shape)
    for a, b in zip(layer.weights, rnn.weights, strict=True):
        np.testing.assert_array_equal(a, b)
    y, other = layer.forward(x, True, mask), rnn.forward(x, True, mask)
    np.testing.assert_array_equal(other, y)
    d_y = np.random.default_rng(0).normal(size=y.shape).astype(np.float32)
    np.testing.assert_array_equal(rnn.backward(d_y, True), layer.backward(d_y, True))
    assert list(rnn.gradients) == list(layer.gradients)
    for name, gradient in layer.gradients.items():
        np.testing.assert_array_equal(rnn.gradients[name], gradient)
    np.testing.assert_array_equal(rnn(x, mask=mask), layer(x, mask=mask))


@pytest.mark.parametrize(("layer_kind", "cell_kind", "form"), PAIRS)
def test_states_as_of_the_layer(layer_kind, cell_kind, form) -> None:
    layer = layer_kind(4, seed=3, return_state=True, stateful=True, **form)
    rnn = gk.RNN(cell_kind(4, seed=3, **form), return_state=True, stateful=True)
    states = [np.full((3, 4), 0.5)] * len(layer.state_names)
    for given in (states, None, None):
        for one, other in zip(
            layer(X, initial_state=given), rnn(X, initial_state=given), strict=True
        ):
            np.testing.assert_array_equal(one, other)
    rnn.reset_states()
    layer.reset_states()
    np.testing.assert_array_equal(rnn(X)[0], layer(X)[0])
    with pytest.raises(ValueError, match="batch has 2 rows, expected 3 as the states carried"):
        rnn(X[:2])


def cells(**options) -> list:
    return [
        gk.LSTMCell(4, seed=1, **options), gk.SimpleRNNCell(3, seed=2, **options),
        gk.GRUCell(5, seed=3, **options),
    ]  # fmt: skip


@pytest.mark.parametrize("way", [{}, {"return_sequences": True}, {"go_backwards": True}])
@pytest.mark.parametrize("mask", [None, MASK])
def test_stacked_cells_are_layers_in_a_row(way, mask) -> None:
    rnn = gk.RNN(cells(dtype="float64"), **way)
    back = {"go_backwards": way.get("go_backwards", False)}
    layers = [
        gk.LSTM(4, seed=1, return_sequences=True, dtype="float64", **back),
        gk.SimpleRNN(3, seed=2, return_sequences=True, dtype="float64"),
        gk.GRU(5, seed=3, dtype="float64", return_sequences=way.get("return_sequences", False)),
    ]
    y, m = X, mask
    for layer in layers:
        layer.build(y.shape)
        m_next = layer.compute_mask(y, m)
        y, m = layer.forward(y, True, m), m_next
    rnn.build(X.shape)
    np.testing.assert_array_equal(rnn.forward(X, True, mask), y)
    d = np.random.default_rng(0).normal(size=y.shape)
    d_x = rnn.backward(d, True)
    for layer in reversed(layers):
        d = layer.backward(d, True)
    np.testing.assert_array_equal(d_x, d)
    of_layers = [g for layer in layers for g in layer.gradients.values()]
    assert list(rnn.gradients)[:4] == [
        "cell_0_kernel", "cell_0_recurrent_kernel", "cell_0_bias", "cell_1_kernel",
    ]  # fmt: skip
    for one, other in zip(rnn.gradients.values(), of_layers, strict=True):
        np.testing.assert_array_equal(one, other)


def test_gradients_of_stacked_cells_by_finite_differences() -> None:
    rnn = gk.RNN(gk.StackedRNNCells(cells(dtype="float64")), return_sequences=True)
    rnn.build(X.shape)
    x = X.copy()
    d_y = np.random.default_rng(1).normal(size=rnn.forward(x, True, MASK).shape)
    d_x = rnn.backward(d_y, True)

    def loss() -> float:
        return float((rnn.forward(x, False, MASK) * d_y).sum())

    assert_gradient(d_x, loss, x)
    for name, value in rnn.parameters.items():
        assert_gradient(rnn.gradients[name], loss, value)


def test_states_of_stacked_cells_are_nested_as_in_keras() -> None:
    rnn = gk.RNN(cells(), return_state=True)
    y, lstm, simple, gru = rnn(X)
    assert [s.shape for s in lstm] == [(3, 4), (3, 4)]
    assert [s.shape for s in simple + gru] == [(3, 3), (3, 5)]
    np.testing.assert_array_equal(y, gru[0])
    again = rnn(X, initial_state=[lstm, simple, gru])
    flat = rnn(X, initial_state=[*lstm, *simple, *gru])
    np.testing.assert_array_equal(again[0], flat[0])
    assert (again[0] != y).any()
    assert rnn.cell.state_size == [[4, 4], 3, 5]
    with pytest.raises(ValueError, match=re.escape("a list [h_0, c_0, h_1, h_2]")):
        rnn(X, initial_state=[lstm, simple])
    with pytest.raises(ValueError, match=re.escape("initial_state h_1 has shape (3, 4)")):
        rnn(X, initial_state=[lstm, gru[0][:, :4], gru])


def test_vjp_takes_and_returns_states_as_calls_do() -> None:
    rnn = gk.RNN(cells(dtype="float64"), return_sequences=True, return_state=True)
    rng = np.random.default_rng(1)
    given = [[rng.normal(size=(3, 4)) for _ in range(2)], [np.ones((3, 3))], [np.ones((3, 5))]]
    y, *last = rnn(X, initial_state=given)
    upstream = [rng.normal(size=y.shape), *([rng.normal(size=s.shape) for s in c] for c in last)]
    found = rnn.vjp(X, upstream, initial_state=given, mask=MASK)

    def loss() -> float:
        y, *last = rnn(X, initial_state=given, mask=MASK)
        at_states = sum(
            (s * d).sum()
            for of_cell, of_d in zip(last, upstream[1:], strict=True)
            for s, d in zip(of_cell, of_d, strict=True)
        )
        return float((y * upstream[0]).sum() + at_states)

    for d_cell, of_cell in zip(found.initial_state, given, strict=True):
        for d, state in zip(d_cell, of_cell, strict=True):
            assert_gradient(d, loss, state)
    assert_gradient(found.weights["cell_1_kernel"], loss, rnn.parameters["cell_1_kernel"])
    plain = gk.RNN(gk.GRUCell(4, seed=1, dtype="float64"))
    layer = gk.GRU(4, seed=1, dtype="float64")
    d = np.ones((3, 4))
    np.testing.assert_array_equal(plain.vjp(X, d).x, layer.vjp(X, d).x)


def test_stacked_cells_one_step_after_the_other() -> None:
    rnn = gk.RNN(cells(dtype="float64"), return_sequences=True)
    y = rnn(X)
    states = [[np.zeros((3, 4))] * 2, np.zeros((3, 3)), np.zeros((3, 5))]
    assert [np.shape(part) for part in rnn.cell.get_initial_state(3)[1:]] == [(1, 3, 3), (1, 3, 5)]
    for t in range(5):
        out, states = rnn.cell(X[:, t], states)
        assert isinstance(states[0], list)
        assert states[1].shape == (3, 3)
        np.testing.assert_allclose(out, y[:, t], rtol=0.0, atol=1e-15)  # the same sums
    noisy = gk.StackedRNNCells(cells(dropout=0.5))
    with pytest.raises(ValueError, match="training=True came with dropout"):
        noisy(X[:, 0], noisy.get_initial_state(3), training=True)


def test_trains_both_ways_and_is_saved(tmp_path) -> None:
    model = gk.Sequential(
        [
            gk.Masking(),
            gk.Bidirectional(gk.RNN([gk.LSTMCell(4, seed=0), gk.GRUCell(3)], True)),
            gk.RNN(gk.GRUCell(3, dropout=0.2, kernel_regularizer="l2"), stateful=True),
            gk.Dense(1),
        ]
    )
    model.compile("adam", "mse")
    y = X[:, -1, :1]
    losses = model.fit(X, y, epochs=30, verbose=0, shuffle=False).history["loss"]
    assert losses[-1] < losses[0]
    forward, backward = (model.layers[1].forward_layer, model.layers[1].backward_layer)
    assert forward.cell is not backward.cell
    assert forward.cell.cells[1] is not backward.cell.cells[1]
    assert (forward.weights[0] != backward.weights[0]).any()
    model.reset_states()
    expected = model.predict(X, verbose=0)
    model.save(tmp_path / "model.safetensors")
    again = gk.load_model(tmp_path / "model.safetensors")
    again.reset_states()
    np.testing.assert_array_equal(again.predict(X, verbose=0), expected)
    assert again.layers[2].cell.dropout == 0.2


def test_states_of_cells_go_from_layer_to_layer_in_a_graph(tmp_path) -> None:
    encoder, decoder = gk.Input((None, 2), name="encoder"), gk.Input((None, 2), name="decoder")
    first = gk.RNN(cells(), return_state=True)
    second = gk.RNN(cells(), return_sequences=True)
    simple = gk.SimpleRNN(5, return_state=True, seed=0)
    _, *states = first(encoder)
    assert [len(of_cell) for of_cell in states] == [2, 1, 1]
    _, h = simple(encoder)
    y = second(decoder, initial_state=states)
    z = gk.SimpleRNN(5, return_sequences=True, seed=1)(y, initial_state=h)
    model = gk.Model([encoder, decoder], gk.Dense(1, seed=2)(z))
    other = X[:, ::-1]
    _, *given = first(X)
    by_hand = second(other, initial_state=given)
    by_hand = model.layers[-2](by_hand, initial_state=simple(X)[1])
    np.testing.assert_array_equal(model.predict([X, other], verbose=0), model.layers[-1](by_hand))
    model.compile(gk.Adam(0.02), "mse")
    losses = model.fit([X, other], X[..., :1], epochs=20, verbose=0).history["loss"]
    assert losses[-1] < 0.8 * losses[0]
    model.save(tmp_path / "model.safetensors")
    again = gk.load_model(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(
        again.predict([X, other], verbose=0), model.predict([X, other], verbose=0)
    )


def test_bad_arguments() -> None:
    cell = gk.LSTMCell(2)
    with pytest.raises(TypeError, match="RNN: cell has type LSTM, expected a cell"):
        gk.RNN(gk.LSTM(2))
    with pytest.raises(TypeError, match="StackedRNNCells: cells is"):
        gk.RNN([])
    with pytest.raises(TypeError, match="StackedRNNCells: cell has type int, expected a cell"):
        gk.RNN([cell, 3])
    with pytest.raises(ValueError, match="RNN: seed=3 is not supported"):
        gk.RNN(cell, seed=3)
    with pytest.raises(ValueError, match="RNN: implementation=3 is not supported"):
        gk.RNN(cell, implementation=3)
    with pytest.raises(TypeError, match="expected a layer for whole inputs"):
        gk.Sequential([gk.StackedRNNCells([cell])])
    holder = gk.RNN(cell, name="holder")
    with pytest.raises(ValueError, match="layer belongs to another"):
        gk.RNN(holder.cell)
    with pytest.raises(ValueError, match="does not run step by step"):
        gk.Sequential([gk.RNN(gk.GRUCell(2), input_shape=(None, 2))]).stream()

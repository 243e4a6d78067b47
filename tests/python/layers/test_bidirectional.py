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


OPTIONS = {
    "plain": {},
    "drawn": {"dropout": 0.3, "recurrent_dropout": 0.2, "zoneout_h": 0.1},
    "recompute": {"recompute": True},
    "stateful, states returned": {"stateful": True, "return_state": True},
    "backwards first": {"go_backwards": True, "zoneout_h": 0.1},
}


def trained(make, two_calls, mask, monkeypatch):
    """Return all that two training passes and a call give, in one call of the core or in two."""
    layer = make()
    if two_calls:
        monkeypatch.setattr(layer, "_stack", lambda: None)
    else:
        assert layer._stack() is not None
    rng = np.random.default_rng(2)
    x = rng.normal(size=(3, 5, 2)).astype(layer.dtype)
    layer.build(x.shape)
    found = []
    for _ in range(2):
        outputs = layer.forward_many([x], True, [mask])
        found += [y.copy() for y in outputs]
        d = [rng.normal(size=y.shape).astype(layer.dtype) for y in outputs]
        found += layer.backward_many(d, [True])
    given = [rng.normal(size=(3, 4)).astype(layer.dtype) for _ in layer.weights[::3] * 2]
    given = given[: 2 * len(layer.forward_layer.state_names)]
    outputs = layer.forward_many([x, *given], True, [mask])
    d = [rng.normal(size=y.shape).astype(layer.dtype) for y in outputs]
    found += [*outputs, *layer.backward_many(d, [True] * (1 + len(given)))]
    found += layer.forward_many([x], False, [mask])
    return [*found, *layer.gradients.values()]


@pytest.mark.parametrize("mask", [None, MASK], ids=["dense", "masked"])
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS.keys())
@pytest.mark.parametrize("mode", [*MODES, None])
@pytest.mark.parametrize("sequences", [False, True])
@pytest.mark.parametrize("kind", [gk.LSTM, gk.GRU])
def test_one_call_of_the_core_has_the_bits_of_two(
    kind, sequences, mode, options, mask, monkeypatch
):
    def make():
        return gk.Bidirectional(
            kind(4, return_sequences=sequences, seed=0, **options), merge_mode=mode
        )

    one, two = (trained(make, two_calls, mask, monkeypatch) for two_calls in (False, True))
    assert len(one) == len(two)
    for actual, expected in zip(one, two, strict=True):
        np.testing.assert_array_equal(actual, expected)


def test_the_directions_may_be_of_two_kinds(monkeypatch):
    def make():
        other = gk.GRU(4, return_sequences=True, go_backwards=True, recurrent_dropout=0.5, seed=1)
        return gk.Bidirectional(
            gk.LSTM(4, return_sequences=True, zoneout_c=0.2, seed=0), backward_layer=other
        )

    results = []
    for two_calls in (False, True):
        layer = make()
        layer.build(X.shape)
        if two_calls:
            monkeypatch.setattr(layer, "_stack", lambda: None)
        y = layer.forward(X.astype("f4"), True)
        d_x = layer.backward(np.ones_like(y), True)
        results.append([y, d_x, *layer.gradients.values()])
    for actual, expected in zip(*results, strict=True):
        np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize("batch", [1, 8])
def test_any_number_of_threads_gives_the_same_bits(batch):
    before = gk.get_num_threads()
    x = np.random.default_rng(0).normal(size=(batch, 60, 32)).astype("f4")
    results = []
    try:
        for threads in (1, 2, 3):
            gk.set_num_threads(threads)
            layer = gk.Bidirectional(
                gk.LSTM(32, return_sequences=True, recurrent_dropout=0.3, zoneout_c=0.1, seed=0)
            )
            layer.build(x.shape)
            y = layer.forward(x, True)
            d_x = layer.backward(np.ones_like(y), True)
            results.append([y.tobytes(), d_x.tobytes(), layer.gradients["backward_bias"].tobytes()])
    finally:
        gk.set_num_threads(before)
    assert results == [results[0]] * 3


@pytest.mark.parametrize("arriving", range(4))
def test_gradients_may_arrive_at_some_outputs_alone(arriving):
    layer = gk.Bidirectional(gk.GRU(3, return_state=True, return_sequences=True, seed=0), None)
    layer.build(X.shape)
    x = X.astype("f4")
    outputs = layer.forward_many([x], True, [None])
    d = [np.ones_like(y) if k == arriving else None for k, y in enumerate(outputs)]
    (d_x,) = layer.backward_many(d, [True])
    layer.forward_many([x], True, [None])
    zeros = [np.zeros_like(y) if one is None else one for one, y in zip(d, outputs, strict=True)]
    np.testing.assert_array_equal(d_x, layer.backward_many(zeros, [True])[0])
    assert np.abs(d_x).max() > 0


def test_a_derived_class_runs_its_own_steps():
    class Doubled(gk.LSTM):
        def run_over(self, x, states, manner, mask):
            return super().run_over(2 * x, states, manner, mask)

    plain, doubled = (gk.Bidirectional(kind(4, seed=0)) for kind in (gk.LSTM, Doubled))
    np.testing.assert_array_equal(doubled(X), plain(2 * X))


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


def test_a_layer_that_is_not_free_stays_as_it_is():
    layer = gk.LSTM(2, return_sequences=True)
    model = gk.Sequential([layer])
    before = model(X, mask=MASK)
    with pytest.raises(ValueError, match="belongs to another model"):
        gk.Bidirectional(layer)
    assert not layer.zero_output_for_mask
    np.testing.assert_array_equal(model(X, mask=MASK), before)

"""``layer.vjp`` of every kind of layer, by finite differences in float64."""

import numpy as np
import pytest

import gatedcore as gk
from finite_differences import assert_gradient

RNG = np.random.default_rng(0)
SERIES = RNG.normal(size=(3, 5, 2))
ROWS = RNG.normal(size=(4, 3))
HOLES = np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [0, 1, 1, 0, 1]], bool)
D = {"dtype": "float64"}


def states(count):
    return [RNG.normal(size=(3, 4)) * 0.5 for _ in range(count)]


CASES = {
    "dense": (gk.Dense(2, "tanh", **D), ROWS, {}),
    "dense of steps": (gk.Dense(2, "softmax", **D), SERIES, {}),
    "activation": (gk.Activation("softplus", **D), ROWS, {}),
    "normalization": (gk.LayerNormalization(**D), SERIES, {}),
    "flatten": (gk.Flatten(**D), SERIES, {}),
    "reshape": (gk.Reshape((2, 5), **D), SERIES, {}),
    "repeat": (gk.RepeatVector(3, **D), ROWS, {}),
    "dropout at rest": (gk.Dropout(0.5, **D), ROWS, {}),
    "embedding": (gk.Embedding(6, 3, **D), np.array([[1, 5, 1], [0, 2, 2]]), {}),
    "time distributed": (gk.TimeDistributed(gk.Dense(3, "tanh", **D)), SERIES, {}),
    "simple rnn": (gk.SimpleRNN(4, return_sequences=True, **D), SERIES, {"mask": HOLES}),
    "lstm": (gk.LSTM(4, **D), SERIES, {"mask": HOLES, "initial_state": states(2)}),
    "lstm at rest": (gk.LSTM(4, dropout=0.5, recurrent_dropout=0.5, **D), SERIES, {}),
    "lstm zoneout at rest": (gk.LSTM(4, zoneout_h=0.2, zoneout_c=0.3, **D), SERIES, {}),
    "lstm all": (
        gk.LSTM(4, return_sequences=True, return_state=True, go_backwards=True, **D),
        SERIES,
        {"mask": HOLES, "initial_state": states(2)},
    ),
    "lstm last and states": (gk.LSTM(4, return_state=True, **D), SERIES, {}),
    "gru all": (
        gk.GRU(4, return_sequences=True, return_state=True, **D),
        SERIES,
        {"mask": HOLES, "initial_state": states(1)},
    ),
    **{
        f"bidirectional {mode}": (
            gk.Bidirectional(
                gk.LSTM(4, return_sequences=True, return_state=True, **D), merge_mode=mode
            ),
            SERIES,
            {"mask": HOLES, "initial_state": states(4)},
        )
        for mode in ("concat", "sum", "ave", "mul", None)
    },
}


def outputs_of(layer, x, options):
    result = layer(x, **options)
    return result if isinstance(result, tuple) else (result,)


@pytest.mark.parametrize("case", CASES)
def test_gradients_are_those_of_finite_differences(case):
    layer, x, options = CASES[case]
    x = x.copy()
    upstream = [
        np.random.default_rng(7).normal(size=y.shape) for y in outputs_of(layer, x, options)
    ]

    def loss():
        outputs = outputs_of(layer, x, options)
        return float(sum((d * y).sum() for d, y in zip(upstream, outputs, strict=True)))

    found = layer.vjp(x, upstream if len(upstream) > 1 else upstream[0], **options)
    assert found.weights.keys() == layer.parameters.keys()
    for name, value in layer.parameters.items():
        assert_gradient(found.weights[name], loss, value)
    if x.dtype == np.float64:
        assert_gradient(found.x, loss, x)
    else:
        assert found.x is None
    given = options.get("initial_state", [])
    assert len(found.initial_state) == len(given)
    for gradient, state in zip(found.initial_state, given, strict=True):
        assert_gradient(gradient, loss, state)


@pytest.mark.parametrize("arriving", [0, 1, 2])
def test_an_output_that_nothing_arrives_at_counts_as_zeros(arriving):
    layer = gk.LSTM(4, return_sequences=True, return_state=True, **D)
    layer.build(SERIES.shape)
    zeros = [np.zeros((3, 5, 4)), np.zeros((3, 4)), np.zeros((3, 4))]
    d = np.random.default_rng(1).normal(size=zeros[arriving].shape)
    some = [d if k == arriving else None for k in range(3)]
    full = [d if k == arriving else zero for k, zero in enumerate(zeros)]
    a, b = layer.vjp(SERIES, some), layer.vjp(SERIES, full)
    np.testing.assert_array_equal(a.x, b.x)
    for name in a.weights:
        np.testing.assert_array_equal(a.weights[name], b.weights[name])
    assert np.abs(a.x).max() > 0.0


def test_steps_that_do_not_count_get_no_gradient():
    x = np.where(HOLES[..., None], SERIES, 0.0)
    found = gk.Masking(**D).vjp(x, np.ones_like(x))
    np.testing.assert_array_equal(found.x, np.where(HOLES[..., None], np.ones_like(x), 0.0))


def test_one_direction_alone():
    layer = gk.Bidirectional(gk.GRU(4, **D), merge_mode=None)
    layer.build(SERIES.shape)
    d = np.ones((3, 4))
    found = layer.vjp(SERIES, [d, None])
    alone = layer.forward_layer.vjp(SERIES, d)
    np.testing.assert_array_equal(found.x, alone.x)
    assert not found.weights["backward_kernel"].any()


def test_the_layer_stays_as_it_is():
    layer = gk.LSTM(4, dropout=0.5, seed=3, stateful=True, return_sequences=True)
    x = SERIES.astype(np.float32)
    layer(x, training=True)
    layer.gradients["kernel"][...] = 7.0
    draws, carried = layer._draws, [state.copy() for state in layer._carried]
    d = np.ones((3, 5, 4), np.float32)
    first, again = (layer.vjp(x, d, training=True) for _ in range(2))
    np.testing.assert_array_equal(first.x, again.x)
    assert layer._draws == draws
    for before, state in zip(carried, layer._carried, strict=True):
        np.testing.assert_array_equal(before, state)
    assert (layer.gradients["kernel"] == 7.0).all()
    layer.gradients["kernel"][...] = 0.0
    layer.forward(x, True)
    np.testing.assert_array_equal(layer.backward(d, True), first.x)
    np.testing.assert_array_equal(layer.gradients["kernel"], first.weights["kernel"])


def test_what_comes_back_is_new():
    layer = gk.Activation("linear")
    d = np.ones((2, 3), np.float32)
    found = layer.vjp(d, d)
    assert not np.shares_memory(found.x, d)


@pytest.mark.parametrize(
    ("upstream", "options", "message"),
    [
        (np.ones((3, 5)), {}, "upstream is a ndarray, expected a list of 3 as the outputs"),
        ([np.ones((3, 4))] * 2, {}, "upstream is a list of 2, expected a list of 3"),
        ([None] * 3, {}, "upstream is None, expected an array"),
        (
            [None, np.ones((3, 5)), None],
            {},
            r"upstream has shape \(3, 5\), expected the output's = \(3, 4\)",
        ),
        ([None, np.ones((3, 4)), None], {"initial_state": [1]}, "initial_state is a list of 1"),
    ],
)
def test_bad_input(upstream, options, message):
    layer = gk.LSTM(4, return_state=True)
    with pytest.raises((TypeError, ValueError), match=message):
        layer.vjp(SERIES, upstream, **options)


def test_states_of_a_layer_without():
    with pytest.raises(ValueError, match="initial_state came to a Dense, expected None"):
        gk.Dense(2).vjp(ROWS, np.ones((4, 2)), initial_state=[np.ones((4, 2))])

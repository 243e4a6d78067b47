"""gatedcore.layers.stacked: the layers one after the other, to the last bit."""

import numpy as np
import pytest

import gatedcore as gk
from gatedcore.layers.stacked import all_stackable, run_backward, run_forward, side_by_side

MASK = np.array([[1, 1, 1, 0, 0], [0, 0, 1, 1, 1], [1, 0, 1, 0, 1]], bool)


def layers():
    shared = {"seed": 0, "dtype": "float32"}
    return [
        gk.LSTM(4, return_sequences=True, dropout=0.3, zoneout_c=0.2, **shared),
        gk.GRU(3, return_sequences=True, recurrent_dropout=0.4, recompute=True, **shared),
        gk.GRU(5, reset_after=False, zoneout_h=0.3, return_state=True, **shared),
    ]


@pytest.mark.parametrize("mask", [None, MASK], ids=["dense", "masked"])
@pytest.mark.parametrize("training", [False, True])
def test_layers_in_a_row(training, mask):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3, 5, 2)).astype("f4")
    alone, stacked = layers(), layers()
    y, kept = x, []
    for layer, other in zip(alone, stacked, strict=True):
        layer.build(y.shape)
        other.build(y.shape)
        y, *states = layer.forward_many([y], training, [mask])
        kept = states or kept
    stack = [[layer] for layer in stacked]
    run = run_forward(stack, x, [[()]] * 3, training, mask)
    assert run.h is None
    np.testing.assert_array_equal(run.last[-1][0][0], y)
    assert len(run.states) == 1
    np.testing.assert_array_equal(run.states[0], kept[0])
    if not training:
        assert run.saved is None
        return
    d = rng.normal(size=y.shape).astype("f4")
    d_last = [[[]], [[]], [[d]]]
    d_x, d_first = run_backward(stack, run.saved, None, d_last, True)
    assert [d.shape for d in d_first] == [(3, 4), (3, 4), (3, 3), (3, 5)]
    expected = d
    for layer in reversed(alone):
        expected = layer.backward(expected, True)
    np.testing.assert_array_equal(d_x, expected)
    for layer, other in zip(alone, stacked, strict=True):
        for name, gradient in layer.gradients.items():
            np.testing.assert_array_equal(other.gradients[name], gradient)


def test_states_given_and_gradients_cut_from_wider_arrays():
    layer, other = (gk.LSTM(4, return_sequences=True, seed=0) for _ in range(2))
    rng = np.random.default_rng(1)
    x, h0, c0 = (rng.normal(size=s).astype("f4") for s in ((3, 5, 2), (3, 4), (3, 4)))
    for one in (layer, other):
        one.build(x.shape)
    run = run_forward([[layer]], x, [[(h0, c0)]], True)
    np.testing.assert_array_equal(run.h, other.forward_many([x, h0, c0], True, [None])[0])
    wide = rng.normal(size=(3, 9)).astype("f4")
    d_h = np.ones_like(run.h)
    d_x, d_first = run_backward([[layer]], run.saved, d_h, [[[wide[:, :4], None]]], True)
    expected = other.backward_many([d_h, wide[:, :4], None], [True] * 3)
    for actual, value in zip([d_x, *d_first], expected, strict=True):
        np.testing.assert_array_equal(actual, value)


def test_classes_derived_from_the_layers_stay_outside():
    class Own(gk.LSTM):
        pass

    assert all_stackable([gk.LSTM(2), gk.GRU(2)])
    assert not all_stackable([gk.LSTM(2), Own(2)])
    assert not all_stackable([gk.Dense(2)])


def test_gradients_side_by_side():
    a, b = np.ones((2, 1)), np.full((2, 1), 2.0)
    assert side_by_side(None, None) is None
    np.testing.assert_array_equal(side_by_side(a, b), [[1, 2], [1, 2]])
    np.testing.assert_array_equal(side_by_side(a, None), [[1, 0], [1, 0]])
    np.testing.assert_array_equal(side_by_side(None, b), [[0, 2], [0, 2]])

import itertools

import numpy as np
import pytest

import gatedcore as gk
from gatedcore.layers.tensor import Tensor, calls_before


def test_a_call_on_a_tensor_records_shapes_and_builds_the_layer():
    x = gk.Input((None, 3), dtype="float64")
    layer = gk.LSTM(4, return_sequences=True, return_state=True)
    y, h, c = layer(x)
    assert [t.shape for t in (y, h, c)] == [(None, None, 4), (None, 4), (None, 4)]
    assert layer.parameters["kernel"].shape == (3, 16)
    assert y.dtype == layer.dtype == np.float64
    assert y.call is c.call
    assert y.call.inputs == (x,)


def test_states_stand_behind_the_input():
    x, h, c = gk.Input((5, 3)), gk.Input((4,)), gk.Input((4,))
    y = gk.LSTM(4)(x, initial_state=[h, c])
    assert y.shape == (None, 4)
    assert y.call.inputs == (x, h, c)
    both = gk.Bidirectional(gk.GRU(4, return_state=True))(x, initial_state=[h, c])
    assert [t.shape for t in both] == [(None, 8), (None, 4), (None, 4)]


def test_calls_come_after_those_that_they_need():
    x = gk.Input((2,))
    tensor = x
    for _ in range(3000):  # deeper than Python's stack
        tensor = gk.Activation("tanh")(tensor)
    calls = calls_before([tensor])
    assert len(calls) == 3000
    for before, after in itertools.pairwise(calls):
        assert after.inputs == before.outputs


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: np.asarray(x), TypeError, "holds no numbers, expected an array"),
        (lambda x: [*x], TypeError, "is one tensor, expected several; give the layer return_state"),
        (lambda x: x[:, -1], TypeError, "has no parts, expected layers that are called; write Lam"),
        (lambda x: x + x, TypeError, r"has no \+, .* write Add"),
        (lambda x: 1.0 - x, TypeError, r"has no \-, .* write Sub"),
        (lambda x: 2.0 * x, TypeError, r"has no \*, .* write Mul"),
        (lambda x: x @ x, TypeError, r"has no \@, .* write Dot"),
        (lambda x: x / 2.0, TypeError, r"has no \/, .* write Lam"),
        (lambda x: 2.0 / x, TypeError, r"has no \/, .* write Lam"),
        (lambda x: -x, TypeError, r"has no \-, .* write Lam"),
        (lambda x: x**2, TypeError, r"has no \*\*, .* write Lam"),
        (lambda x: gk.Dense(2)(x, mask=[[True]]), ValueError, "mask came with a symbolic tensor"),
        (lambda x: gk.Dense(2)(x, training=True), ValueError, "training came with a symbolic"),
        (lambda x: gk.Dense(2)([x, x]), TypeError, "x is a list of tensors, expected one"),
        (
            lambda x: gk.LSTM(2)(x, initial_state=[np.zeros((1, 2))] * 2),
            TypeError,
            "initial_state has a ndarray where symbolic tensors are",
        ),
        (
            lambda x: gk.LSTM(2)(x, initial_state=[gk.Input((2,))]),
            ValueError,
            r"initial_state has shapes \(None, 2\), expected \(None, 2\), \(None, 2\) for \[h, c\]",
        ),
        (
            lambda x: gk.GRU(2)(x, initial_state=gk.Input((3,))),
            ValueError,
            r"initial_state has shapes \(None, 3\), expected \(None, 2\) for \[h\]",
        ),
        (lambda x: gk.LSTM(2)(gk.LSTM(2)(x)), ValueError, r"input has shape \(None, 2\)"),
    ],
)
def test_what_tensors_are_not_for(call, error, message):
    x = gk.Input((4, 3))
    with pytest.raises(error, match=message):
        call(x)


def test_repr():
    x = gk.Input((4, 3), name="series")
    assert repr(x) == "<Input 'series' (None, 4, 3)>"
    assert isinstance(x, Tensor)
    assert repr(gk.Dense(2, name="head")(x)) == "<Tensor (None, 4, 2) of head>"

"""cpp/bindings/bind_stack.cpp: what comes back, what is refused, and the life of a cache."""

import numpy as np
import pytest

from bindings.calls import B, H, I, T, gru_arguments, lstm_arguments
from gatedcore import _core

LSTM_NAMES = (
    "kernel", "recurrent_kernel", "bias", "h0", "c0", "activation", "recurrent_activation",
)  # fmt: skip


def lstm_direction(dtype="float32", **changes):
    arguments = lstm_arguments(dtype) | changes
    return _core.LSTMDirection(*(arguments[name] for name in LSTM_NAMES))


def gru_direction(inputs=I, dtype="float32", reset_after=True):
    arguments = gru_arguments(dtype, reset_after)
    return _core.GRUDirection(
        np.ones((inputs, 3 * H), dtype),
        *(arguments[name] for name in ("recurrent_kernel", "bias", "h0")),
        "tanh",
        "sigmoid",
        reset_after,
    )


def run(dtype="float32", time_major=False, save=True):
    """Return the results of an LSTM below both directions of a GRU."""
    x = lstm_arguments(dtype)["x"]
    layers = [[lstm_direction(dtype)], [gru_direction(H, dtype), gru_direction(H, dtype, False)]]
    x = np.ascontiguousarray(x.swapaxes(0, 1)) if time_major else x
    return _core.stack_forward(x, layers, time_major, save)


def weight_gradients(dtype="float32"):
    lstm = (np.zeros((I, 4 * H), dtype), np.zeros((H, 4 * H), dtype), np.zeros(4 * H, dtype))
    gru = (np.zeros((H, 3 * H), dtype), np.zeros((H, 3 * H), dtype))
    return [
        [lstm],
        [(*gru, np.zeros((2, 3 * H), dtype)), (*(d.copy() for d in gru), np.zeros(3 * H, dtype))],
    ]


def state_gradients(dtype="float32"):
    d = np.ones((B, H), dtype)
    return [[[d, d]], [[d], [None]]]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("time_major", [False, True])
def test_shapes_and_dtypes(dtype, time_major):
    h, states, cache = run(dtype, time_major)
    axes = (T, B) if time_major else (B, T)
    assert h.shape == (*axes, 2 * H)
    assert [[[s.shape for s in own] for own in layer] for layer in states] == [
        [[(B, H), (B, H)]],
        [[(B, H)], [(B, H)]],
    ]
    gates_c_and_h = T * B * H * (4 + 1 + 1) + 2 * T * B * H * (4 + 1)
    assert cache.nbytes == gates_c_and_h * np.dtype(dtype).itemsize
    weights = weight_gradients(dtype)
    d_x, d_initial = _core.stack_backward(
        cache, np.ones_like(h), state_gradients(dtype), True, weights
    )
    assert d_x.shape == (*axes, I)
    assert [[len(own) for own in layer] for layer in d_initial] == [[2], [1, 1]]
    assert {a.dtype for a in (h, d_x, d_initial[1][1][0])} == {np.dtype(dtype)}
    assert all(d.any() for layer in weights for own in layer for d in own)


def test_without_save_there_is_no_cache():
    h, _, cache = run(save=False)
    assert cache is None
    np.testing.assert_array_equal(h, run()[0])


def test_a_cache_is_consumed_once():
    h, _, cache = run()
    _core.stack_backward(cache, np.ones_like(h), None, False, weight_gradients())
    assert cache.consumed
    with pytest.raises(ValueError, match="stack_backward: cache has been consumed"):
        _core.stack_backward(cache, None, None, False, weight_gradients())


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([], "layers is empty"),
        ([[]], "a layer has 0 directions, expected 1 or 2"),
        ([[gru_direction()] * 3], "a layer has 3 directions, expected 1 or 2"),
        ([[gru_direction(I + 1)]], r"kernel has shape .*, expected \(I, 3\*H\)"),
        ([[lstm_direction()], [lstm_direction()]], r"kernel has shape .*, expected \(I, 4\*H\)"),
        ([[lstm_direction(c0=np.zeros((B, H + 1), "f4"))]], "c0 has shape"),
        ([[lstm_direction(activation="tan")]], "activation is 'tan'"),
    ],
)
def test_layers_are_checked(layers, message):
    with pytest.raises(ValueError, match=f"stack_forward: {message}"):
        _core.stack_forward(lstm_arguments()["x"], layers, False, True)


def test_dtypes_are_not_mixed():
    with pytest.raises(TypeError, match="stack_forward: kernel has dtype float64"):
        _core.stack_forward(lstm_arguments()["x"], [[lstm_direction("float64")]], False, True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"d_h": np.ones((B, T, H), "f4")}, "d_h has shape"),
        ({"d_states": state_gradients()[:1]}, "d_states are not one for each layer"),
        ({"d_states": [[[None, None]], [[None], [None, None]]]}, "d_states has 2 states"),
        ({"d_states": [[[None, np.ones(3, "f4")]], [[None], [None]]]}, "d_states has shape"),
        ({"weights": weight_gradients()[:1]}, "gradients of weights are not one"),
        (
            {"weights": [weight_gradients()[0], weight_gradients()[1][::-1]]},
            r"d_bias has shape \(15,\), expected \(2, 3\*H\)",
        ),
    ],
)
def test_refused_gradients_leave_the_cache_alone(change, message):
    _, _, cache = run()
    arguments = {"d_h": None, "d_states": None, "need_d_x": True, "weights": weight_gradients()}
    with pytest.raises(ValueError, match=f"stack_backward: {message}"):
        _core.stack_backward(cache, **arguments | change)
    assert not cache.consumed

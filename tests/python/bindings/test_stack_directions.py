"""cpp/bindings/stack_directions.hpp: the options of a direction, and what of them is refused."""

import numpy as np
import pytest

from bindings.calls import B, H, I, T, gru_arguments, lstm_arguments
from gatedcore import _core

NAMES = ("kernel", "recurrent_kernel", "bias", "h0", "c0", "activation", "recurrent_activation")


def run(gru=False, mask=None, save=False, sequences=True, **options):
    """Return the results of one direction with these options."""
    if gru:
        arguments = gru_arguments("float32", True)
        names = [name for name in NAMES if name != "c0"]
        direction = _core.GRUDirection(*(arguments[name] for name in names), True, **options)
    else:
        arguments = lstm_arguments("float32")
        direction = _core.LSTMDirection(*(arguments[name] for name in NAMES), **options)
    return _core.stack_forward(arguments["x"], [[direction]], False, save, mask, sequences)


@pytest.mark.parametrize("gru", [False, True])
def test_operands_are_used(gru):
    plain = run(gru)[0]
    operands = {
        "m_x": np.zeros((B, I), "f4"),
        "m_h": np.zeros((B, H), "f4"),
        "z_h": np.full(H, 0.5, "f4"),
    }
    for name, value in operands.items():
        assert (run(gru, **{name: value})[0] != plain).any(), name
    every = np.ones((B, T, H), "f4")
    h0 = (gru_arguments if gru else lstm_arguments)("float32")["h0"]
    np.testing.assert_array_equal(run(gru, z_h=every)[0], np.repeat(h0[:, None], T, 1))


@pytest.mark.parametrize("gru", [False, True])
def test_masked_steps_are_not_saved(gru):
    mask = np.zeros((B, T), bool)
    mask[:, 0] = True
    h, _, cache = run(gru, mask, save=True)
    np.testing.assert_array_equal(h[:, 1:], np.repeat(h[:, :1], T - 1, 1))
    zeros = run(gru, mask, zero_output_for_mask=True)[0]
    assert not zeros[:, 1:].any()
    rows = B * (4 + (0 if gru else 1)) * H + B * I + B * H
    assert cache.nbytes == 4 * rows + h.nbytes
    assert run(gru, mask, save=True, recompute=True)[2].nbytes == cache.nbytes - 4 * B * 4 * H


@pytest.mark.parametrize("save", [False, True])
@pytest.mark.parametrize("mask", [None, np.ones((B, T), bool)])
def test_without_sequences_there_is_no_h(mask, save):
    h, states, cache = run(mask=mask, save=save, sequences=False)
    assert h is None
    np.testing.assert_array_equal(states[0][0][0], run()[0][:, -1])
    assert (cache is None) != save


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"m_x": np.ones((B, H), "f4")}, "m_x has shape"),
        ({"m_h": np.ones((B, I), "f4")}, "m_h has shape"),
        ({"z_h": np.ones((T, B, H), "f4")}, "z_h has shape"),
        ({"z_c": np.ones(H + 1, "f4")}, "z_c has shape"),
        ({"mask": np.ones((T, B), bool)}, "mask has shape"),
    ],
)
def test_operands_are_checked(options, message):
    with pytest.raises(ValueError, match=f"stack_forward: {message}"):
        run(**options)


def test_a_gru_has_no_z_c():
    with pytest.raises(TypeError, match="incompatible"):
        run(True, z_c=np.ones(H, "f4"))

"""cpp/bindings/zoneout.hpp: what zoneout keeps, as a caller hands it in."""

import numpy as np
import pytest

from bindings.calls import B, H, T, gru_arguments, lstm_arguments, lstm_gradients
from gatedcore import _core

Z = np.random.default_rng(1).random((B, T, H)).astype(np.float32)


def test_a_row_stands_for_all_steps_and_arrays_may_have_any_strides() -> None:
    arguments = lstm_arguments()
    expected = _core.lstm_forward(**arguments, z_h=np.full((B, T, H), 0.25, np.float32))[0]
    row = np.full(H, 0.25, np.float32)
    np.testing.assert_array_equal(_core.lstm_forward(**arguments, z_h=row)[0], expected)
    expected = _core.lstm_forward(**arguments, z_c=Z)[0]
    wide = np.repeat(np.repeat(Z, 2, axis=0), 3, axis=1)
    for view in (Z.swapaxes(0, 1).copy().swapaxes(0, 1), wide[::2, ::3]):
        np.testing.assert_array_equal(_core.lstm_forward(**arguments, z_c=view)[0], expected)


def test_backward_keeps_what_it_reads_again() -> None:
    def gradients(drop: bool) -> np.ndarray:
        z = Z.copy()
        cache = _core.lstm_forward(**lstm_arguments(), z_h=z, z_c=z)[3]
        assert cache is not None
        if drop:
            del z
            np.zeros((B, T, H), np.float32)  # would take the memory, were it free
        return _core.lstm_backward(cache, **lstm_gradients())[0]

    np.testing.assert_array_equal(gradients(True), gradients(False))


def test_other_arrays_are_errors() -> None:
    lstm, gru = lstm_arguments(), gru_arguments()
    for name in ("z_h", "z_c"):
        with pytest.raises(ValueError, match=rf"lstm_forward: {name} has shape \(4, 3, 5\), exp"):
            _core.lstm_forward(**lstm, **{name: Z.swapaxes(0, 1)})
        with pytest.raises(TypeError, match=f"lstm_forward: {name} has dtype float64, expected"):
            _core.lstm_forward(**lstm, **{name: Z.astype(np.float64)})
    with pytest.raises(ValueError, match=r"gru_forward: z_h has shape \(4,\), expected \(H,\)"):
        _core.gru_forward(**gru, z_h=np.zeros(4, np.float32))
    with pytest.raises(ValueError, match="gru_forward: z_h "):
        _core.gru_forward(**gru, z_h=np.zeros(2 * H, np.float32)[::2])
    stream = _core.Stream(B, 2, False)
    weights = [lstm[name] for name in ("kernel", "recurrent_kernel", "bias")]
    with pytest.raises(ValueError, match=r"Stream.add_lstm: z_c has shape \(3, 4, 5\), expected"):
        stream.add_lstm(*weights, "tanh", "sigmoid", None, Z)

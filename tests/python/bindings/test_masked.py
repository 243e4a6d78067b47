"""cpp/bindings/masked.hpp: masks and resets as a caller hands them in."""

import numpy as np
import pytest

from bindings.calls import B, T, gru_arguments, lstm_arguments
from gatedcore import _core


def test_a_mask_has_booleans_of_the_shape_of_the_steps():
    arguments = lstm_arguments()
    for time_major, shape in ((False, (T, B)), (True, (B, T))):
        x = np.ascontiguousarray(arguments["x"].swapaxes(0, 1)) if time_major else arguments["x"]
        given = arguments | {"x": x, "time_major": time_major}
        with pytest.raises(
            ValueError, match=r"lstm_forward: mask has shape .*, expected \((B, T|T, B)\)"
        ):
            _core.lstm_forward(**given, mask=np.ones(shape, bool))
    for name in ("mask", "reset"):
        with pytest.raises(TypeError, match=f"{name} has dtype uint8, expected bool"):
            _core.lstm_forward(**arguments, **{name: np.ones((B, T), np.uint8)})


def test_a_mask_may_have_any_strides():
    arguments = lstm_arguments()
    mask = np.arange(T) < np.array([[2], [4], [1]])
    expected = _core.lstm_forward(**arguments, mask=mask)[0]
    wide = np.repeat(np.repeat(mask, 2, axis=0), 3, axis=1)
    for view in (np.asfortranarray(mask), mask[::-1, ::-1].copy()[::-1, ::-1], wide[::2, ::3]):
        np.testing.assert_array_equal(_core.lstm_forward(**arguments, mask=view)[0], expected)


def test_resets_everywhere_make_every_step_the_first():
    arguments = gru_arguments() | {"h0": None}
    h = _core.gru_forward(**arguments, reset=np.ones((B, T), bool))[0]
    for t in range(T):
        x = np.ascontiguousarray(arguments["x"][:, t : t + 1])
        np.testing.assert_array_equal(h[:, t], _core.gru_forward(**arguments | {"x": x})[0][:, 0])


def test_backwards_a_mask_and_resets_run_with_the_input():
    arguments = lstm_arguments()
    mask = np.arange(T) < np.array([[2], [4], [1]])
    reset = np.zeros((B, T), bool)
    reset[:, 1] = True
    forward = arguments | {"x": np.ascontiguousarray(arguments["x"][:, ::-1])}
    expected = _core.lstm_forward(**forward, mask=mask[:, ::-1], reset=reset[:, ::-1])[0]
    given = arguments | {"go_backwards": True}
    np.testing.assert_array_equal(_core.lstm_forward(**given, mask=mask, reset=reset)[0], expected)

"""cpp/bindings/weights.hpp: whoever takes weights names the one that does not fit."""

import numpy as np
import pytest

from bindings.calls import gru_arguments, lstm_arguments
from gatedcore import _core

WEIGHTS = ("kernel", "recurrent_kernel", "bias")


def forward(cell: str, weights: dict[str, np.ndarray]) -> object:
    if cell == "lstm":
        return _core.lstm_forward(**lstm_arguments() | weights)
    return _core.gru_forward(**gru_arguments() | weights)


def stream(cell: str, weights: dict[str, np.ndarray]) -> object:
    arguments = lstm_arguments() if cell == "lstm" else gru_arguments()
    given = [(arguments | weights)[name] for name in WEIGHTS]
    made = _core.Stream(2, arguments["x"].shape[2], False)
    if cell == "lstm":
        return made.add_lstm(*given, "tanh", "sigmoid")
    return made.add_gru(*given, "tanh", "sigmoid", True)


@pytest.mark.parametrize("take", [forward, stream])
@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize("name", WEIGHTS)
def test_a_weight_that_does_not_fit_is_named(take, cell, name):
    arguments = lstm_arguments() if cell == "lstm" else gru_arguments()
    take(cell, {})
    wrong = np.concatenate([arguments[name], arguments[name]])
    with pytest.raises(ValueError, match=rf": {name} has shape .*, expected \("):
        take(cell, {name: wrong})
    with pytest.raises(TypeError, match=f": {name} has dtype float64, expected float32"):
        take(cell, {name: arguments[name].astype("f8")})
    with pytest.raises(ValueError, match=name):
        take(cell, {name: np.asfortranarray(np.atleast_2d(arguments[name]))})

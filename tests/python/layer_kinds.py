"""The recurrent layers, for tests that run through all of them, and an input for them."""

import numpy as np
import pytest

import gatedcore as gk

KINDS = [
    pytest.param(gk.LSTM, {}, id="lstm"),
    pytest.param(gk.GRU, {"reset_after": True}, id="gru-after"),
    pytest.param(gk.GRU, {"reset_after": False}, id="gru-before"),
]
SEQUENCE_KINDS = [*KINDS, pytest.param(gk.SimpleRNN, {}, id="simple-rnn")]
X = np.random.default_rng(0).normal(size=(3, 5, 2))

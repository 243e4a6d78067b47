"""Learning rates that can be assigned to."""

import copy
import json
import pickle

import numpy as np
import pytest

import gatedcore as gk


def test_assigning_sets_the_optimizer_s() -> None:
    optimizer = gk.Adam(0.5)
    rate = optimizer.learning_rate
    rate.assign(rate * 0.5)
    assert optimizer.learning_rate == 0.25
    assert rate == 0.5  # a number, not a place
    optimizer.lr.assign(np.float32(0.125))
    assert optimizer.learning_rate.numpy() == 0.125
    with pytest.raises(ValueError, match="Adam: learning_rate is -1, expected a number in"):
        rate.assign(-1)
    optimizer = gk.Adam(gk.optimizers.schedules.ExponentialDecay(1.0, 4, 0.5))
    with pytest.raises(TypeError, match="where a schedule ExponentialDecay is in charge"):
        optimizer.learning_rate.assign(0.1)


def test_it_is_a_float_everywhere_else() -> None:
    rate = gk.SGD(0.5).learning_rate
    assert json.dumps({"rate": rate}) == '{"rate": 0.5}'
    assert repr(rate) == "0.5"
    for plain in (copy.deepcopy(rate), pickle.loads(pickle.dumps(rate)), rate * 1.0):
        assert type(plain) is float
    other = gk.Adam(rate)
    rate.assign(0.25)
    assert other.learning_rate == 0.5

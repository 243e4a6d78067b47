import numpy as np
import pytest

import gatedcore as gk


def test_builds_the_model_at_once() -> None:
    model = gk.Sequential([gk.Input((None, 2)), gk.GRU(3), gk.Dense(1)])
    assert model.built
    assert model.input_shape == (None, None, 2)
    assert [layer.name.split("_")[0] for layer in model.layers] == ["gru", "dense"]


def test_dtype_for_the_whole_model() -> None:
    model = gk.Sequential([gk.Input((None, 2), dtype="float64"), gk.GRU(3), gk.Dense(1)])
    assert model.dtype == np.float64
    assert all(value.dtype == np.float64 for value in model.weights)


@pytest.mark.parametrize("shape", [3, (), (2, None)])
def test_bad_shapes(shape: object) -> None:
    with pytest.raises((TypeError, ValueError), match="Input: input_shape is"):
        gk.Input(shape)


def test_comes_first_and_once() -> None:
    model = gk.Sequential([gk.Input((2,)), gk.Dense(1)])
    with pytest.raises(ValueError, match="an Input came after other layers, expected it first"):
        model.add(gk.Input((2,)))

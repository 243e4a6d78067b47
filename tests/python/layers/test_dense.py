import re

import numpy as np
import pytest

import gatedcore as gk
from finite_differences import assert_gradient
from problems import ACTIVATIONS


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("shape", [(4, 3), (2, 5, 3)])
def test_gradients_by_finite_differences(activation: str, shape: tuple[int, ...]) -> None:
    layer = gk.Dense(2, activation, bias_initializer="glorot_uniform", dtype="float64", seed=0)
    layer.build(shape)
    rng = np.random.default_rng(0)
    x, d_y = rng.normal(size=shape), rng.normal(size=(*shape[:-1], 2))

    def loss() -> float:
        return float((layer.forward(x, False) * d_y).sum())

    layer.forward(x, True)
    d_x = layer.backward(d_y, True)
    assert_gradient(d_x, loss, x)
    for name, value in layer.parameters.items():
        assert_gradient(layer.gradients[name], loss, value)


def test_weights_as_in_keras() -> None:
    layer = gk.Dense(4, seed=0)
    layer.build((None, 3))
    assert [w.shape for w in layer.weights] == [(3, 4), (4,)]
    assert layer.count_params() == 16
    assert np.abs(layer.parameters["kernel"]).max() <= np.sqrt(6.0 / 7)
    bare = gk.Dense(4, use_bias=False)
    bare.build((None, 3))
    assert list(bare.parameters) == ["kernel"]
    assert bare(np.ones((2, 3))).shape == (2, 4)


def test_acts_on_the_last_axis() -> None:
    layer = gk.Dense(4)
    x = np.random.default_rng(0).normal(size=(2, 5, 3)).astype(np.float32)
    y = layer(x)
    assert y.shape == (2, 5, 4)
    np.testing.assert_array_equal(y[1], layer(x[1]))
    assert layer(x[:0]).shape == (0, 5, 4)
    assert layer.compute_output_shape((None, None, 3)) == (None, None, 4)


def test_d_x_only_on_demand() -> None:
    layer = gk.Dense(2)
    layer(np.ones((1, 3)))
    layer.forward(np.ones((1, 3), np.float32), True)
    assert layer.backward(np.ones((1, 2), np.float32), False) is None


def test_bad_input() -> None:
    with pytest.raises(
        ValueError, match=re.escape("input has shape (3,), expected (batch, ..., f")
    ):
        gk.Dense(2)(np.ones(3))
    with pytest.raises(ValueError, match="Dense: lora_rank=4 is not supported"):
        gk.Dense(2, lora_rank=4)


def test_training_is_taken_as_by_other_layers():
    x = np.ones((2, 3), "f4")
    layer = gk.Dense(2)
    np.testing.assert_array_equal(layer(x, training=False), layer(x))
    with pytest.raises(TypeError, match="surprise"):
        layer(x, surprise=1)

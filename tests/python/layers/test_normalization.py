import re

import numpy as np
import pytest

import gatedcore as gk
from layers.gradients import assert_layer_gradients

X = np.random.default_rng(0).normal(size=(3, 5, 4)) * 3 + 2


def test_mean_and_variance_along_features():
    y = gk.LayerNormalization(dtype="float64", epsilon=0.0)(X)
    np.testing.assert_allclose(y.mean(-1), 0, atol=1e-12)
    np.testing.assert_allclose(y.var(-1), 1, atol=1e-12)


@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize("scale", [True, False])
def test_gradients(center, scale):
    layer = gk.LayerNormalization(
        center=center,
        scale=scale,
        gamma_initializer="glorot_uniform",
        beta_initializer="glorot_uniform",
        dtype="float64",
        seed=0,
    )
    layer.build(X.shape)
    assert list(layer.parameters) == ["gamma"] * scale + ["beta"] * center
    assert_layer_gradients(layer, X.copy())


def test_agrees_with_torch():
    torch = pytest.importorskip("torch")
    layer = gk.LayerNormalization(epsilon=1e-3)
    x = X.astype("f4")
    expected = torch.nn.functional.layer_norm(torch.from_numpy(x), (4,), eps=1e-3).numpy()
    np.testing.assert_allclose(layer(x), expected, atol=1e-6)


def test_bad_input():
    with pytest.raises(ValueError, match=re.escape("input has shape (4,), expected (batch,")):
        gk.LayerNormalization()(X[0, 0])
    with pytest.raises(ValueError, match="axis=1 is not supported"):
        gk.LayerNormalization(axis=1)
    with pytest.raises(ValueError, match="epsilon is -1"):
        gk.LayerNormalization(epsilon=-1)

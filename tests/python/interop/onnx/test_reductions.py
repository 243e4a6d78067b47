"""Sums, extremes, pooling and normalisation, against ONNX's own cases; what they refuse."""

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed")

from gatedcore.interop.onnx import Backend, load, reductions
from interop.onnx.models import one_node
from interop.onnx.node_cases import assert_agrees, cases_of

HERE = [
    *reductions._REDUCTIONS,
    *[
        "ArgMax",
        "ArgMin",
        "CumSum",
        "GlobalAveragePool",
        "GlobalMaxPool",
        "Softmax",
        "LogSoftmax",
        "Hardmax",
    ],
    *["LayerNormalization", "RMSNormalization", "BatchNormalization"],
]
X = np.random.default_rng(0).normal(size=(2, 3, 4)).astype(np.float32)


@pytest.mark.parametrize("case", cases_of(*HERE))
def test_onnx_cases(case):
    assert_agrees(case, Backend.prepare(case.model).run)


def test_axes_as_attributes_of_old_models():
    y = load(one_node("ReduceMean", {"x": X}, opset=11, axes=[1], keepdims=0))(X)
    np.testing.assert_allclose(y, X.mean(axis=1), rtol=1e-6)


def test_softmax_of_old_models_runs_over_all_axes_from_one_on():
    y = load(one_node("Softmax", {"x": X}, opset=11, axis=1))(X)
    np.testing.assert_allclose(y.sum(axis=(1, 2)), [1, 1], rtol=1e-6)


def test_an_axis_that_is_not_there():
    with pytest.raises(ValueError, match="axis is 3, expected one of 3 axes"):
        load(one_node("Softmax", {"x": X}, axis=3))(X)


def test_layer_normalization_gives_mean_and_factor_too():
    ones = np.ones(4, np.float32)
    model = one_node("LayerNormalization", {"x": X, "scale": ones}, outputs=("y", "mean", "factor"))
    y, mean, factor = load(model)([X, ones])
    np.testing.assert_allclose(y, (X - mean) * factor, atol=1e-6)
    assert mean.shape == (2, 3, 1)


def test_a_mean_is_of_something():
    x, scale = X[:, :0], np.ones((0, 4), np.float32)
    with pytest.raises(ValueError, match=r"expected elements along axes \(1,\)"):
        load(one_node("ReduceMean", {"x": x}, axes=[1]))(x)
    with pytest.raises(ValueError, match=r"expected elements along axes \(1, 2\)"):
        load(one_node("LayerNormalization", {"x": x, "scale": scale}, axis=1))([x, scale])
    assert load(one_node("ReduceMean", {"x": x}, axes=[2]))(x).shape == (2, 0, 1)

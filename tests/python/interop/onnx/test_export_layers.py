"""Layers without states as graphs, in two runtimes."""

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed")

import gatedcore as gk
from interop.onnx.exported import assert_exports, operators_of

RNG = np.random.default_rng(0)
X = RNG.normal(size=(4, 5, 3)).astype(np.float32)
L = gk.layers
NORMALIZED = L.Normalization(mean=[0.0, 1.0, 2.0], variance=[1.0, 2.0, 0.5])


@pytest.mark.parametrize(
    "layer",
    [
        gk.Dense(2, "gelu"),
        gk.Dense(2, use_bias=False),
        gk.LayerNormalization(gamma_initializer="uniform", beta_initializer="uniform"),
        gk.LayerNormalization(center=False, scale=False, epsilon=0.1),
        NORMALIZED,
        L.Normalization(mean=[0.0, 1.0, 2.0], variance=[1.0, 2.0, 0.5], invert=True),
        gk.Activation("mish"),
        L.Softmax(),
        L.ReLU(),
        L.ReLU(max_value=1.0),
        L.ReLU(negative_slope=0.2),
        L.ReLU(max_value=1.0, negative_slope=0.1, threshold=0.5),
        L.LeakyReLU(),
        L.ELU(0.5),
        gk.Dropout(0.5),
        gk.SpatialDropout1D(0.5),
        L.GaussianNoise(1.0),
        L.GaussianDropout(0.5),
        gk.Flatten(),
        gk.Reshape((3, 5)),
        gk.Reshape((-1, 1)),
        L.Permute((2, 1)),
        L.GlobalAveragePooling1D(),
        L.GlobalAveragePooling1D(keepdims=True),
        L.GlobalMaxPooling1D(),
        L.GlobalMaxPooling1D(keepdims=True),
        gk.TimeDistributed(gk.Dense(2, "tanh")),
        gk.TimeDistributed(gk.RepeatVector(2)),
        gk.Masking(),
    ],
    ids=lambda layer: layer.name,
)
def test_layers_of_sequences(layer):
    assert_exports(gk.Sequential([gk.Input((5, 3)), layer]), X)


@pytest.mark.parametrize("layer", [gk.Dense(2, "relu"), gk.RepeatVector(4), gk.Flatten()])
def test_layers_of_vectors(layer):
    made = assert_exports(gk.Sequential([gk.Input((3,)), layer]), X[:, 0])
    assert operators_of(made)[0] in ("Gemm", "Unsqueeze", "Flatten")


def test_sequences_within_sequences():
    model = gk.Sequential([gk.Input((None, 5, 3)), gk.TimeDistributed(gk.LSTM(4)), gk.GRU(2)])
    assert_exports(model, RNG.normal(size=(2, 6, 5, 3)).astype(np.float32))


@pytest.mark.parametrize(
    "merge",
    [gk.Add(), gk.Average(), gk.Multiply(), gk.Maximum(), gk.Minimum(), gk.Concatenate()],
    ids=lambda layer: layer.name,
)
def test_merges_of_three(merge):
    x, y, z = (gk.Input((None, 3), name=name) for name in "xyz")
    assert_exports(gk.Model([x, y, z], merge([x, y, z])), [X, 2 * X, X[::-1].copy()])


def test_merges_of_two():
    x, y = gk.Input((None, 3), name="x"), gk.Input((1, 3), name="y")
    assert_exports(gk.Model([x, y], gk.Subtract()([x, y])), [X, X[:, :1]])
    z = gk.Input((None, 3), name="z")
    assert_exports(gk.Model([x, z], gk.Concatenate(axis=1)([x, z])), [X, X[:, :2]])


@pytest.mark.parametrize("normalize", [False, True])
def test_dot_products(normalize):
    sequence, other = gk.Input((5, 3), name="a"), gk.Input((4, 3), name="b")
    vector, last = gk.Input((3,), name="c"), gk.Input((5,), name="d")
    arrays = {"a": X, "b": 2 * X[:, :4], "c": X[:, 0], "d": X[..., 0]}
    for x, y, axes in (
        (sequence, other, 2),
        (sequence, vector, (2, 1)),
        (vector, sequence, (1, 2)),
        (sequence, last, (1, 1)),
        (vector, vector, 1),
    ):
        model = gk.Model([x, y] if x is not y else [x], L.Dot(axes, normalize=normalize)([x, y]))
        given = [arrays[one.name] for one in model.inputs]
        assert_exports(model, given if len(given) > 1 else given[0])


def test_masks_meet_in_merges_and_reach_what_follows():
    x, tokens = gk.Input((None, 3), name="x"), gk.Input((None,), dtype="int64", name="tokens")
    gaps = np.where(RNG.random((4, 5, 1)) < 0.5, np.float32(0), X)
    numbers = RNG.integers(0, 3, (4, 5))
    a = gk.Masking()(x)
    b = gk.Embedding(3, 3, mask_zero=True)(tokens)
    ends = [
        gk.GRU(2)(gk.Add()([a, b])),
        gk.GRU(2)(gk.Multiply()([a, x])),
        gk.GRU(2)(gk.Concatenate()([a, x])),
        gk.GRU(2)(gk.Concatenate(axis=1)([a, b])),
        L.GlobalAveragePooling1D()(a),
        L.GlobalAveragePooling1D(keepdims=True)(gk.Masking(mask_value=1.0)(a)),
        gk.GRU(2)(gk.Dropout(0.5)(gk.Dense(2)(gk.TimeDistributed(gk.Dense(2))(a)))),
        gk.GRU(2)(gk.Reshape((5, 3))(a)),
    ]
    assert_exports(gk.Model([x, tokens], ends), [gaps, numbers])


def test_an_embedding_of_numbers_that_are_whole():
    model = gk.Sequential([gk.Input((4,)), gk.Reshape((2, 2)), gk.Embedding(5, 3), gk.Flatten()])
    made = assert_exports(model, RNG.integers(0, 5, (3, 4)))
    assert made.graph.input[0].type.tensor_type.elem_type == onnx.TensorProto.FLOAT


def test_tokens_and_numbers_of_one_input():
    x = gk.Input((4,), name="x")
    model = gk.Model(x, [gk.Flatten()(gk.Embedding(5, 3)(x)), gk.Dense(2)(x)])
    assert_exports(model, RNG.integers(0, 5, (3, 4)))


def test_moments_of_axes_that_are_open():
    layer = L.Normalization(axis=(1, 2), name="moments")
    layer.adapt(X)
    assert_exports(gk.Sequential([gk.Input((5, 3)), layer]), X)
    other = L.Normalization(axis=(1, 2), name="moments")
    other.adapt(X)
    with pytest.raises(ValueError, match=r"moments has axis=.1, 2. .* expected known sizes"):
        gk.onnx.export(gk.Sequential([gk.Input((None, 3)), other]))

import numpy as np
import pytest

import gatedcore as gk
from finite_differences import assert_gradient

RNG = np.random.default_rng(0)
A, B, C = (RNG.normal(size=(3, 4, 2)) for _ in range(3))
D = {"dtype": "float64"}
LAYERS = {
    "Add": (A + B + C, [A, B, C]),
    "Subtract": (A - B, [A, B]),
    "Multiply": (A * B * C, [A, B, C]),
    "Average": ((A + B + C) / 3, [A, B, C]),
    "Maximum": (np.maximum(np.maximum(A, B), C), [A, B, C]),
    "Minimum": (np.minimum(A, B), [A, B]),
    "Concatenate": (np.concatenate([A, B, C], axis=-1), [A, B, C]),
}


@pytest.mark.parametrize("name", LAYERS)
def test_values_and_gradients(name):
    expected, given = LAYERS[name]
    given = [x.copy() for x in given]
    layer = getattr(gk, name)(**D)
    np.testing.assert_allclose(layer(given), expected, rtol=0, atol=1e-15)
    assert layer.compute_output_shape([x.shape for x in given]) == expected.shape
    function = getattr(gk.layers, name.lower())
    np.testing.assert_array_equal(function(given, **D), layer(given))
    d = RNG.normal(size=expected.shape)
    found = layer.vjp(given, d)
    assert found.weights == {}
    for gradient, x in zip(found.x, given, strict=True):
        assert_gradient(gradient, lambda: float((layer(given) * d).sum()), x)


@pytest.mark.parametrize("name", ["Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"])
def test_sizes_of_one_are_repeated(name):
    layer = getattr(gk, name)(**D)
    given = [A.copy(), B[:, :, :1].copy()]
    d = RNG.normal(size=A.shape)
    found = layer.vjp(given, d)
    for gradient, x in zip(found.x, given, strict=True):
        assert_gradient(gradient, lambda: float((layer(given) * d).sum()), x)
    assert layer.compute_output_shape([(None, None, 2), (None, 4, 1)]) == (None, 4, 2)


def test_equal_inputs_share_the_gradient_of_an_extreme():
    found = gk.Maximum(**D).vjp([A, A.copy()], np.ones_like(A))
    np.testing.assert_array_equal(found.x[0], np.full_like(A, 0.5))


def test_concatenation_in_time():
    layer = gk.Concatenate(axis=1, **D)
    np.testing.assert_array_equal(layer([A, B[:, :1]]), np.concatenate([A, B[:, :1]], axis=1))
    assert layer.compute_output_shape([(None, 4, 2), (None, None, 2)]) == (None, None, 2)
    d = RNG.normal(size=(3, 5, 2))
    found = layer.vjp([A, B[:, :1]], d)
    np.testing.assert_array_equal(found.x[1], d[:, 4:])


LEFT = np.array([[1, 1, 0, 0]] * 3, bool)
RIGHT = np.array([[0, 1, 1, 0]] * 3, bool)


@pytest.mark.parametrize(
    ("layer", "masks", "expected"),
    [
        # As Keras 3: merging layers take a step that counts in any input.
        (gk.Add(), [LEFT, RIGHT], LEFT | RIGHT),
        (gk.Multiply(), [LEFT, None], None),
        (gk.Concatenate(), [LEFT, RIGHT], LEFT | RIGHT),
        (gk.Concatenate(), [LEFT, None], np.ones_like(LEFT)),
        (gk.Concatenate(), [None, None], None),
        (gk.Concatenate(axis=1), [LEFT, None], np.hstack([LEFT, np.ones_like(LEFT)])),
    ],
)
def test_masks(layer, masks, expected):
    found = layer.compute_mask([A, B], masks)
    if expected is None:
        assert found is None
    else:
        np.testing.assert_array_equal(found, expected)
    layer([A, B], mask=masks)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: gk.Add()(A), TypeError, "x has type ndarray, expected a list of arrays"),
        (
            lambda: gk.Add()(gk.Input((4, 2))),
            TypeError,
            "x is a tensor, expected a list",
        ),
        (lambda: gk.Add()([A, B[:, :3]]), ValueError, "expected equal sizes, or 1"),
        (lambda: gk.Add()([A, B[0]]), ValueError, "expected as many axes of each"),
        (lambda: gk.Subtract()([A, B, C]), ValueError, "got 3 inputs, expected 2"),
        (lambda: gk.Add()([]), ValueError, "got 0 inputs, expected some"),
        (lambda: gk.Concatenate()([A, B[:, :3]]), ValueError, "equal sizes on all axes but -1"),
        (lambda: gk.Concatenate(axis=3)([A, B]), ValueError, "expected an axis 3"),
        (lambda: gk.Concatenate(axis=0), ValueError, "axis is 0, that of the batch"),
        (lambda: gk.Concatenate(axis=1.5), TypeError, "axis is 1.5, expected an integer"),
        (lambda: gk.Add()([A, B], mask=LEFT), ValueError, "expected a list of 2"),
        (lambda: gk.Sequential([gk.Input((4, 2)), gk.Add()]), TypeError, "input is not a list"),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_config():
    layer = gk.Concatenate(axis=1, name="side")
    assert gk.Concatenate.from_config(layer.get_config()).get_config() == layer.get_config()

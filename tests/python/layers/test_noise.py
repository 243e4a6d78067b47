import numpy as np
import pytest

import gatedcore as gk

X = np.full((40, 50, 20), 2.0, np.float32)
KINDS = {
    "added": (lambda **base: gk.layers.GaussianNoise(0.5, **base), 0.5),
    "times": (lambda **base: gk.layers.GaussianDropout(0.2, **base), 2.0 * 0.5),
}


@pytest.mark.parametrize("kind", KINDS)
def test_mean_and_deviation(kind):
    make, deviation = KINDS[kind]
    y = make(seed=1)(X, training=True)
    assert y.dtype == np.float32
    # Of 40000 draws; five deviations of mean and deviation.
    assert abs(y.mean() - 2.0) < 5 * deviation / 200
    assert abs(y.std() - deviation) < 5 * deviation / 283


@pytest.mark.parametrize("kind", KINDS)
def test_outside_training_and_with_nothing_to_draw_it_is_the_input(kind):
    layer = KINDS[kind][0]()
    np.testing.assert_array_equal(layer(X), X)
    for still in (gk.layers.GaussianNoise(0.0), gk.layers.GaussianDropout(0.0)):
        np.testing.assert_array_equal(still(X, training=True), X)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_and_seeds(kind):
    layer, twin = (KINDS[kind][0](seed=4) for _ in range(2))
    first, second = (layer.forward(X, True) for _ in range(2))
    assert (first != second).any()
    np.testing.assert_array_equal(twin.forward(X, True), first)
    np.testing.assert_array_equal(twin.forward(X, True), second)
    d_x = twin.backward(np.ones_like(X), True)
    expected = second / 2.0 if kind == "times" else np.ones_like(X)
    np.testing.assert_allclose(d_x, expected)


def test_the_library_s_generator_is_the_default():
    gk.set_random_seed(3)
    first = gk.layers.GaussianNoise(1.0)(X, training=True)
    gk.set_random_seed(3)
    np.testing.assert_array_equal(gk.layers.GaussianNoise(1.0)(X, training=True), first)


def test_bad_arguments():
    with pytest.raises(ValueError, match="GaussianNoise: stddev is -1, expected a number in"):
        gk.layers.GaussianNoise(-1)
    with pytest.raises(ValueError, match="GaussianDropout: rate is 1, expected a number in"):
        gk.layers.GaussianDropout(1.0)

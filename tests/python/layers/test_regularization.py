import re

import numpy as np
import pytest

import gatedcore as gk
from layers.gradients import assert_layer_gradients

X = np.random.default_rng(0).normal(size=(4, 6, 5)) + 10  # nothing near 0


def test_dropout_is_nothing_outside_training():
    np.testing.assert_array_equal(gk.Dropout(0.5)(X), X.astype("f4"))
    np.testing.assert_array_equal(gk.Dropout(0.0)(X, training=True), X.astype("f4"))


@pytest.mark.parametrize("rate", [0.2, 0.5, 0.9])
def test_dropout_drops_its_share_and_keeps_the_mean(rate):
    x = np.ones((200, 300))
    y = gk.Dropout(rate, seed=1, dtype="float64")(x, training=True)
    kept = y != 0
    # Four standard deviations of a share of 60,000 draws.
    assert abs(kept.mean() - (1 - rate)) < 4 * np.sqrt(rate * (1 - rate) / x.size)
    np.testing.assert_allclose(y[kept], 1 / (1 - rate))


def test_draws_depend_on_the_seed_and_the_number_of_calls():
    first, second = gk.Dropout(0.5, seed=3), gk.Dropout(0.5, seed=3)
    a, b = first(X, training=True), first(X, training=True)
    assert (a != b).any()
    np.testing.assert_array_equal(second(X, training=True), a)
    gk.set_random_seed(0)
    free = gk.Dropout(0.5)(X, training=True)
    gk.set_random_seed(0)
    np.testing.assert_array_equal(gk.Dropout(0.5)(X, training=True), free)


@pytest.mark.parametrize("threads", [1, 2])
def test_draws_do_not_depend_on_threads(threads):
    x = np.ones((300, 400))
    expected = gk.Dropout(0.5, seed=3)(x, training=True)
    before = gk.get_num_threads()
    gk.set_num_threads(threads)
    try:
        np.testing.assert_array_equal(gk.Dropout(0.5, seed=3)(x, training=True), expected)
    finally:
        gk.set_num_threads(before)


@pytest.mark.parametrize("layer", [gk.Dropout(0.4, (None, 1, None)), gk.SpatialDropout1D(0.4)])
def test_one_draw_for_all_steps(layer):
    dropped = layer(X, training=True) == 0
    assert 0 < dropped.mean() < 1
    np.testing.assert_array_equal(dropped, np.broadcast_to(dropped[:, :1], dropped.shape))


def test_gradient_is_dropped_alike():
    layer = gk.Dropout(0.5, seed=0, dtype="float64")
    y = layer.forward(X, True)
    np.testing.assert_array_equal(layer.backward(np.ones_like(X), True), y / X)


def test_masking_marks_steps_and_writes_zeros():
    x = X.copy()
    x[1, 2] = x[3, 5] = -1.0
    x[0, 0, 0] = -1.0  # not the whole step
    layer = gk.Masking(-1.0, dtype="float64")
    expected = np.ones((4, 6), bool)
    expected[1, 2] = expected[3, 5] = False
    np.testing.assert_array_equal(layer.compute_mask(x, None), expected)
    np.testing.assert_array_equal(layer(x), np.where(expected[..., None], x, 0))
    np.testing.assert_array_equal(layer.compute_mask(x, ~expected), expected & ~expected)
    layer.forward(x, True)
    np.testing.assert_array_equal(
        layer.backward(np.ones_like(x), True), np.broadcast_to(expected[..., None], x.shape)
    )
    assert_layer_gradients(gk.Masking(dtype="float64"), X.copy())


def test_a_masked_lstm_in_a_row_is_one_with_a_mask():
    x = X.copy()
    x[0, 4:] = x[1, :2] = x[2, 3] = 0.0
    lstm = gk.LSTM(3, return_sequences=True, seed=0)
    model = gk.Sequential([gk.Masking(), lstm, gk.LSTM(2, seed=1)])
    y = model(x)
    mask = (x != 0).any(-1)
    h = lstm(x, mask=mask)
    np.testing.assert_array_equal(y, model.layers[2](h, mask=mask))
    assert (y != model.layers[2](h)).any()


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: gk.Dropout(1.0), ValueError, "Dropout: rate is 1, expected a number in [0, 1)"),
        (lambda: gk.Dropout("a"), TypeError, "Dropout: rate is 'a'"),
        (lambda: gk.Dropout(0.1, 3), TypeError, "noise_shape is 3"),
        (lambda: gk.Dropout(0.1, (None, 4, None))(X), ValueError, "sizes that noise_shape="),
        (lambda: gk.Dropout(0.1, (None, 1))(X), ValueError, "sizes that noise_shape="),
        (lambda: gk.Masking("a"), TypeError, "mask_value is 'a'"),
        (lambda: gk.Masking()(X[0]), ValueError, "expected (batch, time steps, features)"),
    ],
)
def test_bad_input(make, error, message):
    with pytest.raises(error, match=re.escape(message)):
        make()

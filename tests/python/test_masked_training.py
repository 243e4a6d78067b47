"""Masks reach the loss and the metrics of a model, and nothing that they leave out counts."""

import numpy as np
import pytest

import gatedcore as gk

RNG = np.random.default_rng(0)
TOKENS = RNG.integers(1, 9, (6, 5))
LENGTHS = np.array([5, 3, 1, 4, 2, 5])
STEPS = np.arange(5) < LENGTHS[:, None]
PADDED = np.where(STEPS, TOKENS, 0)
TAGS = RNG.integers(0, 3, (6, 5))


def tagger():
    model = gk.Sequential(
        [
            gk.Embedding(9, 4, mask_zero=True, seed=0),
            gk.Bidirectional(gk.LSTM(3, return_sequences=True, seed=1)),
            gk.Dense(3, "softmax", seed=2),
        ]
    )
    model.compile(gk.SGD(0.1), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def test_loss_and_accuracy_are_those_of_the_steps_that_count():
    model = tagger()
    p = model(PADDED)
    right = np.take_along_axis(p, TAGS[..., None], -1)[..., 0][STEPS]
    found = model.evaluate(PADDED, TAGS, return_dict=True)
    assert found["loss"] == pytest.approx(-np.log(right).mean(), rel=1e-5)
    assert found["accuracy"] == pytest.approx((p.argmax(-1) == TAGS)[STEPS].mean())


def test_padding_changes_no_step_of_training():
    short, long = tagger(), tagger()
    more = np.pad(PADDED, ((0, 0), (0, 3))), np.pad(TAGS, ((0, 0), (0, 3)), constant_values=2)
    for _ in range(3):
        a, b = short.train_on_batch(PADDED, TAGS), long.train_on_batch(*more)
        np.testing.assert_allclose(a, b, rtol=1e-6)
    for w, v in zip(short.weights, long.weights, strict=True):
        np.testing.assert_allclose(w, v, rtol=1e-5, atol=1e-7)


def test_padding_has_no_gradient():
    model = tagger()
    model.build(PADDED.shape)
    before = model.weights[0][0].copy()
    model.train_on_batch(PADDED, TAGS)
    np.testing.assert_array_equal(model.weights[0][0], before)

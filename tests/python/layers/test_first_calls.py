"""Errors of a first call of LSTM and GRU layers, and several first calls at once."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import gatedcore as gk
from layer_kinds import KINDS, X


@pytest.mark.parametrize(("kind", "form"), KINDS)
@pytest.mark.parametrize(
    "wrong", [{"initial_state": 3}, {"mask": np.ones((3, 4), bool)}, {"training": "yes"}]
)
def test_a_first_call_with_an_error_leaves_the_layer_unbuilt(kind, form: dict, wrong: dict) -> None:
    gk.set_random_seed(0)
    expected = kind(4, **form)(X)
    gk.set_random_seed(0)
    layer = kind(4, **form)
    with pytest.raises((TypeError, ValueError)):
        layer(np.ones((3, 5, 9)), **wrong)
    with pytest.raises((TypeError, ValueError)):
        layer.trace(np.ones((3, 5, 9)), initial_state=3)
    assert not layer.built
    np.testing.assert_array_equal(layer(X), expected)


def test_first_calls_from_several_threads_make_one_set_of_weights() -> None:
    for _ in range(20):
        layer = gk.LSTM(16)
        with ThreadPoolExecutor(4) as pool:
            outputs = list(pool.map(lambda _, layer=layer: layer(X), range(4)))
        for output in outputs:
            np.testing.assert_array_equal(output, outputs[0])


@pytest.mark.parametrize(("kind", "form"), KINDS)
def test_a_mask_that_changes_during_the_call_does_no_harm(kind, form: dict) -> None:
    mask, stop = np.zeros((32, 500), bool), threading.Event()

    def flip() -> None:
        while not stop.is_set():
            np.logical_not(mask, out=mask)

    layer = kind(1, **form)
    x = np.zeros((32, 500, 1), np.float32)
    flipper = threading.Thread(target=flip)
    flipper.start()
    try:
        for _ in range(60):
            assert layer(x, mask=mask).shape == (32, 1)
    finally:
        stop.set()
        flipper.join()


def test_a_state_may_be_left_out() -> None:
    layer = gk.LSTM(4, seed=0)
    c = np.ones((3, 4))
    np.testing.assert_array_equal(
        layer(X, initial_state=[None, c]), layer(X, initial_state=[np.zeros((3, 4)), c])
    )


def test_a_seed_that_dropout_cannot_use_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="GRU: seed is 18446744073709551616, expected less than"):
        gk.GRU(2, dropout=0.5, seed=2**64)

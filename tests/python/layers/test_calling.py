import numpy as np
import pytest

import gatedcore as gk


def test_a_call_makes_arrays_of_what_is_like_them():
    layer = gk.Dense(2, kernel_initializer="ones", dtype="float64")
    np.testing.assert_array_equal(layer([[1, 2, 3]]), [[6.0, 6.0]])
    assert layer(np.ones((1, 3), np.float32)).dtype == np.float64


def test_a_call_for_training_keeps_nothing():
    layer = gk.Dropout(0.5, seed=1)
    y = layer(np.ones((4, 5), np.float32), training=True)
    assert set(np.unique(y)) == {0.0, 2.0}
    assert layer._saved is None


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"mask": [[True]]}, ValueError, "mask"),
        ({"training": "yes"}, TypeError, "training is 'yes', expected True or False"),
        ({"trainin": True}, TypeError, "got an unknown argument 'trainin'"),
    ],
)
def test_a_refused_call_builds_nothing(arguments, error, message):
    layer = gk.Dense(2)
    with pytest.raises(error, match=message):
        layer(np.ones((2, 3, 4), np.float32), **arguments)
    assert not layer.built


def test_a_mask_needs_steps():
    layer = gk.Activation("tanh")
    with pytest.raises(ValueError, match=r"mask came with an input of shape \(3,\)"):
        layer(np.ones(3, np.float32), mask=[True])


def test_what_does_not_run_step_by_step_says_so():
    layer = gk.Flatten()
    layer(np.ones((2, 3), np.float32))
    with pytest.raises(ValueError, match="a Flatten does not run step by step"):
        layer.stream()
    with pytest.raises(ValueError, match="layer has no weights yet"):
        gk.LSTM(2).stream()


def test_a_mask_may_be_asked_for_without_one() -> None:
    tokens = np.array([[1, 2, 0]])
    assert gk.Embedding(3, 2, mask_zero=True).compute_mask(tokens).tolist() == [[True, True, False]]
    assert gk.Dense(2).compute_mask(np.ones((1, 2))) is None
    assert gk.Add().compute_mask([tokens, tokens]) is None

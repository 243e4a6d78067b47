"""Data that do not suit a model: an error that names them, and a model that is as before."""

import re
from typing import Any

import numpy as np
import pytest

import gatedcore as gk
from small_model import X, Y, make, snapshot

TOKENS = np.zeros((3, 4), np.int64)


def every_step(loss: str = "mse", units: int = 1) -> gk.Sequential:
    model = gk.Sequential(
        [gk.LSTM(3, return_sequences=True, input_shape=(None, 2)), gk.Dense(units, "softmax")]
    )
    model.compile("adam", loss)
    return model


def of_tokens() -> gk.Sequential:
    model = gk.Sequential([gk.Embedding(5, 2), gk.GRU(2), gk.Dense(1)])
    model.compile("adam", "mse")
    return model


@pytest.mark.parametrize("call", ["fit", "evaluate", "train_on_batch", "validation"])
@pytest.mark.parametrize(
    ("whole", "shape"),
    [
        (False, (20, 5)),
        (False, (20, 1, 1)),
        (False, (20, 5, 1)),
        (True, (20,)),
        (True, (20, 1)),
        (True, (20, 1, 1)),
        (True, (20, 5, 2)),
        (True, (20, 4)),
    ],
)
def test_targets_are_not_broadcast(call: str, whole: bool, shape: tuple[int, ...]) -> None:
    model = every_step() if whole else make()
    y = np.zeros(shape, np.float32)
    before = snapshot(model)
    expected = r"\(20, 5, 1\)" if whole else r"\(20, 1\)"
    data = [X, y]
    if call == "validation":
        data = [X, np.zeros((20, 5, 1) if whole else (20, 1), np.float32)]
    options = {"validation_data": (X, y)} if call == "validation" else {}
    train = model.fit if call == "validation" else getattr(model, call)
    with pytest.raises(ValueError, match=rf"y has shape \(20.*, expected {expected} as the model"):
        train(*data, **options)
    assert snapshot(model) == before


@pytest.mark.parametrize("call", ["fit", "evaluate", "train_on_batch"])
@pytest.mark.parametrize("shape", [(20,), (20, 1), (20, 4), (20, 5, 3)])
def test_class_numbers_are_not_broadcast(call: str, shape: tuple[int, ...]) -> None:
    model = every_step("sparse_categorical_crossentropy", 3)
    with pytest.raises(ValueError, match=r"y has shape .* expected \(20, 5\), a class number for"):
        getattr(model, call)(X, np.zeros(shape, np.int64))


@pytest.mark.parametrize(
    ("loss", "units", "y", "message"),
    [
        ("binary_crossentropy", 1, 2.0, "binary_crossentropy: y_true holds 2, expected numbers"),
        ("binary_crossentropy", 1, -1.0, "y_true holds -1, expected numbers from 0 to 1; pass yes"),
        ("categorical_crossentropy", 3, 5.0, "y_true holds 5, expected numbers from 0 to 1; pass"),
        ("sparse_categorical_crossentropy", 3, 3.0, "y_true holds the label 3, expected class"),
    ],
)
def test_labels_outside_the_classes(loss: str, units: int, y: float, message: str) -> None:
    model = every_step(loss, units)
    shape = (20, 5) if loss.startswith("sparse") else (20, 5, units)
    targets = np.zeros(shape, np.float32)
    targets[7, 3] = y
    before = snapshot(model)
    for call in (model.train_on_batch, model.evaluate):
        with pytest.raises(ValueError, match=re.escape(message)):
            call(X, targets)
    assert snapshot(model) == before
    counting = np.ones((20, 5))
    counting[7, 3] = 0.0  # what does not count may hold anything
    model.train_on_batch(X, targets, sample_weight=counting)


@pytest.mark.parametrize(("samples", "share"), [(20, 0.99), (1, 0.5), (2, 0.6)])
def test_a_split_that_leaves_nothing(samples: int, share: float) -> None:
    model = make()
    before = snapshot(model)
    with pytest.raises(ValueError, match=f"validation_split={share} of {samples} samples leaves a"):
        model.fit(X[:samples], Y[:samples], validation_split=share, verbose=0)
    assert snapshot(model) == before


@pytest.mark.parametrize("call", ["fit", "evaluate", "predict", "train_on_batch"])
@pytest.mark.parametrize(
    ("token", "error", "message"),
    [
        (5, ValueError, "embedding: token 5 is number"),
        (-1, ValueError, "embedding: token -1 is number"),
        (2**40, ValueError, "x holds 1099511627776, expected whole numbers below 2**31"),
        (1.5, ValueError, "x holds 1.5, expected whole numbers below 2**31"),
        (np.nan, ValueError, "x holds nan, expected whole numbers"),
        ("a", TypeError, "expected integers; pass the tokens' numbers"),
    ],
)
def test_tokens_out_of_range(call: str, token: Any, error: type[Exception], message: str) -> None:
    model = of_tokens()
    tokens = TOKENS.astype(np.array(token).dtype)
    tokens[1, 2] = token
    targets = [] if call == "predict" else [np.zeros((3, 1))]
    with pytest.raises(error, match=re.escape(message)):
        getattr(model, call)(tokens, *targets)
    assert not model.built


@pytest.mark.parametrize("call", ["fit", "evaluate", "predict"])
def test_nothing_to_read(call: str) -> None:
    model = make()
    with pytest.raises(ValueError, match=f"{call}: x gives no batch, expected at least one"):
        getattr(model, call)(iter([]))
    if call == "fit":
        with pytest.raises(ValueError, match="gives no batch"):
            model.fit(X, Y, validation_data=iter([]), verbose=0)
        with pytest.raises(ValueError, match="x has no samples"):
            model.fit(iter([(X[:0], Y[:0])]), verbose=0)

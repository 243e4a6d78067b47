import re

import numpy as np
import pytest

import gatedcore as gk
from gatedcore import feeding
from gatedcore.batches import ArrayBatches

X, Y = np.zeros((6, 4, 2)), np.zeros(6)
MODEL = gk.Sequential([gk.GRU(3, input_shape=(None, 2)), gk.Dense(1)])
SERIES = gk.data.timeseries_dataset_from_array(np.zeros((20, 2)), np.zeros((20, 1)), 4)


def test_arrays_in_the_models_dtype() -> None:
    x, y = feeding.training_arrays("here", MODEL, X, np.zeros((6, 1), int))
    assert x.dtype == y.dtype == np.float32


def test_targets_without_the_last_axis_of_one_as_in_keras() -> None:
    assert feeding.training_arrays("here", MODEL, X, np.zeros(6))[1].shape == (6, 1)
    wide = gk.Sequential([gk.GRU(3, return_sequences=True, input_shape=(None, 2)), gk.Dense(1)])
    assert feeding.training_arrays("here", wide, X, np.zeros((6, 4)))[1].shape == (6, 4, 1)


@pytest.mark.parametrize(
    ("x", "y", "error", "message"),
    [
        (X, None, TypeError, "here: y is missing, expected targets"),
        (X, np.zeros((5, 1)), ValueError, "here: y has 5 samples, expected 6 as x"),
        (X, 3.0, ValueError, "here: y has no samples, expected 6 as x"),
        (X, np.zeros((6, 2)), ValueError, "here: y has shape (6, 2), expected (6, 1) as the model"),
        (X, np.zeros((6, 1, 1)), ValueError, "here: y has shape (6, 1, 1), expected (6, 1)"),
        (X[:0], np.zeros((0, 1)), ValueError, "here: x has no samples, expected at least one"),
        (X[0], np.zeros((4, 1)), ValueError, "x has shape (4, 2), expected (None, None, 2)"),
        (
            X[..., :1],
            np.zeros((6, 1)),
            ValueError,
            "x has shape (6, 4, 1), expected (None, None, 2)",
        ),
        ("x", np.zeros((6, 1)), TypeError, "here: x has type str, expected an array"),
        (X, ["a"] * 6, TypeError, "here: y has dtype <U1, expected real numbers"),
    ],
)
def test_bad_arrays(x: object, y: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        feeding.training_arrays("here", MODEL, x, y)


def test_batches_from_arrays_and_from_datasets() -> None:
    batches = feeding.training_batches("here", MODEL, X, np.zeros(6), None)
    assert (batches.batch_size, batches.samples) == (32, 6)
    assert feeding.training_batches("here", MODEL, X, np.zeros(6), 4).batch_size == 4
    dataset = feeding.training_batches("here", MODEL, SERIES, None, None)
    assert dataset.samples == 17
    assert next(dataset.pairs())[0].dtype == np.float32


def test_prediction_batches() -> None:
    assert feeding.prediction_batches("here", MODEL, X, None).samples == 6
    assert feeding.prediction_batches("here", MODEL, SERIES, None).samples == 17
    with pytest.raises(ValueError, match=re.escape("x has shape (4, 2), expected")):
        feeding.prediction_batches("here", MODEL, X[0], None)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((SERIES, np.zeros(6), None), "here: y came with a dataset as x, expected None"),
        ((SERIES, None, 8), "here: batch_size=8 came with a dataset, expected None"),
        ((X, np.zeros(6), 0), "here: batch_size is 0, expected an integer of at least 1"),
    ],
)
def test_bad_combinations(arguments: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        feeding.training_batches("here", MODEL, *arguments)


@pytest.mark.parametrize(
    ("features", "targets", "message"),
    [
        (2, None, "here: x is a dataset without targets"),
        (2, 3, "here: y has shape (None, 3), expected (None, 1)"),
        (5, 1, "x has shape (None, 4, 5), expected (None, None, 2)"),
    ],
)
def test_bad_datasets(features: int, targets: int | None, message: str) -> None:
    dataset = gk.data.timeseries_dataset_from_array(
        np.zeros((20, features)), None if targets is None else np.zeros((20, targets)), 4
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        feeding.training_batches("here", MODEL, dataset, None, None)


def test_validation_data() -> None:
    assert feeding.validation_batches("here", MODEL, (X, np.zeros(6)), 4).batch_size == 4
    assert feeding.validation_batches("here", MODEL, SERIES, 4).batch_size == 128
    weighted = feeding.validation_batches("here", MODEL, (X, np.zeros(6), np.ones(6)), 4)
    assert next(weighted.weighted())[2].tolist() == [1.0] * 4
    assert next(feeding.validation_batches("here", MODEL, (X, Y, None), 4).weighted())[2] is None
    for wrong in (X, (X,), (X, Y, None, None)):
        with pytest.raises(
            TypeError, match=r"here: validation_data is a .*, expected .x, y., .x, y, sample_we"
        ):
            feeding.validation_batches("here", MODEL, wrong, 4)
    with pytest.raises(
        ValueError, match=r"y has 5 samples, expected 6 as x.* \(in validation_data"
    ):
        feeding.validation_batches("here", MODEL, (X, np.zeros(5)), 4)


def test_hold_out() -> None:
    batches = ArrayBatches(X, np.zeros((6, 1)), 4)
    train, rest = feeding.hold_out("here", MODEL, batches, 0.5, None)
    assert rest is not None
    assert (train.samples, rest.samples) == (3, 3)
    assert feeding.hold_out("here", MODEL, batches, 0.0, None)[1] is None
    with pytest.raises(ValueError, match=r"validation_split=0.5 came with validation_data"):
        feeding.hold_out("here", MODEL, batches, 0.5, (X, np.zeros(6)))
    with pytest.raises(ValueError, match=r"validation_split=0.5 came with a dataset"):
        feeding.hold_out("here", MODEL, SERIES, 0.5, None)


def test_targets_of_a_dataset_may_lack_the_last_axis_as_those_of_arrays() -> None:
    series = np.sin(np.arange(40.0)).astype(np.float32)
    dataset = gk.data.timeseries_dataset_from_array(series[:, None], series[5:], 5, batch_size=8)
    logs = []
    for x, y in ((dataset, None), gk.data.windows(series, 5)):
        model = gk.Sequential([gk.LSTM(2, seed=0), gk.Dense(1, seed=1)])
        model.compile("sgd", "mse")
        more = {} if y is None else {"batch_size": 8}
        logs.append(model.fit(x, y, verbose=0, shuffle=False, **more).history["loss"])
        model.evaluate(x, y, verbose=0)
    assert logs[0] == logs[1]


CLASSES = gk.Sequential([gk.GRU(3, return_sequences=True, input_shape=(None, 2)), gk.Dense(5)])


def test_class_numbers_stay_integers() -> None:
    for labels in (np.zeros((6, 4), np.int16), np.zeros((6, 4, 1), np.int16)):
        y = feeding.training_arrays("here", CLASSES, X, labels, labels=True)[1]
        assert y.dtype == np.int16
    assert feeding.training_arrays("here", CLASSES, X, np.zeros((6, 4)), True)[1].dtype == "f4"
    for shape in ((6,), (6, 5), (6, 4, 5), (6, 4, 2)):
        with pytest.raises(
            ValueError, match=re.escape(f"here: y has shape {shape}, expected (6, 4)")
        ):
            feeding.training_arrays("here", CLASSES, X, np.zeros(shape), labels=True)


def test_class_numbers_of_a_dataset() -> None:
    labels = np.arange(20) % 3
    dataset = gk.data.timeseries_dataset_from_array(np.zeros((20, 2)), labels, 4)
    model = gk.Sequential([gk.GRU(3, input_shape=(None, 2)), gk.Dense(3)])
    batches = feeding.training_batches("here", model, dataset, None, None, labels=True)
    feeding.weigh_classes("here", batches, {1: 3.0}, labels=True)
    _, y, weights = next(batches.weighted())
    assert weights.tolist() == [3.0 if label == 1 else 1.0 for label in y]
    with pytest.raises(TypeError, match="here: class_weight has type list, expected a dict"):
        feeding.weigh_classes("here", batches, [1.0], labels=True)


def test_weights_are_held_out_too() -> None:
    weights = np.arange(6.0)
    batches = feeding.training_batches("here", MODEL, X, Y, 4, sample_weight=weights)
    train, rest = feeding.hold_out("here", MODEL, batches, 0.5, None, validation_batch_size=2)
    assert train.weights.tolist() == [0.0, 1.0, 2.0]
    assert (rest.weights.tolist(), rest.batch_size) == ([3.0, 4.0, 5.0], 2)

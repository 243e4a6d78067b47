import re

import numpy as np
import pytest

from gatedcore import metrics

# Four steps of two samples, three classes.
P = np.array(
    [
        [[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0.2, 0.3, 0.5], [0.1, 0.8, 0.1]],
        [[0.4, 0.5, 0.1], [0.3, 0.3, 0.4], [0.9, 0.1, 0.0], [0.2, 0.1, 0.7]],
    ]
)
LABELS = np.array([[0, 1, 1, 1], [0, 2, 0, 1]])
RIGHT = np.array([[1, 1, 0, 1], [0, 1, 1, 0]])
AMONG_TWO = np.array([[1, 1, 1, 1], [1, 1, 1, 0]])
ONE_HOT = np.eye(3)[LABELS]
BITS = np.array([[1.0], [1.0], [0.0], [0.0]])
GUESSES = np.array([[0.98], [0.5], [0.1], [0.6]])


@pytest.mark.parametrize(
    ("metric", "y_true", "expected"),
    [
        (metrics.CategoricalAccuracy(), ONE_HOT, RIGHT),
        (metrics.SparseCategoricalAccuracy(), LABELS, RIGHT),
        (metrics.SparseCategoricalAccuracy(), LABELS[..., None], RIGHT),
        (metrics.SparseCategoricalAccuracy(), LABELS.astype(np.float32), RIGHT),
        (metrics.TopKCategoricalAccuracy(2), ONE_HOT, AMONG_TWO),
        (metrics.SparseTopKCategoricalAccuracy(2), LABELS, AMONG_TWO),
        (metrics.SparseTopKCategoricalAccuracy(), LABELS, np.ones((2, 4))),
        (metrics.get("accuracy"), LABELS, RIGHT),
        (metrics.get("accuracy"), ONE_HOT, RIGHT),
    ],
)
def test_of_classes(metric, y_true: np.ndarray, expected: np.ndarray) -> None:
    assert metric(y_true, P) == expected.mean()
    metric.reset_state()
    steps = np.array([[1, 1, 1, 0], [0.5, 0.5, 0, 0]])
    assert metric(y_true, P, steps) == pytest.approx((expected * steps).sum() / steps.sum())
    metric.reset_state()
    assert metric(y_true, P, [1.0, 3.0]) == pytest.approx((expected * [[1.0], [3.0]]).sum() / 16.0)


def test_of_yes_and_no() -> None:
    assert metrics.BinaryAccuracy()(BITS, GUESSES) == 0.5  # 0.5 itself is a no
    assert metrics.BinaryAccuracy(threshold=0.4)(BITS, GUESSES) == 0.75
    assert metrics.BinaryAccuracy()(BITS, GUESSES, [1, 0, 0, 1]) == 0.5
    assert metrics.get("acc")(BITS, GUESSES) == 0.5
    assert metrics.BinaryAccuracy()(BITS.reshape(2, 2), GUESSES.reshape(2, 2)) == 0.5


def test_of_equal_numbers() -> None:
    assert metrics.Accuracy()([[1], [2], [3], [4]], [[0.0], [2.0], [3.0], [4.0]]) == 0.75


def test_the_largest_of_equal_predictions() -> None:
    # As in Keras: a class is among the k largest unless k others are larger.
    equal = np.ones((1, 4))
    assert metrics.SparseTopKCategoricalAccuracy(1)([3], equal) == 1.0
    assert metrics.SparseCategoricalAccuracy()([3], equal) == 0.0


def test_a_label_that_is_no_class_is_wrong() -> None:
    assert metrics.SparseTopKCategoricalAccuracy(3)([[-1, 3, 0, 1]], P[:1]) == 0.5
    assert metrics.SparseCategoricalAccuracy()([[-1, 3, 0, 1]], P[:1]) == 0.25


def test_functions_give_the_number_of_each() -> None:
    assert metrics.binary_accuracy(BITS, GUESSES).tolist() == [1.0, 0.0, 1.0, 0.0]
    assert metrics.binary_accuracy(BITS, GUESSES, 0.4).tolist() == [1.0, 1.0, 1.0, 0.0]
    assert metrics.categorical_accuracy(ONE_HOT, P).tolist() == RIGHT.tolist()
    assert metrics.sparse_categorical_accuracy(LABELS, P).tolist() == RIGHT.tolist()
    assert metrics.top_k_categorical_accuracy(ONE_HOT, P, 2).tolist() == AMONG_TWO.tolist()
    assert metrics.sparse_top_k_categorical_accuracy(LABELS, P, 2).tolist() == AMONG_TWO.tolist()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: metrics.CategoricalAccuracy()(LABELS, P),
            "categorical_accuracy: y_true has shape (2, 4), expected that of y_pred, (2, 4, 3)",
        ),
        (
            lambda: metrics.SparseCategoricalAccuracy()(ONE_HOT, P),
            "y_true has shape (2, 4, 3), expected that of y_pred without its last axis, (2, 4)",
        ),
        (lambda: metrics.BinaryAccuracy(threshold=1.0), "threshold is 1, expected a number in (0"),
        (lambda: metrics.TopKCategoricalAccuracy(0), "k is 0, expected an integer of at least 1"),
        (lambda: metrics.BinaryAccuracy(dtype="float16"), "dtype='float16' is not supported"),
    ],
)
def test_errors(call, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        call()

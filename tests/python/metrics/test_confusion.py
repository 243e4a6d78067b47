import re

import numpy as np
import pytest

from gatedcore import metrics

Y = np.array([[0, 1, 1, 1], [1, 0, 0, 1]])
P = np.array([[0.6, 0.9, 0.4, 0.8], [0.5, 0.1, 0.7, 0.9]])
W = np.array([[1.0, 2.0, 3.0, 4.0], [0.5, 1.5, 2.5, 3.5]])
SAID = P > 0.5


@pytest.mark.parametrize(
    ("kind", "which"),
    [
        (metrics.TruePositives, SAID & (Y == 1)),
        (metrics.FalsePositives, SAID & (Y == 0)),
        (metrics.FalseNegatives, ~SAID & (Y == 1)),
        (metrics.TrueNegatives, ~SAID & (Y == 0)),
    ],
)
def test_counts(kind, which: np.ndarray) -> None:
    metric = kind()
    assert metric(Y[:1], P[:1]) == which[:1].sum()
    assert metric(Y[1:], P[1:]) == which.sum()
    assert kind()(Y, P, W) == W[which].sum()
    assert kind()(Y, P, [2.0, 3.0]) == 2.0 * which[0].sum() + 3.0 * which[1].sum()
    assert kind()(Y[..., None], P[..., None], W) == W[which].sum()
    assert kind([0.0, 0.5])(Y, P)[1] == which.sum()


def test_precision_and_recall() -> None:
    assert metrics.Precision()(Y, P) == 3 / 5
    assert metrics.Recall()(Y, P) == 3 / 5
    assert metrics.Precision(0.85)(Y, P) == 1.0
    assert metrics.Recall(0.85)(Y, P) == 2 / 5
    assert metrics.Precision([0.5, 0.85])(Y, P).tolist() == [3 / 5, 1.0]
    assert metrics.Precision(1.0)(Y, P) == 0.0  # no yes at all
    assert metrics.Precision()(Y, P, W) == (2.0 + 4.0 + 3.5) / (1.0 + 2.0 + 4.0 + 2.5 + 3.5)
    assert metrics.Recall().result() == 0.0


def test_the_largest_predictions_and_single_classes() -> None:
    assert metrics.Precision(top_k=2)(Y, P) == 3 / 4
    assert metrics.Precision(0.85, top_k=2)(Y, P) == 1.0
    assert metrics.Recall(top_k=2)(Y, P) == 3 / 5
    assert metrics.Recall(top_k=9)(Y, P) == 1.0
    assert metrics.Precision(class_id=0)(Y, P) == 0.0
    assert metrics.Recall(class_id=1)(Y, P) == 1.0
    assert metrics.Recall(class_id=3)(Y, P, [1.0, 0.0]) == 1.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: metrics.Precision(1.5), "precision: thresholds is 1.5, expected a number in [0"),
        (lambda: metrics.Recall([0.5, -1]), "recall: thresholds is -1, expected a number in [0"),
        (lambda: metrics.Precision(top_k=0), "precision: top_k is 0, expected an integer of at l"),
        (lambda: metrics.Precision(class_id=4)(Y, P), "precision: class_id is 4, expected less th"),
        (lambda: metrics.Precision()(Y[:, 0], P), "y_true has shape (2,), expected that of y_pred"),
        (
            lambda: metrics.Precision()(Y * 2, P),
            "precision: y_true holds 2, expected 0 and 1; make",
        ),
        (lambda: metrics.Precision()(Y, P, [1.0]), "sample_weight has shape (1,), expected (2,)"),
    ],
)
def test_errors(call, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        call()


def test_configurations() -> None:
    for metric in (metrics.Precision([0.2, 0.7], top_k=2, class_id=1), metrics.TruePositives(0.3)):
        config = metric.get_config()
        again = type(metric).from_config(config)
        assert again.get_config() == config
        np.testing.assert_array_equal(again(Y, P), metric(Y, P))

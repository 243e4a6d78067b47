import re

import numpy as np
import pytest

from gatedcore import metrics

Y = np.array([[1, 1, 1], [1, 0, 0], [1, 1, 0]])
P = np.array([[0.2, 0.6, 0.7], [0.2, 0.6, 0.6], [0.6, 0.8, 0.0]])


def test_examples_of_keras() -> None:
    # Of the documentation of keras.metrics.F1Score and FBetaScore.
    np.testing.assert_allclose(
        metrics.F1Score(threshold=0.5)(Y, P), [0.5, 0.8, 0.6666667], rtol=1e-6
    )
    np.testing.assert_allclose(
        metrics.FBetaScore(beta=2.0, threshold=0.5)(Y, P),
        [0.3846154, 0.90909094, 0.8333334],
        rtol=1e-6,
    )


def score(y: np.ndarray, said: np.ndarray, w: np.ndarray) -> float:
    right, wrong, missed = ((w * a).sum() for a in (said & y, said & ~y, ~said & y))
    return 2 * right / (2 * right + wrong + missed) if right else 0.0


@pytest.mark.parametrize("average", [None, "micro", "macro", "weighted"])
@pytest.mark.parametrize("weights", [None, np.array([1.0, 4.0, 2.0])])
@pytest.mark.parametrize("threshold", [None, 0.5])
def test_averages(average, weights, threshold) -> None:
    y = Y.astype(bool)
    said = np.greater(P, 0.5) if threshold else P.max(axis=1, keepdims=True) <= P
    w = (np.ones(3) if weights is None else weights)[:, None] * np.ones((3, 3))
    each = [score(y[:, k], said[:, k], w[:, k]) for k in range(3)]
    often = (w * y).sum(axis=0)
    expected = {
        None: each,
        "macro": np.mean(each),
        "micro": score(y, said, w),
        "weighted": (each * often).sum() / often.sum(),
    }[average]
    metric = metrics.F1Score(average, threshold)
    for row in range(3):
        part = slice(row, row + 1)
        metric.update_state(Y[part], P[part], None if weights is None else weights[part])
    # Keras adds 1e-7 to divisors.
    np.testing.assert_allclose(metric.result(), expected, rtol=1e-6)


def test_a_row_of_zeros_says_nothing() -> None:
    assert metrics.F1Score("micro")([[1, 0]], [[0.0, 0.0]]) == 0.0
    assert metrics.F1Score().result() == 0.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: metrics.F1Score("mean"),
            "f1_score: average is 'mean', expected one of None, 'mic",
        ),
        (
            lambda: metrics.F1Score(threshold=0.0),
            "f1_score: threshold is 0, expected a number in (",
        ),
        (lambda: metrics.FBetaScore(beta=0.0), "fbeta_score: beta is 0, expected a number in (0"),
        (lambda: metrics.F1Score()(Y[None], P[None]), "y_pred has shape (1, 3, 3), expected (B, c"),
        (lambda: metrics.F1Score()([[2]], [[0.5]]), "f1_score: y_true holds 2, expected 0 and 1"),
    ],
)
def test_errors(call, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        call()


def test_configurations() -> None:
    for metric in (metrics.F1Score("macro", 0.4), metrics.FBetaScore("micro", 2.0)):
        config = metric.get_config()
        assert type(metric).from_config(config).get_config() == config

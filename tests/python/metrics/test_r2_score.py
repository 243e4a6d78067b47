import json

import numpy as np
import pytest

from gatedcore import metrics

RNG = np.random.default_rng(2)
Y = RNG.normal(size=(40, 3)) * [1.0, 3.0, 10.0]
P = Y + RNG.normal(size=(40, 3))
WEIGHTS = RNG.uniform(0.1, 2.0, size=40)


def scores(y: np.ndarray, p: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    w = w[:, None]
    about = (w * (y - (w * y).sum(0) / w.sum()) ** 2).sum(0)
    return 1.0 - (w * (y - p) ** 2).sum(0) / about, about


def test_example_of_keras() -> None:
    # Of the documentation of keras.metrics.R2Score.
    assert metrics.R2Score()([[1.0], [4.0], [3.0]], [[2.0], [4.0], [4.0]]) == pytest.approx(4 / 7)


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
@pytest.mark.parametrize("size", [40, 7, 1])
def test_over_batches(weights, size: int) -> None:
    each, about = scores(Y, P, np.ones(40) if weights is None else weights)
    expected = {
        None: each,
        "uniform_average": each.mean(),
        "variance_weighted_average": (each * about).sum() / about.sum(),
    }
    for aggregation, value in expected.items():
        metric = metrics.R2Score(aggregation)
        for start in range(0, 40, size):
            part = slice(start, start + size)
            metric.update_state(Y[part], P[part], None if weights is None else weights[part])
        np.testing.assert_allclose(metric.result(), value, rtol=1e-12)  # sums of 40


def test_adjusted() -> None:
    each = scores(Y[:, :1], P[:, :1], np.ones(40))[0][0]
    expected = 1 - (1 - each) * 39 / (39 - 5)
    assert metrics.R2Score(num_regressors=5)(Y[:, :1], P[:, :1]) == pytest.approx(expected)
    with pytest.warns(UserWarning, match="r2_score: 40 targets are too few for num_regressors=39"):
        assert metrics.R2Score(num_regressors=39)(Y[:, :1], P[:, :1]) == pytest.approx(each)


def test_far_from_zero() -> None:
    metric = metrics.R2Score(None)
    for part in (slice(0, 13), slice(13, 40)):
        metric.update_state(Y[part] + 1e8, P[part] + 1e8)
    # Targets near 1e8 have 7 digits behind the point.
    np.testing.assert_allclose(metric.result(), scores(Y, P, np.ones(40))[0], rtol=1e-6)


def test_nothing_and_constants() -> None:
    assert metrics.R2Score().result() == 0.0
    assert metrics.R2Score()([[2.0], [2.0]], [[1.0], [2.0]]) == 0.0


def test_state_and_configuration() -> None:
    metric, other = metrics.R2Score("uniform_average", 2, "mine"), metrics.get("r2_score")
    assert metrics.R2Score.from_config(metric.get_config()).get_config() == metric.get_config()
    assert type(other) is metrics.R2Score
    other.set_state(json.loads(json.dumps(other.get_state())))
    other.update_state(Y[:20], P[:20])
    again = metrics.R2Score()
    again.set_state(json.loads(json.dumps(other.get_state())))
    for one in (other, again):
        one.update_state(Y[20:], P[20:])
    assert again.result() == other.result()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: metrics.R2Score("mean"), r"class_aggregation is 'mean', expected one of None, "),
        (lambda: metrics.R2Score(num_regressors=-1), r"num_regressors is -1, expected an integer"),
        (lambda: metrics.R2Score()(Y[None], P[None]), r"y_pred has shape \(1, 40, 3\), expected "),
        (lambda: metrics.R2Score()(Y[:1], P), r"y_true has shape \(1, 3\), expected that of "),
    ],
)
def test_errors(call, message: str) -> None:
    with pytest.raises(ValueError, match="r2_score: " + message):
        call()

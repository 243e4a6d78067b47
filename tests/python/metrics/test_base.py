import json

import numpy as np
import pytest

from gatedcore import metrics
from gatedcore.metrics.base import as_number

Y, P = np.zeros((2, 3, 1)), np.arange(6.0).reshape(2, 3, 1)


def error(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    return (y_pred - y_true)[..., 0]


def whole(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    return float(np.mean(y_pred))


def test_means_are_over_samples_not_batches() -> None:
    metric = metrics.MeanMetricWrapper(error)
    metric.update_state(Y, P)
    metric.update_state(Y[:1, :1], P[1:, :1])
    assert metric.result() == (1.0 + 4.0 + 3.0) / 3
    metric.reset_state()
    assert metric.result() == 0.0


def test_weights_of_samples_and_steps() -> None:
    metric = metrics.MeanMetricWrapper(error)
    assert metric(Y, P, [3.0, 1.0]) == (3.0 * 1.0 + 1.0 * 4.0) / 4.0
    metric.reset_state()
    assert metric(Y, P, [[1, 1, 0], [0, 0, 0]]) == 0.5
    metric.reset_state()
    assert metric(Y, P, np.zeros(2)) == 0.0


def test_a_function_of_the_batch_cannot_be_weighed() -> None:
    assert metrics.MeanMetricWrapper(whole)(Y, P) == 2.5
    message = r"metric whole returned shape \(\), expected a number for each of 2 samples"
    with pytest.raises(ValueError, match=message):
        metrics.MeanMetricWrapper(whole)(Y, P, [1.0, 1.0])
    with pytest.raises(ValueError, match=r"sample_weight has shape \(2, 3\), expected \(2,\) or"):
        metrics.MeanMetricWrapper(lambda y, p: p[:, 0, 0])(Y, P, np.ones((2, 3)))


def test_names_and_options() -> None:
    assert metrics.MeanMetricWrapper(error).name == "error"
    assert metrics.MeanMetricWrapper(error, "mine").name == "mine"
    metric = metrics.MeanMetricWrapper(lambda y, p, factor: factor * p, factor=2.0)
    assert metric(Y, P) == 5.0


def test_a_metric_of_the_user() -> None:
    class Largest(metrics.Metric):
        def __init__(self, name="largest"):
            super().__init__(name)
            self.seen = [0.0]

        def reset_state(self):
            self.seen[0] = 0.0

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.seen[0] = max(self.seen[0], float(y_pred.max()))

        def result(self):
            return self.seen[0]

    metric = Largest()
    assert metric(Y, P) == 5.0
    fresh = metric.fresh()
    assert fresh.result() == 0.0
    fresh.add(Y, P - 3.0, None)
    fresh.add(Y, P - 4.0, np.ones(2))
    assert (fresh.result(), metric.result()) == (2.0, 5.0)


def test_a_copy_counts_apart() -> None:
    for metric in (
        metrics.MeanSquaredError(),
        metrics.AUC(),
        metrics.Precision(),
        metrics.F1Score(),
    ):
        y, p = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.2, 0.9], [0.4, 0.6]])
        before = metric(y, p)
        fresh = metric.fresh()
        fresh.add(y, 1.0 - p, None)
        np.testing.assert_array_equal(metric.result(), before)


@pytest.mark.parametrize("value", [None, "1", 1j, np.ones(2)])
def test_what_is_no_number(value) -> None:
    with pytest.raises(TypeError, match=r"compile: loss returned .*, expected a real number; ret"):
        as_number("loss", value)
    assert as_number("loss", np.float32(2.0)) == 2.0
    assert as_number("loss", [1.0, 2.0], mean=True) == 1.5


def test_what_was_counted_as_plain_data() -> None:
    y, p = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.2, 0.9], [0.4, 0.6]])
    for kind in (metrics.MeanSquaredError, metrics.AUC, metrics.Precision, metrics.F1Score):
        metric, other = kind(), kind()
        other.set_state(json.loads(json.dumps(metric.get_state())))
        metric.update_state(y, p)
        other.set_state(json.loads(json.dumps(metric.get_state())))
        for one in (metric, other):
            one.update_state(1.0 - y, p)
        np.testing.assert_array_equal(metric.result(), other.result())


def test_what_several_counted_adds_up() -> None:
    rng = np.random.default_rng(0)
    y, p = (rng.random((9, 2)) < 0.5).astype(float), rng.random((9, 2))
    r2 = metrics.R2Score
    for kind in (metrics.MeanSquaredError, metrics.AUC, metrics.Precision, metrics.F1Score, r2):
        whole, parts = kind(), [kind() for _ in range(3)]
        whole.update_state(y, p)
        for k, part in enumerate(parts[:2]):
            part.update_state(y[4 * k : 5 * k + 4], p[4 * k : 5 * k + 4])
        total = kind()
        for part in parts:
            total.merge_state(json.loads(json.dumps(part.get_state())))
        # Sums of nine numbers in another order.
        np.testing.assert_allclose(total.result(), whole.result(), rtol=1e-13)

import math

import numpy as np
import pytest

from gatedcore import metrics

Y, P = np.array([[1.0], [2.0]]), np.array([[2.0], [5.0]])


def test_values() -> None:
    assert metrics.mse(Y, P) == 5.0
    assert metrics.mae(Y, P) == 2.0
    assert metrics.rmse(Y, P) == math.sqrt(5.0)


def test_get_keeps_the_name_it_was_given() -> None:
    assert metrics.get("mae").name == "mae"
    assert metrics.get("mean_absolute_error").name == "mean_absolute_error"
    assert metrics.get(metrics.mae).name == "mean_absolute_error"


def test_rmse_is_the_root_of_the_mean_over_all_samples() -> None:
    for identifier in ("rmse", "root_mean_squared_error", metrics.rmse):
        metric = metrics.get(identifier)
        assert metric.finish(metric.function(Y, P)) == math.sqrt(5.0)
        assert metric.function(Y, P) == 5.0


def test_own_function() -> None:
    def bias(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        return y_pred - y_true

    metric = metrics.get(bias)
    assert (metric.name, metric.function) == ("bias", bias)
    assert metrics.get(metric) is metric


def test_unknown() -> None:
    with pytest.raises(ValueError, match=r"metrics.get: metric is 'accuracy', expected one of mse"):
        metrics.get("accuracy")
    with pytest.raises(TypeError, match=r"metrics.get: metric has type int, expected a name"):
        metrics.get(1)

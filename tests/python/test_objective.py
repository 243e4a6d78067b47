import math

import numpy as np
import pytest

import gatedcore as gk
from gatedcore.objective import Means, Objective


def test_names_become_objects() -> None:
    objective = Objective("adam", "mse", ["mae", gk.metrics.rmse])
    assert isinstance(objective.optimizer, gk.Adam)
    assert objective.loss is gk.losses.mse
    assert [metric.name for metric in objective.metrics] == ["mae", "root_mean_squared_error"]
    assert [metric.name for metric in Objective("sgd", "mae", "mse").metrics] == ["mse"]
    assert Objective("sgd", "mae", None).metrics == []


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            ("rmsprop", "mse", None),
            ValueError,
            "optimizers.get: optimizer is 'rmsprop', expected one",
        ),
        ((None, "mse", None), TypeError, "optimizers.get: optimizer has type NoneType"),
        (("adam", "bce", None), ValueError, "losses.get: loss is 'bce', expected one of mse"),
        (("adam", "mse", ["auc"]), ValueError, "metrics.get: metric is 'auc', expected one of"),
        (("adam", "mse", ["mae", "mae"]), ValueError, "compile: metrics has the names"),
    ],
)
def test_bad_choices(arguments: tuple, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Objective(*arguments)


def test_means_are_over_samples_not_batches() -> None:
    means = Means(Objective("sgd", "mse", ["rmse", lambda y, p: np.abs(p - y)]))
    for size, error in ((3, 1.0), (1, 5.0)):
        y, p = np.zeros((size, 1)), np.full((size, 1), error)
        means.add(gk.losses.mse(y, p)[0], y, p)
    logs = means.logs()
    assert logs["loss"] == (3 * 1 + 25) / 4
    assert logs["rmse"] == math.sqrt((3 * 1 + 25) / 4)
    assert logs["<lambda>"] == (3 * 1 + 5) / 4

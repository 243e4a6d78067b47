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


@pytest.mark.parametrize("result", [1.0, None, (1.0, 2.0, 3.0)])
def test_a_loss_without_its_gradient_is_named(result):
    objective = Objective("sgd", lambda y, p: result, None)
    with pytest.raises(TypeError, match=r"compile: loss returned .*, expected \(loss, gradient\)"):
        objective.loss_of(np.zeros((2, 1)), np.zeros((2, 1)))


def test_a_loss_of_the_user_may_be_of_numpy_and_its_gradient_of_another_dtype():
    objective = Objective("sgd", lambda y, p: (np.float32(2.5), np.ones((2, 1))), None)
    loss, gradient = objective.loss_of(np.zeros((2, 1), "f4"), np.zeros((2, 1), "f4"))
    assert type(loss) is float
    assert gradient.dtype == np.float32
    wrong = Objective("sgd", lambda y, p: (1.0, np.ones(2)), None)
    with pytest.raises(ValueError, match=r"gradient of the loss has shape \(2,\)"):
        wrong.loss_of(np.zeros((2, 1), "f4"), np.zeros((2, 1), "f4"))


def test_a_loss_or_metric_cannot_write_to_what_backward_and_the_caller_need() -> None:
    y_true, y_pred = np.ones((2, 1), np.float32), np.zeros((2, 1), np.float32)

    def in_place(a, b):
        b -= a
        return 0.0, b

    with pytest.raises(ValueError, match="read-only"):
        Objective("sgd", in_place, None).loss_of(y_true, y_pred)
    objective = Objective("sgd", "mse", [lambda a, b: a.fill(0)])
    with pytest.raises(ValueError, match="read-only"):
        Means(objective).add(0.0, y_true, y_pred)
    np.testing.assert_array_equal(y_pred, 0)
    np.testing.assert_array_equal(y_true, 1)


@pytest.mark.parametrize("returned", [None, "1", 1j, np.ones(2)])
def test_a_loss_that_is_no_number_is_named(returned) -> None:
    y = np.ones((2, 1), np.float32)
    with pytest.raises(TypeError, match=r"compile: loss returned .*, expected a real number"):
        Objective("sgd", lambda a, b: (returned, b), None).loss_of(y, y)


@pytest.mark.parametrize("returned", [None, "x", np.ones((0, 2))])
def test_a_metric_that_is_no_number_is_named(returned) -> None:
    def odd(a, b):
        return returned

    y = np.ones((2, 1), np.float32)
    with pytest.raises(TypeError, match=r"compile: metric odd returned .*, expected a real number"):
        Means(Objective("sgd", "mse", [odd])).add(0.0, y, y)


def test_means_go_on_where_they_were() -> None:
    objective = Objective("sgd", "mse", ["mae", "rmse"])
    y, other = np.zeros((4, 1)), np.ones((4, 1))
    whole, first, rest = Means(objective), Means(objective), Means(objective)
    whole.add(1.0, y, other)
    first.add(1.0, y, other)
    rest.set_state(first.get_state())
    for means in (whole, rest):
        means.add(0.3, y[:3], 0.1 * other[:3])
    assert rest.logs() == whole.logs()
    with pytest.raises(ValueError, match="state holds means of 3 numbers, expected 1"):
        Means(Objective("sgd", "mse", None)).set_state(first.get_state())

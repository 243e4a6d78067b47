import math

import numpy as np
import pytest

import gatedcore as gk
from gatedcore.objective import Means, Objective


def test_names_become_objects() -> None:
    objective = Objective("adam", "mse", ["mae", gk.metrics.RootMeanSquaredError])
    assert isinstance(objective.optimizer, gk.Adam)
    assert objective.loss is gk.losses.mse
    assert [metric.name for metric in objective.metrics] == ["mae", "root_mean_squared_error"]
    assert [metric.name for metric in Objective("sgd", "mae", "mse").metrics] == ["mse"]
    assert Objective("sgd", "mae", None).metrics == []


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            ("lion", "mse", None),
            ValueError,
            "optimizers.get: optimizer is 'lion', expected one",
        ),
        ((None, "mse", None), TypeError, "optimizers.get: optimizer has type NoneType"),
        (("adam", "dice", None), ValueError, "losses.get: loss is 'dice', expected one of bin"),
        (("adam", "mse", ["dice"]), ValueError, "metrics.get: metric is 'dice', expected one of"),
        (
            ("adam", "mse", [gk.metrics.AUC(name="loss")]),
            ValueError,
            "compile: a metric has the name 'loss', expected another",
        ),
        (
            ("adam", gk.losses.Huber(reduction=None), None),
            ValueError,
            "compile: loss huber_loss has reduction=None, expected one that gives a number",
        ),
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
    with pytest.raises(ValueError, match="state holds 2 metrics, expected 0"):
        Means(Objective("sgd", "mse", None)).set_state(first.get_state())


def test_names_that_come_again_are_numbered_as_in_keras() -> None:
    auc = gk.metrics.AUC
    objective = Objective("sgd", "mse", [auc(), auc(curve="PR"), "mae"], ["mae", auc(), "mse"])
    assert objective.names == ["auc", "auc_1", "mae", "weighted_mae", "weighted_auc", "mse"]


Y, P = np.zeros((2, 3, 1)), np.arange(6.0).reshape(2, 3, 1)
STEPS = np.array([[1, 1, 0], [1, 0, 0]], bool)
SAMPLES = np.array([2.0, 3.0])


def test_weights_and_masks_reach_the_loss() -> None:
    loss, gradient = Objective("sgd", "mse", None).loss_of(Y, P, SAMPLES, STEPS)
    expected = (2.0 * (0.0 + 1.0) + 3.0 * 9.0) / 3
    assert loss == pytest.approx(expected, rel=1e-15)
    assert gradient[:, :, 0].tolist() == [[0.0, 4 / 3, 0.0], [6.0, 0.0, 0.0]]


def test_masks_reach_all_metrics_and_weights_the_weighted_ones() -> None:
    means = Means(Objective("sgd", "mse", ["mae"], ["mae"]))
    means.add(0.5, Y, P, SAMPLES, STEPS)
    logs = means.logs()
    expected = {"loss": 0.5, "mae": 4 / 3, "weighted_mae": (2.0 * 1.0 + 3.0 * 3.0) / 7.0}
    assert logs == pytest.approx(expected, rel=1e-15)
    assert list(logs) == ["loss", "mae", "weighted_mae"]
    for weights, mask, expected in ((None, STEPS, 4 / 3), (SAMPLES, None, (2.0 + 12.0) / 5)):
        means = Means(Objective("sgd", "mse", None, ["mae"]))
        means.add(0.5, Y, P, weights, mask)
        assert means.logs()["mae"] == pytest.approx(expected, rel=1e-15)


def test_a_function_of_the_user_can_be_neither_weighed_nor_masked() -> None:
    objective = Objective("sgd", lambda y, p: (0.0, p), None)
    for name, given in (("sample_weight", (SAMPLES, None)), ("mask", (None, STEPS))):
        with pytest.raises(ValueError, match=f"so a {name} cannot reach it; derive a class from"):
            objective.loss_of(Y, P, *given)


def test_what_targets_are() -> None:
    assert Objective("sgd", "sparse_categorical_crossentropy", None).takes_labels
    assert not Objective("sgd", "categorical_crossentropy", None).takes_labels
    assert not Objective("sgd", lambda y, p: (0.0, p), None).takes_labels


def test_a_metric_of_many_numbers_is_named() -> None:
    means = Means(Objective("sgd", "mse", [gk.metrics.F1Score(name="f1")]))
    with pytest.raises(TypeError, match="compile: metric f1 gives 2 numbers, expected one; pass"):
        means.add(0.0, np.array([[0, 1]]), np.array([[0.2, 0.8]]))


def test_a_metric_of_many_numbers_stops_fit_before_the_first_step() -> None:
    model = gk.Sequential([gk.Dense(2, activation="softmax", input_shape=(3,))])
    model.compile("sgd", "categorical_crossentropy", metrics=["f1_score"])
    before = model.get_weights()
    with pytest.raises(TypeError, match="compile: metric f1_score gives 2 numbers, expected one"):
        model.fit(np.ones((4, 3)), np.eye(2)[[0, 1, 1, 0]], batch_size=2, verbose=0)
    for value, now in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(now, value)

"""What all losses share: reductions, weights, masks, shapes, dtypes."""

import re

import numpy as np
import pytest

from finite_differences import assert_gradient
from gatedcore import losses
from loss_cases import CASES, LABELS, REAL_PRED, REAL_TRUE, Case

RNG = np.random.default_rng(5)
WEIGHTS = RNG.uniform(0.1, 2.0, size=(3, 4))
MASK = np.array([[1, 1, 0, 0], [1, 1, 1, 1], [0, 1, 0, 1]], bool)
# Sums of sixty terms in another order, each with a few roundings of logarithms near 1.
CLOSE = 1e-12

every_loss = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def remade(loss: losses.Loss, reduction: str | None) -> losses.Loss:
    return type(loss).from_config({**loss.get_config(), "reduction": reduction})


@every_loss
def test_values_of_samples(case: Case) -> None:
    expected = case.formula(case.y_true, case.y_pred)
    values = remade(case.loss, "none")(case.y_true, case.y_pred)
    np.testing.assert_allclose(values, expected, rtol=CLOSE, atol=CLOSE)
    assert remade(case.loss, None)(case.y_true, case.y_pred).tolist() == values.tolist()


@every_loss
@pytest.mark.parametrize("weights", [None, WEIGHTS[:, 0], WEIGHTS], ids=["", "samples", "steps"])
@pytest.mark.parametrize("mask", [None, MASK[:, 1], MASK], ids=["", "samples", "steps"])
@pytest.mark.parametrize(
    "reduction", ["sum_over_batch_size", "mean", "sum", "mean_with_sample_weight"]
)
def test_reductions_as_in_keras(
    case: Case, weights: np.ndarray | None, mask: np.ndarray | None, reduction: str
) -> None:
    w, m = (
        np.ones((3, 4))
        if a is None
        else a * np.ones((3, 4))
        if a.ndim == 2
        else np.outer(a, np.ones(4))
        for a in (weights, mask)
    )
    weighed = (case.formula(case.y_true, case.y_pred) * w * m).sum()
    divisor = {
        "sum": 1.0,
        "mean": m.sum(),
        "sum_over_batch_size": m.sum(),
        "mean_with_sample_weight": (w * m).sum(),
    }[reduction]
    loss = remade(case.loss, reduction)
    value, _ = loss.value_and_gradient(case.y_true, case.y_pred, weights, mask)
    assert type(value) is float
    assert value == pytest.approx(weighed / divisor, rel=CLOSE, abs=CLOSE)
    assert loss(case.y_true, case.y_pred, weights, mask) == value


@every_loss
@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "mean_with_sample_weight"])
def test_gradients(case: Case, reduction: str) -> None:
    loss, y_pred = remade(case.loss, reduction), case.y_pred.copy()
    for given in ((None, None), (WEIGHTS, None), (WEIGHTS[:, 0], MASK), (None, MASK)):
        gradient = loss.value_and_gradient(case.y_true, y_pred, *given)[1]
        assert_gradient(gradient, lambda g=given: loss(case.y_true, y_pred, *g), y_pred)


@every_loss
def test_the_dtype_is_that_of_the_predictions_and_nothing_is_written_to(case: Case) -> None:
    y_true = case.y_true if case.loss.sparse else case.y_true.astype(np.float32)
    y_pred = case.y_pred.astype(np.float32)
    y_true.flags.writeable = y_pred.flags.writeable = False
    exact, steep = case.loss.value_and_gradient(case.y_true, case.y_pred, WEIGHTS, MASK)
    value, gradient = case.loss.value_and_gradient(y_true, y_pred, WEIGHTS, MASK)
    assert gradient.dtype == np.float32
    # Float32 rounds inputs of order 1 by 6e-8; mape divides by targets down to 0.02.
    assert value == pytest.approx(exact, rel=2e-5)
    assert abs(gradient - steep).max() <= 2e-5 * abs(steep).max()
    y_true.flags.writeable = True


@every_loss
def test_a_mask_that_keeps_nothing(case: Case) -> None:
    value, gradient = case.loss.value_and_gradient(case.y_true, case.y_pred, None, MASK & False)
    assert value == 0.0
    assert not gradient.any()


@every_loss
def test_the_sum_of_many_float32_terms_is_exact_to_rounding(case: Case) -> None:
    y_true = np.broadcast_to(case.y_true, (4000, *case.y_true.shape)).reshape(
        -1, *case.y_true.shape[1:]
    )
    y_pred = np.broadcast_to(case.y_pred, (4000, *case.y_pred.shape)).reshape(
        -1, *case.y_pred.shape[1:]
    )
    single = y_pred.astype(np.float32)
    few = case.loss(case.y_true, case.y_pred.astype(np.float32))
    # In float32 a running sum of 240000 terms would be off by 1e-4 and more.
    assert case.loss(y_true, single) == pytest.approx(few, rel=1e-9)


def test_weights_with_a_last_axis_of_one() -> None:
    loss = losses.MeanSquaredError()
    assert loss(REAL_TRUE, REAL_PRED, WEIGHTS[..., None]) == loss(REAL_TRUE, REAL_PRED, WEIGHTS)


def test_what_is_masked_may_be_no_class() -> None:
    labels = LABELS.copy()
    labels[~MASK] = -1
    for from_logits in (False, True):
        loss = losses.SparseCategoricalCrossentropy(from_logits)
        y_pred = np.exp(REAL_PRED)
        expected = loss.value_and_gradient(LABELS, y_pred, None, MASK)
        value, gradient = loss.value_and_gradient(labels, y_pred, None, MASK)
        assert value == expected[0]
        np.testing.assert_array_equal(gradient, expected[1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            (REAL_TRUE[:, 0, 0], REAL_PRED[:, 0, :1]),
            r"y_true has shape \(3,\), expected that of y_",
        ),
        ((REAL_TRUE[:0], REAL_PRED[:0]), "with at least one element"),
        ((1.0, 1.0), "y_pred is a single number"),
        ((REAL_TRUE, REAL_PRED, WEIGHTS[0]), r"sample_weight has shape \(4,\), expected \(3, 4\)"),
        ((REAL_TRUE, REAL_PRED, None, MASK[:2]), r"mask has shape \(2, 4\), expected \(3, 4\) or"),
        ((REAL_TRUE, REAL_PRED, 2.0), r"sample_weight has shape \(\), expected \(3, 4\)"),
    ],
)
def test_shapes_that_do_not_fit(arguments: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=f"mean_squared_error: .*{message}"):
        losses.MeanSquaredError()(*arguments)


def test_masks_of_something_else() -> None:
    with pytest.raises(TypeError, match="mask has dtype float64, expected True and False"):
        losses.MeanSquaredError()(REAL_TRUE, REAL_PRED, None, WEIGHTS)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"reduction": "average"}, "reduction is 'average', expected one of 'sum_over_batch_size'"),
        ({"dtype": "float16"}, "dtype='float16' is not supported, expected None"),
    ],
)
def test_bad_options(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        losses.MeanSquaredError(**options)


def test_without_a_reduction_there_is_no_gradient() -> None:
    with pytest.raises(ValueError, match="has reduction='none', expected one that gives a number"):
        losses.MeanSquaredError("none").value_and_gradient(REAL_TRUE, REAL_PRED)


@every_loss
def test_configurations(case: Case) -> None:
    config = case.loss.get_config()
    again = type(case.loss).from_config(config)
    assert again.get_config() == config
    assert again(case.y_true, case.y_pred) == case.loss(case.y_true, case.y_pred)
    assert repr(again).startswith(f"{type(again).__name__}(name='{again.name}', reduction=")


def test_a_loss_of_the_user() -> None:
    class Cubed(losses.Loss):
        def terms(self, y_true, y_pred, scale, slope):
            error = y_pred - y_true
            return abs(error) ** 3, 3.0 * error * abs(error) * scale

    loss, y_pred = Cubed(), REAL_PRED.copy()
    value, gradient = loss.value_and_gradient(REAL_TRUE, y_pred, WEIGHTS, MASK)
    assert loss.name == "Cubed"
    cubes = (abs(REAL_PRED - REAL_TRUE) ** 3).mean(-1)
    assert value == pytest.approx((cubes * WEIGHTS * MASK).sum() / MASK.sum(), rel=CLOSE)
    assert_gradient(gradient, lambda: loss(REAL_TRUE, y_pred, WEIGHTS, MASK), y_pred)


@every_loss
@pytest.mark.parametrize("reduction", ["mean", "mean_with_sample_weight", "sum"])
@pytest.mark.parametrize("weights", [None, WEIGHTS, WEIGHTS[:, 0]])
@pytest.mark.parametrize("mask", [None, MASK])
def test_the_divisor_of_a_mean(case: Case, reduction: str, weights, mask) -> None:
    loss, total = remade(case.loss, reduction), remade(case.loss, "sum")
    arrays = (case.y_true, case.y_pred, weights, mask)
    divisor = loss.divisor(*arrays)
    value = loss.reduce(*arrays)[0]
    assert value * divisor == pytest.approx(total.reduce(*arrays)[0], rel=CLOSE)
    if reduction == "sum":
        assert divisor == 1.0

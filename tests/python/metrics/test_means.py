import math

import numpy as np
import pytest

from gatedcore import metrics
from gatedcore.metrics.means import LossMean
from loss_cases import CASES, LABELS, REAL_PRED, REAL_TRUE, SIGMOID

MASK = np.array([[1, 1, 0, 0], [1, 1, 1, 1], [0, 1, 0, 1]], bool)


@pytest.mark.parametrize(
    ("metric", "case"),
    [
        (metrics.MeanSquaredError(), "mse"),
        (metrics.MeanAbsoluteError(), "mae"),
        (metrics.MeanAbsolutePercentageError(), "mape"),
        (metrics.MeanSquaredLogarithmicError(), "msle"),
        (metrics.LogCoshError(), "log_cosh"),
        (metrics.KLDivergence(), "kld"),
        (metrics.Poisson(), "poisson"),
        (metrics.Hinge(), "hinge"),
        (metrics.SquaredHinge(), "squared_hinge"),
        (metrics.CategoricalHinge(), "categorical_hinge"),
        (metrics.BinaryCrossentropy(), "bce"),
        (metrics.BinaryCrossentropy(from_logits=True), "bce_logits"),
        (metrics.CategoricalCrossentropy(label_smoothing=0.1, from_logits=True), "cce_smooth"),
        (metrics.SparseCategoricalCrossentropy(), "scce"),
        (metrics.SparseCategoricalCrossentropy(from_logits=True), "scce_logits"),
    ],
)
def test_each_is_the_mean_of_its_loss(metric, case: str) -> None:
    _, y_true, y_pred, formula = CASES[case]
    values = formula(y_true, y_pred)
    assert metric(y_true, y_pred) == pytest.approx(values.mean(), rel=1e-12)  # a sum of 60
    metric.reset_state()
    metric.update_state(y_true[:2], y_pred[:2])
    assert metric(y_true[2:], y_pred[2:]) == pytest.approx(values.mean(), rel=1e-12)
    metric.reset_state()
    expected = (values * MASK).sum() / MASK.sum()
    assert metric(y_true, y_pred, MASK) == pytest.approx(expected, rel=1e-12)
    config = metric.get_config()
    assert type(metric).from_config(config).get_config() == config


def test_root_and_sign() -> None:
    squares = (REAL_PRED - REAL_TRUE) ** 2
    assert metrics.RootMeanSquaredError()(REAL_TRUE, REAL_PRED) == pytest.approx(
        math.sqrt(squares.mean())
    )
    cosine = metrics.CosineSimilarity()
    assert cosine([[1.0, 0.0]], [[2.0, 0.0]]) == 1.0
    assert metrics.CosineSimilarity.from_config(cosine.get_config()).name == "cosine_similarity"


def test_perplexity_is_of_tokens_whatever_their_sequence() -> None:
    formula = CASES["scce_logits"].formula
    values = formula(LABELS, REAL_PRED)
    assert metrics.Perplexity(from_logits=True)(LABELS, REAL_PRED) == pytest.approx(
        np.exp(values.mean())
    )
    masked = metrics.Perplexity(from_logits=True)
    masked.update_state(LABELS[:1], REAL_PRED[:1], MASK[:1])
    masked.update_state(LABELS[1:], REAL_PRED[1:], MASK[1:])
    assert masked.result() == pytest.approx(np.exp(values[MASK].mean()))
    samples = metrics.Perplexity(from_logits=True)(LABELS, REAL_PRED, [2.0, 0.0, 1.0])
    assert samples == pytest.approx(np.exp((2 * values[0].sum() + values[2].sum()) / 12))
    ignoring = metrics.Perplexity(from_logits=True, mask_token_id=0)
    assert ignoring(LABELS, REAL_PRED) == pytest.approx(np.exp(values[LABELS != 0].mean()))
    ignoring.reset_state()
    kept = MASK & (LABELS != 0)
    assert ignoring(LABELS, REAL_PRED, MASK) == pytest.approx(np.exp(values[kept].mean()))
    assert metrics.Perplexity.from_config(ignoring.get_config()).mask_token_id == 0
    uniform = metrics.Perplexity()(LABELS, np.full((3, 4, 5), 0.2))
    assert uniform == pytest.approx(5.0)


def test_of_any_loss() -> None:
    metric = metrics.get("huber")
    assert isinstance(metric, LossMean)
    assert metric.name == "huber"
    summed = metrics.get(type(CASES["huber"].loss)(0.7, "sum"))
    assert summed(REAL_TRUE, REAL_PRED) == pytest.approx(CASES["huber"].loss(REAL_TRUE, REAL_PRED))
    assert summed.name == "huber_loss"


def test_errors_name_the_metric_s_loss() -> None:
    with pytest.raises(ValueError, match=r"binary_crossentropy: y_true has shape \(3, 4\), expect"):
        metrics.BinaryCrossentropy()(LABELS, SIGMOID)

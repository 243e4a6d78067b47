"""Losses and metrics give what Keras's give, with weights and masks; where Keras is installed."""

import warnings

import numpy as np
import pytest

from gatedcore import losses, metrics
from loss_cases import CASES, Case

pytest.importorskip("keras", reason="compares with Keras")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of what it imports in turn
    import keras

RNG = np.random.default_rng(0)
STEPS = RNG.uniform(0.1, 2.0, size=(3, 4)).astype(np.float32)
MASK = np.array([[1, 1, 0, 0], [1, 1, 1, 1], [0, 1, 0, 1]], bool)
# Keras adds in float32: up to sixty numbers, of cosines partly against each other.
CLOSE = 1e-5

SHARED = {name: case for name, case in CASES.items() if name != "quantile"}


@pytest.mark.parametrize("case", SHARED.values(), ids=SHARED)
@pytest.mark.parametrize("weights", [None, STEPS], ids=["plain", "weighted"])
@pytest.mark.parametrize("mask", [None, MASK], ids=["all", "masked"])
@pytest.mark.parametrize(
    "reduction", ["sum_over_batch_size", "sum", "mean", "mean_with_sample_weight"]
)
def test_losses(
    case: Case, weights: np.ndarray | None, mask: np.ndarray | None, reduction: str
) -> None:
    config = {**case.loss.get_config(), "reduction": reduction}
    mine = type(case.loss).from_config(config)
    if isinstance(mine, losses.SparseCategoricalCrossentropy):
        del config["axis"]  # Keras's class has none
    theirs = getattr(keras.losses, type(case.loss).__name__)(**config)
    y_true = case.y_true if case.loss.sparse else case.y_true.astype(np.float32)
    y_pred = keras.ops.convert_to_tensor(case.y_pred.astype(np.float32))
    if mask is not None:
        y_pred._keras_mask = keras.ops.convert_to_tensor(mask)
    expected = float(theirs(y_true, y_pred, sample_weight=weights))
    value = mine(y_true, case.y_pred.astype(np.float32), weights, mask)
    assert value == pytest.approx(expected, rel=CLOSE)


BITS = RNG.integers(2, size=(50, 1)).astype(np.float32)
GUESSES = np.clip(0.3 * BITS + 0.7 * RNG.random((50, 1)), 0, 1).astype(np.float32)
LABELS = RNG.integers(4, size=50)
ONE_HOT = np.eye(4, dtype=np.float32)[LABELS]
SHARES = RNG.dirichlet(np.ones(4), size=50).astype(np.float32)
SAMPLES = RNG.random(50).astype(np.float32)


@pytest.mark.parametrize(
    ("name", "options", "y_true", "y_pred"),
    [
        ("AUC", {}, BITS, GUESSES),
        ("AUC", {"curve": "PR"}, BITS, GUESSES),
        ("AUC", {"curve": "PR", "summation_method": "minoring"}, BITS, GUESSES),
        ("AUC", {"summation_method": "majoring", "num_thresholds": 20}, BITS, GUESSES),
        ("AUC", {"thresholds": [0.2, 0.5, 0.7]}, BITS, GUESSES),
        ("AUC", {"multi_label": True, "num_labels": 4}, ONE_HOT, SHARES),
        ("Precision", {}, ONE_HOT, SHARES),
        ("Precision", {"thresholds": [0.2, 0.4]}, ONE_HOT, SHARES),
        ("Precision", {"top_k": 2, "class_id": 2}, ONE_HOT, SHARES),
        ("Recall", {"thresholds": 0.3}, ONE_HOT, SHARES),
        ("Recall", {"top_k": 2}, ONE_HOT, SHARES),
        ("FalseNegatives", {}, BITS, GUESSES),
        ("F1Score", {}, ONE_HOT, SHARES),
        ("F1Score", {"average": "micro", "threshold": 0.3}, ONE_HOT, SHARES),
        ("F1Score", {"average": "weighted"}, ONE_HOT, SHARES),
        ("BinaryAccuracy", {"threshold": 0.4}, BITS, GUESSES),
        ("CategoricalAccuracy", {}, ONE_HOT, SHARES),
        ("SparseCategoricalAccuracy", {}, LABELS, SHARES),
        ("TopKCategoricalAccuracy", {"k": 2}, ONE_HOT, SHARES),
        ("SparseTopKCategoricalAccuracy", {"k": 2}, LABELS, SHARES),
        ("RootMeanSquaredError", {}, ONE_HOT, SHARES),
        ("CosineSimilarity", {}, ONE_HOT, SHARES),
        ("CategoricalHinge", {}, ONE_HOT, SHARES),
        ("SquaredHinge", {}, BITS, GUESSES),
        ("R2Score", {}, ONE_HOT, SHARES),
        ("R2Score", {"class_aggregation": None, "num_regressors": 3}, ONE_HOT, SHARES),
        ("R2Score", {"class_aggregation": "variance_weighted_average"}, ONE_HOT, SHARES),
        ("LogCoshError", {}, ONE_HOT, SHARES),
        ("SparseCategoricalCrossentropy", {}, LABELS, SHARES),
    ],
)
@pytest.mark.parametrize("weights", [None, SAMPLES], ids=["plain", "weighted"])
def test_metrics(
    name: str, options: dict, y_true: np.ndarray, y_pred: np.ndarray, weights: np.ndarray | None
) -> None:
    results = []
    for module in (keras.metrics, metrics):
        metric = getattr(module, name)(**options)
        for part in (slice(0, 20), slice(20, 50)):
            given = None if weights is None else weights[part]
            metric.update_state(y_true[part], y_pred[part], given)
        results.append(np.asarray(metric.result()))
    np.testing.assert_allclose(results[1], results[0], rtol=CLOSE, atol=1e-6)

"""Metrics by name, and written down."""

import re

import numpy as np
import pytest

from gatedcore import losses, metrics


def test_get_keeps_the_name_it_was_given() -> None:
    for name in ("mae", "mean_absolute_error", "acc", "accuracy", "auc", "rmse", "bce", "huber"):
        assert metrics.get(name).name == name
    assert metrics.get(metrics.mae).name == "mean_absolute_error"
    assert metrics.get("MSE").name == "MSE"
    for name in ("AUC", "Precision", "RootMeanSquaredError"):
        assert metrics.get(name).name == name


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("auc", metrics.AUC),
        ("precision", metrics.Precision),
        ("recall", metrics.Recall),
        ("f1_score", metrics.F1Score),
        ("kl_divergence", metrics.KLDivergence),
        ("perplexity", metrics.Perplexity),
        ("top_k_categorical_accuracy", metrics.TopKCategoricalAccuracy),
        ("root_mean_squared_error", metrics.RootMeanSquaredError),
        ("SparseCategoricalAccuracy", metrics.SparseCategoricalAccuracy),
        ("Accuracy", type(metrics.get("accuracy"))),
        ("ACC", type(metrics.get("accuracy"))),
        (metrics.binary_accuracy, metrics.BinaryAccuracy),
        (metrics.AUC, metrics.AUC),
    ],
)
def test_kinds(name, kind: type) -> None:
    assert type(metrics.get(name)) is kind


def test_names_without_an_own_one() -> None:
    for metric, name in ((metrics.AUC(), "auc"), (metrics.Recall(), "recall")):
        assert metric.name == name
        assert metrics.get(metric) is metric


def test_own_function() -> None:
    def bias(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        return (y_pred - y_true).mean(axis=-1)

    metric = metrics.get(bias)
    assert metric.name == "bias"
    assert metric([[1.0], [2.0]], [[2.0], [5.0]]) == 2.0


@pytest.mark.parametrize(
    "metric",
    [
        metrics.AUC(curve="PR"),
        metrics.F1Score("macro"),
        metrics.SparseTopKCategoricalAccuracy(3),
        metrics.BinaryCrossentropy(from_logits=True, name="mine"),
        metrics.get("accuracy"),
        metrics.get(losses.Huber(2.0)),
    ],
)
def test_written_down_and_made_again(metric) -> None:
    again = metrics.get(metrics.serialize(metric))
    assert type(again) is type(metric)
    assert metrics.serialize(again) == metrics.serialize(metric)
    assert again.name == metric.name


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: metrics.get("dice"),
            ValueError,
            "metrics.get: metric is 'dice', expected one of",
        ),
        (lambda: metrics.get(1), TypeError, "metrics.get: metric has type int, expected a name"),
        (
            lambda: metrics.get(dict),
            TypeError,
            "metrics.get: metric has type type, expected a name",
        ),
        (
            lambda: metrics.get({"class_name": "Dice"}),
            ValueError,
            "metrics.deserialize: class_name is 'Dice', expected one of AUC",
        ),
        (
            lambda: metrics.serialize(metrics.get(lambda y, p: p)),
            ValueError,
            "metrics.serialize: metric is <lambda>, of class MeanMetricWrapper, expected one of",
        ),
    ],
)
def test_errors(call, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        call()

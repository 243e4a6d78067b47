"""Metrics: objects that count over batches, and functions that give the number of each sample."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gatedcore import losses
from gatedcore.keras_names import absent
from gatedcore.metrics.accuracy import (
    Accuracy,
    AccuracyByShape,
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
    binary_accuracy,
    categorical_accuracy,
    sparse_categorical_accuracy,
    sparse_top_k_categorical_accuracy,
    top_k_categorical_accuracy,
)
from gatedcore.metrics.area import AUC
from gatedcore.metrics.base import MeanMetricWrapper, Metric
from gatedcore.metrics.confusion import (
    FalseNegatives,
    FalsePositives,
    Precision,
    Recall,
    TrueNegatives,
    TruePositives,
)
from gatedcore.metrics.f_score import F1Score, FBetaScore
from gatedcore.metrics.functions import (
    binary_crossentropy,
    categorical_crossentropy,
    kl_divergence,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    poisson,
    sparse_categorical_crossentropy,
)
from gatedcore.metrics.means import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    CategoricalHinge,
    CosineSimilarity,
    Hinge,
    KLDivergence,
    LogCoshError,
    LossMean,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Perplexity,
    Poisson,
    RootMeanSquaredError,
    SparseCategoricalCrossentropy,
    SquaredHinge,
)
from gatedcore.metrics.r2_score import R2Score

__all__ = [
    "AUC",
    "Accuracy",
    "BinaryAccuracy",
    "BinaryCrossentropy",
    "CategoricalAccuracy",
    "CategoricalCrossentropy",
    "CategoricalHinge",
    "CosineSimilarity",
    "F1Score",
    "FBetaScore",
    "FalseNegatives",
    "FalsePositives",
    "Hinge",
    "KLDivergence",
    "LogCoshError",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanMetricWrapper",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Metric",
    "Perplexity",
    "Poisson",
    "Precision",
    "R2Score",
    "Recall",
    "RootMeanSquaredError",
    "SparseCategoricalAccuracy",
    "SparseCategoricalCrossentropy",
    "SparseTopKCategoricalAccuracy",
    "SquaredHinge",
    "TopKCategoricalAccuracy",
    "TrueNegatives",
    "TruePositives",
    "binary_accuracy",
    "binary_crossentropy",
    "categorical_accuracy",
    "categorical_crossentropy",
    "deserialize",
    "get",
    "kl_divergence",
    "mae",
    "mape",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "mse",
    "msle",
    "poisson",
    "serialize",
    "sparse_categorical_accuracy",
    "sparse_categorical_crossentropy",
    "sparse_top_k_categorical_accuracy",
    "top_k_categorical_accuracy",
]

mse = mean_squared_error
mae = mean_absolute_error
mape = mean_absolute_percentage_error
msle = mean_squared_logarithmic_error

_CLASSES: dict[str, type[Metric]] = {
    metric.__name__: metric
    for metric in (
        AUC,
        Accuracy,
        BinaryAccuracy,
        BinaryCrossentropy,
        CategoricalAccuracy,
        CategoricalCrossentropy,
        CategoricalHinge,
        CosineSimilarity,
        F1Score,
        FBetaScore,
        FalseNegatives,
        FalsePositives,
        Hinge,
        KLDivergence,
        LogCoshError,
        MeanAbsoluteError,
        MeanAbsolutePercentageError,
        MeanSquaredError,
        MeanSquaredLogarithmicError,
        Perplexity,
        Poisson,
        Precision,
        R2Score,
        Recall,
        RootMeanSquaredError,
        SparseCategoricalAccuracy,
        SparseCategoricalCrossentropy,
        SparseTopKCategoricalAccuracy,
        SquaredHinge,
        TopKCategoricalAccuracy,
        TrueNegatives,
        TruePositives,
    )
}


def _snake_case(name: str) -> str:
    """Return MeanSquaredError as mean_squared_error, KLDivergence as kl_divergence."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


_CLASS_OF: dict[str, type[Metric]] = {
    **{_snake_case(name): metric for name, metric in _CLASSES.items()},
    "accuracy": AccuracyByShape,
    "acc": AccuracyByShape,
    "mse": MeanSquaredError,
    "mae": MeanAbsoluteError,
    "mape": MeanAbsolutePercentageError,
    "msle": MeanSquaredLogarithmicError,
    "rmse": RootMeanSquaredError,
    "bce": BinaryCrossentropy,
    "kld": KLDivergence,
    "top_k_accuracy": TopKCategoricalAccuracy,
}
_FUNCTIONS: dict[str, Callable[..., object]] = {
    function.__name__: function
    for function in (
        binary_accuracy,
        binary_crossentropy,
        categorical_accuracy,
        categorical_crossentropy,
        kl_divergence,
        mean_absolute_error,
        mean_absolute_percentage_error,
        mean_squared_error,
        mean_squared_logarithmic_error,
        poisson,
        sparse_categorical_accuracy,
        sparse_categorical_crossentropy,
        sparse_top_k_categorical_accuracy,
        top_k_categorical_accuracy,
    )
}


def get(identifier: object) -> Metric:
    """Return a metric by its name or its configuration, of a function, or the object itself.

    Parameters
    ----------
    identifier : str, dict, Metric, Loss or callable
        A name such as ``"accuracy"``, ``"mae"`` or ``"auc"``, or of a class;
        ``{"class_name": ..., "config": ...}`` as ``serialize`` returns; a Metric, or its class; a
        loss, of which the mean is meant; or any ``f(y_true, y_pred)`` that returns a number for
        each sample, or one for the batch.

    Raises
    ------
    ValueError
        If the name is unknown.
    TypeError
        If it is none of these.
    """
    if isinstance(identifier, Metric):
        return identifier
    if isinstance(identifier, str):
        return _named(identifier)
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, type) and issubclass(identifier, Metric):
        return identifier()
    if callable(identifier) and not isinstance(identifier, type):
        name = getattr(identifier, "__name__", "")
        if _FUNCTIONS.get(name) is identifier:
            return _CLASS_OF[name](name=name)
        loss = losses.as_object(identifier)
        return MeanMetricWrapper(identifier) if loss is None else LossMean(loss)
    raise TypeError(
        f"metrics.get: metric has type {type(identifier).__name__}, expected a name, a Metric or a "
        "function; pass 'mae', say"
    )


def _named(name: str) -> Metric:
    """Return the metric of a name, which it keeps; Accuracy too goes by shapes, as in Keras."""
    by_shape = name.lower() in ("accuracy", "acc")
    known = _CLASS_OF[name.lower()] if by_shape else _CLASSES.get(name) or _CLASS_OF.get(name)
    if known is None and len(name) < 5:
        known = _CLASS_OF.get(name.lower())
    if known is not None:
        return known(name=name)
    try:
        loss = losses.as_object(losses.get(name))
    except ValueError:
        raise ValueError(
            f"metrics.get: metric is {name!r}, expected one of {', '.join(_CLASS_OF)}; or pass a "
            "function of (y_true, y_pred)"
        ) from None
    assert loss is not None
    return LossMean(loss, name)


def serialize(metric: Metric) -> dict[str, Any]:
    """Return what ``get`` makes the metric of again: a class with its arguments.

    Raises
    ------
    ValueError
        If it is of a class or a function of the user's.
    """
    kind = type(metric).__name__
    if isinstance(metric, AccuracyByShape):
        return {"class_name": "accuracy", "config": metric.get_config()}
    if isinstance(metric, LossMean) and type(metric) is LossMean:
        return {
            "class_name": kind,
            "config": {"loss": losses.serialize(metric.loss), "name": metric.name},
        }
    if _CLASSES.get(kind) is not type(metric):
        raise ValueError(
            f"metrics.serialize: metric is {metric.name}, of class {kind}, expected one of this "
            "module; keep your own by yourself, and pass it to compile again"
        )
    return {"class_name": kind, "config": metric.get_config()}


def deserialize(config: object) -> Metric:
    """Return the metric that ``serialize`` described.

    Raises
    ------
    TypeError, ValueError
        If there is none of this name, or its arguments are others.
    """
    if not isinstance(config, dict):
        return get(config)
    name, arguments = config.get("class_name"), config.get("config", {})
    known: dict[str, type[Metric]] = {**_CLASSES, "accuracy": AccuracyByShape}
    if isinstance(arguments, dict):
        if name == LossMean.__name__:
            loss = losses.as_object(losses.get(arguments.get("loss")))
            if loss is not None:
                return LossMean(loss, arguments.get("name"))
        elif isinstance(name, str) and name in known:
            return known[name].from_config(arguments)
    raise ValueError(
        f"metrics.deserialize: class_name is {name!r}, expected one of {', '.join(_CLASSES)}; "
        "pass {'class_name': ..., 'config': {...}}"
    )


if not TYPE_CHECKING:  # to which an absent name is an error already
    __getattr__ = absent(__name__)

"""The errors as functions: the number of each sample or step, as Keras's."""

from typing import Any

import numpy as np
import numpy.typing as npt

from gatedcore import losses

Values = npt.NDArray[np.floating[Any]]


def mean_squared_error(y_true: object, y_pred: object) -> Values:
    """Return the mean of ``(y_pred - y_true)**2`` of each sample."""
    return _of_each(losses.MeanSquaredError(None), y_true, y_pred)


def mean_absolute_error(y_true: object, y_pred: object) -> Values:
    """Return the mean of ``|y_pred - y_true|`` of each sample."""
    return _of_each(losses.MeanAbsoluteError(None), y_true, y_pred)


def mean_absolute_percentage_error(y_true: object, y_pred: object) -> Values:
    """Return the mean absolute error of each sample, in percent of its targets."""
    return _of_each(losses.MeanAbsolutePercentageError(None), y_true, y_pred)


def mean_squared_logarithmic_error(y_true: object, y_pred: object) -> Values:
    """Return the mean squared error of ``log(1 + y)`` of each sample."""
    return _of_each(losses.MeanSquaredLogarithmicError(None), y_true, y_pred)


def binary_crossentropy(
    y_true: object, y_pred: object, from_logits: bool = False, label_smoothing: float = 0.0
) -> Values:
    """Return the mean cross-entropy of yes and no of each sample."""
    loss = losses.BinaryCrossentropy(from_logits, label_smoothing, reduction=None)
    return _of_each(loss, y_true, y_pred)


def categorical_crossentropy(
    y_true: object, y_pred: object, from_logits: bool = False, label_smoothing: float = 0.0
) -> Values:
    """Return the cross-entropy of the one-hot targets of each sample or step."""
    loss = losses.CategoricalCrossentropy(from_logits, label_smoothing, reduction=None)
    return _of_each(loss, y_true, y_pred)


def sparse_categorical_crossentropy(
    y_true: object, y_pred: object, from_logits: bool = False, ignore_class: int | None = None
) -> Values:
    """Return the cross-entropy of the class number of each sample or step."""
    loss = losses.SparseCategoricalCrossentropy(from_logits, ignore_class, reduction=None)
    return _of_each(loss, y_true, y_pred)


def kl_divergence(y_true: object, y_pred: object) -> Values:
    """Return the Kullback-Leibler divergence of each sample or step."""
    return _of_each(losses.KLDivergence(None), y_true, y_pred)


def poisson(y_true: object, y_pred: object) -> Values:
    """Return the Poisson loss of each sample."""
    return _of_each(losses.Poisson(None), y_true, y_pred)


def _of_each(loss: losses.Loss, y_true: object, y_pred: object) -> Values:
    values = loss(y_true, y_pred)
    assert isinstance(values, np.ndarray)
    return values

"""Accuracies: how often predictions are right, as yes or no, as a class, among the best classes."""

from typing import Any

import numpy as np
import numpy.typing as npt

from gatedcore.arrays import Array, as_array, to_numpy
from gatedcore.checks import check_count, check_number
from gatedcore.metrics.base import MeanOverSamples, check_same_shape

Targets = npt.NDArray[Any]
Values = npt.NDArray[Any]

_CLASSES_OF_NUMBERS = "reshape y_true, or use the metric for one-hot targets"


class Accuracy(MeanOverSamples):
    """How often predictions equal targets, number for number.

    The name ``"accuracy"`` in ``compile`` means ``AccuracyByShape``.
    """

    default_name = "accuracy"

    def values(self, y_true: Targets, y_pred: Array) -> Values:
        check_same_shape(self.name, y_true, y_pred)
        return _mean_over_last(y_true == y_pred)


class BinaryAccuracy(MeanOverSamples):
    """How often ``y_pred > threshold`` is what the target, 0 or 1, says.

    Parameters
    ----------
    name, dtype
        See ``Metric``.
    threshold : float
        In (0, 1).
    """

    options = ("threshold",)

    def __init__(
        self,
        name: str | None = "binary_accuracy",
        dtype: object = None,
        threshold: float = 0.5,
    ) -> None:
        super().__init__(name, dtype)
        self.threshold = check_number(self.name, "threshold", threshold, 0.0, 1.0, open_start=True)

    def values(self, y_true: Targets, y_pred: Array) -> Values:
        check_same_shape(self.name, y_true, y_pred)
        return _mean_over_last(y_true == (y_pred > self.threshold))


class CategoricalAccuracy(MeanOverSamples):
    """How often the largest prediction stands where the largest target does."""

    default_name = "categorical_accuracy"

    def values(self, y_true: Targets, y_pred: Array) -> Values:
        check_same_shape(self.name, y_true, y_pred)
        matches: Values = np.argmax(y_true, axis=-1) == np.argmax(y_pred, axis=-1)
        return matches


class SparseCategoricalAccuracy(MeanOverSamples):
    """How often the largest prediction is that of the class whose number is the target."""

    def __init__(
        self, name: str | None = "sparse_categorical_accuracy", dtype: object = None
    ) -> None:
        super().__init__(name, dtype)

    def values(self, y_true: Targets, y_pred: Array) -> Values:
        labels = _labels(self.name, y_true, y_pred)
        matches: Values = np.argmax(y_pred, axis=-1) == labels
        return matches


class TopKCategoricalAccuracy(MeanOverSamples):
    """How often the class of the largest target is among the ``k`` largest predictions.

    Parameters
    ----------
    k : int
        How many predictions to look at.
    name, dtype
        See ``Metric``.
    """

    options = ("k",)

    def __init__(
        self, k: int = 5, name: str | None = "top_k_categorical_accuracy", dtype: object = None
    ) -> None:
        super().__init__(name, dtype)
        self.k = check_count(self.name, "k", k)

    def values(self, y_true: Targets, y_pred: Array) -> Values:
        check_same_shape(self.name, y_true, y_pred)
        return _among_largest(np.argmax(y_true, axis=-1), y_pred, self.k)


class SparseTopKCategoricalAccuracy(MeanOverSamples):
    """How often the class whose number is the target is among the ``k`` largest predictions.

    Parameters
    ----------
    k : int
        How many predictions to look at.
    name, dtype
        See ``Metric``.
    """

    options = ("k",)

    def __init__(
        self,
        k: int = 5,
        name: str | None = "sparse_top_k_categorical_accuracy",
        dtype: object = None,
    ) -> None:
        super().__init__(name, dtype)
        self.k = check_count(self.name, "k", k)

    def values(self, y_true: Targets, y_pred: Array) -> Values:
        labels = _labels(self.name, y_true, y_pred)
        classes = y_pred.shape[-1]
        known = (labels >= 0) & (labels < classes)
        chosen = np.where(known, labels, 0).astype(np.intp)
        matches: Values = _among_largest(chosen, y_pred, self.k) & known
        return matches


class AccuracyByShape(MeanOverSamples):
    """What ``"accuracy"`` means in ``compile``, as in Keras.

    Of one output it is ``BinaryAccuracy``; of several ``SparseCategoricalAccuracy`` where targets
    are class numbers, else ``CategoricalAccuracy``.
    """

    def __init__(self, name: str | None = "accuracy", dtype: object = None) -> None:
        super().__init__(name, dtype)
        self._binary = BinaryAccuracy(name)
        self._sparse = SparseCategoricalAccuracy(name)
        self._categorical = CategoricalAccuracy(name)

    def values(self, y_true: Targets, y_pred: Array) -> Values:
        if y_pred.shape[-1] == 1:
            return self._binary.values(y_true, y_pred)
        if y_true.ndim < y_pred.ndim or y_true.shape[-1] == 1:
            return self._sparse.values(y_true, y_pred)
        return self._categorical.values(y_true, y_pred)


# The same as functions, which return the number of each sample or step, as Keras's.


def binary_accuracy(y_true: object, y_pred: object, threshold: float = 0.5) -> Values:
    """Return the share of predictions of each sample that are on the target's side."""
    return BinaryAccuracy(threshold=threshold).values(*_arrays("binary_accuracy", y_true, y_pred))


def categorical_accuracy(y_true: object, y_pred: object) -> Values:
    """Return 1 where the largest prediction stands where the largest target does, else 0."""
    name = "categorical_accuracy"
    return CategoricalAccuracy().values(*_arrays(name, y_true, y_pred)).astype(np.float32)


def sparse_categorical_accuracy(y_true: object, y_pred: object) -> Values:
    """Return 1 where the largest prediction is that of the target's class, else 0."""
    name = "sparse_categorical_accuracy"
    return SparseCategoricalAccuracy().values(*_arrays(name, y_true, y_pred)).astype(np.float32)


def top_k_categorical_accuracy(y_true: object, y_pred: object, k: int = 5) -> Values:
    """Return 1 where the class of the largest target is among the k largest predictions, else 0."""
    name = "top_k_categorical_accuracy"
    return TopKCategoricalAccuracy(k).values(*_arrays(name, y_true, y_pred)).astype(np.float32)


def sparse_top_k_categorical_accuracy(y_true: object, y_pred: object, k: int = 5) -> Values:
    """Return 1 where the target's class is among the k largest predictions, else 0."""
    name = "sparse_top_k_categorical_accuracy"
    metric = SparseTopKCategoricalAccuracy(k)
    return metric.values(*_arrays(name, y_true, y_pred)).astype(np.float32)


def _arrays(where: str, y_true: object, y_pred: object) -> tuple[Targets, Array]:
    return to_numpy(where, "y_true", y_true), as_array(where, "y_pred", y_pred)


def _mean_over_last(matches: Any) -> Values:
    """Return the share of matches over the last axis."""
    values: Values = np.add.reduce(matches, axis=-1, dtype=np.float64) / matches.shape[-1]
    return values


def _labels(where: str, y_true: Targets, y_pred: Array) -> Targets:
    """Return class numbers in the shape of the predictions without their last axis."""
    shape = y_pred.shape[:-1]
    if y_true.shape == (*shape, 1):
        y_true = y_true[..., 0]
    if y_true.shape != shape or not y_pred.size:
        raise ValueError(
            f"{where}: y_true has shape {y_true.shape}, expected that of y_pred without its last "
            f"axis, {shape}, with at least one element; {_CLASSES_OF_NUMBERS}"
        )
    return y_true


def _among_largest(chosen: npt.NDArray[np.intp], y_pred: Array, k: int) -> Values:
    """Return whether fewer than k predictions are larger than the chosen one."""
    mine = np.take_along_axis(y_pred, chosen[..., None], axis=-1)
    matches: Values = np.count_nonzero(y_pred > mine, axis=-1) < k
    return matches

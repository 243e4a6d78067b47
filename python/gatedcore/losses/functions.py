"""The losses as functions: the mean over a batch and its gradient.

Each is the class of that name with these options, and takes arrays as it does. Keras's functions
return the loss of each sample instead: ``MeanSquaredError(reduction="none")`` gives these.
"""

from collections.abc import Sequence

from gatedcore.arrays import Array
from gatedcore.losses.crossentropy import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
)
from gatedcore.losses.focal import BinaryFocalCrossentropy, CategoricalFocalCrossentropy
from gatedcore.losses.hinge import CategoricalHinge, Hinge, SquaredHinge
from gatedcore.losses.probability import KLDivergence, Poisson
from gatedcore.losses.regression import (
    CosineSimilarity,
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Quantile,
)


def mean_squared_error(y_true: object, y_pred: object) -> tuple[float, Array]:
    """Return the mean of ``(y_pred - y_true)**2``, and the gradient by ``y_pred``."""
    return MeanSquaredError().value_and_gradient(y_true, y_pred)


def mean_absolute_error(y_true: object, y_pred: object) -> tuple[float, Array]:
    """Return the mean of ``|y_pred - y_true|``, and the gradient by ``y_pred``."""
    return MeanAbsoluteError().value_and_gradient(y_true, y_pred)


def mean_absolute_percentage_error(y_true: object, y_pred: object) -> tuple[float, Array]:
    """Return the mean absolute error in percent of the targets, and the gradient by ``y_pred``."""
    return MeanAbsolutePercentageError().value_and_gradient(y_true, y_pred)


def mean_squared_logarithmic_error(y_true: object, y_pred: object) -> tuple[float, Array]:
    """Return the mean squared error of ``log(1 + y)``, and the gradient by ``y_pred``."""
    return MeanSquaredLogarithmicError().value_and_gradient(y_true, y_pred)


def huber(y_true: object, y_pred: object, delta: float = 1.0) -> tuple[float, Array]:
    """Return the Huber loss, and the gradient by ``y_pred``."""
    return Huber(delta=delta, name="huber").value_and_gradient(y_true, y_pred)


def log_cosh(y_true: object, y_pred: object) -> tuple[float, Array]:
    """Return the mean of ``log(cosh(y_pred - y_true))``, and the gradient by ``y_pred``."""
    return LogCosh().value_and_gradient(y_true, y_pred)


def quantile(y_true: object, y_pred: object, quantile: float = 0.5) -> tuple[float, Array]:
    """Return the pinball loss of a quantile, and the gradient by ``y_pred``."""
    return Quantile(quantile=quantile).value_and_gradient(y_true, y_pred)


def cosine_similarity(y_true: object, y_pred: object, axis: int = -1) -> tuple[float, Array]:
    """Return minus the cosine between targets and predictions, and the gradient by ``y_pred``."""
    return CosineSimilarity(axis=axis).value_and_gradient(y_true, y_pred)


def kl_divergence(y_true: object, y_pred: object) -> tuple[float, Array]:
    """Return the Kullback-Leibler divergence, and the gradient by ``y_pred``."""
    return KLDivergence().value_and_gradient(y_true, y_pred)


def poisson(y_true: object, y_pred: object) -> tuple[float, Array]:
    """Return the Poisson loss, and the gradient by ``y_pred``."""
    return Poisson().value_and_gradient(y_true, y_pred)


def binary_crossentropy(
    y_true: object,
    y_pred: object,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> tuple[float, Array]:
    """Return the cross-entropy of yes and no, and the gradient by ``y_pred``."""
    return BinaryCrossentropy(
        from_logits=from_logits, label_smoothing=label_smoothing, axis=axis
    ).value_and_gradient(y_true, y_pred)


def categorical_crossentropy(
    y_true: object,
    y_pred: object,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> tuple[float, Array]:
    """Return the cross-entropy of one-hot targets, and the gradient by ``y_pred``."""
    return CategoricalCrossentropy(
        from_logits=from_logits, label_smoothing=label_smoothing, axis=axis
    ).value_and_gradient(y_true, y_pred)


def sparse_categorical_crossentropy(
    y_true: object,
    y_pred: object,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
) -> tuple[float, Array]:
    """Return the cross-entropy of class numbers, and the gradient by ``y_pred``."""
    return SparseCategoricalCrossentropy(
        from_logits=from_logits, ignore_class=ignore_class, axis=axis
    ).value_and_gradient(y_true, y_pred)


def hinge(y_true: object, y_pred: object) -> tuple[float, Array]:
    """Return the hinge loss of targets -1 and 1, and the gradient by ``y_pred``."""
    return Hinge().value_and_gradient(y_true, y_pred)


def squared_hinge(y_true: object, y_pred: object) -> tuple[float, Array]:
    """Return the squared hinge loss of targets -1 and 1, and the gradient by ``y_pred``."""
    return SquaredHinge().value_and_gradient(y_true, y_pred)


def categorical_hinge(y_true: object, y_pred: object) -> tuple[float, Array]:
    """Return the hinge loss of one-hot targets, and the gradient by ``y_pred``."""
    return CategoricalHinge().value_and_gradient(y_true, y_pred)


def binary_focal_crossentropy(
    y_true: object,
    y_pred: object,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> tuple[float, Array]:
    """Return the focal cross-entropy of yes and no, and the gradient by ``y_pred``."""
    return BinaryFocalCrossentropy(
        apply_class_balancing, alpha, gamma, from_logits, label_smoothing, axis
    ).value_and_gradient(y_true, y_pred)


def categorical_focal_crossentropy(
    y_true: object,
    y_pred: object,
    alpha: float | Sequence[float] = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> tuple[float, Array]:
    """Return the focal cross-entropy of one-hot targets, and the gradient by ``y_pred``."""
    return CategoricalFocalCrossentropy(
        alpha, gamma, from_logits, label_smoothing, axis
    ).value_and_gradient(y_true, y_pred)

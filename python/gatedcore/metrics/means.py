"""Metrics that are means of a loss: errors, cross-entropies, perplexity."""

import copy
import math
from typing import Any

import numpy as np
import numpy.typing as npt

from gatedcore import configs, losses
from gatedcore.arrays import Array
from gatedcore.metrics.base import MeanOverSamples, Weights
from gatedcore.sample_weights import aligned

_LARGEST = 709.0  # beyond it exp overflows


class LossMean(MeanOverSamples):
    """The mean of a loss over samples.

    Parameters
    ----------
    loss : Loss
        Which.
    name, dtype
        See ``Metric``.
    """

    def __init__(self, loss: losses.Loss, name: str | None = None, dtype: object = None) -> None:
        super().__init__(loss.name if name is None else name, dtype)
        self.loss = copy.copy(loss)
        self.loss.reduction = "sum_over_batch_size"

    def mean(self, y_true: Array, y_pred: Array) -> float:
        return self.loss.reduce(y_true, y_pred, slope=False)[0]

    def values(self, y_true: Array, y_pred: Array) -> npt.NDArray[np.floating]:
        return self.loss.values(y_true, y_pred)

    def get_config(self) -> dict[str, Any]:
        chosen = {option: getattr(self.loss, option) for option in self.options}
        if type(self) is LossMean:
            chosen["loss"] = configs.serialize(self.loss)
        return {"name": self.name, **chosen}


class MeanSquaredError(LossMean):
    """The mean of ``(y_pred - y_true)**2``."""

    def __init__(self, name: str | None = "mean_squared_error", dtype: object = None) -> None:
        super().__init__(losses.MeanSquaredError(), name, dtype)


class RootMeanSquaredError(LossMean):
    """The square root of the mean of ``(y_pred - y_true)**2`` over all samples."""

    def __init__(self, name: str | None = "root_mean_squared_error", dtype: object = None) -> None:
        super().__init__(losses.MeanSquaredError(), name, dtype)

    def finish(self, mean: float) -> float:
        return math.sqrt(mean)


class MeanAbsoluteError(LossMean):
    """The mean of ``|y_pred - y_true|``."""

    def __init__(self, name: str | None = "mean_absolute_error", dtype: object = None) -> None:
        super().__init__(losses.MeanAbsoluteError(), name, dtype)


class MeanAbsolutePercentageError(LossMean):
    """The mean of the absolute error in percent of the target."""

    def __init__(
        self, name: str | None = "mean_absolute_percentage_error", dtype: object = None
    ) -> None:
        super().__init__(losses.MeanAbsolutePercentageError(), name, dtype)


class MeanSquaredLogarithmicError(LossMean):
    """The mean of the squared error of ``log(1 + y)``."""

    def __init__(
        self, name: str | None = "mean_squared_logarithmic_error", dtype: object = None
    ) -> None:
        super().__init__(losses.MeanSquaredLogarithmicError(), name, dtype)


class LogCoshError(LossMean):
    """The mean of ``log(cosh(y_pred - y_true))``."""

    def __init__(self, name: str | None = "logcosh", dtype: object = None) -> None:
        super().__init__(losses.LogCosh(), name, dtype)


class KLDivergence(LossMean):
    """The mean of the Kullback-Leibler divergence."""

    def __init__(self, name: str | None = "kl_divergence", dtype: object = None) -> None:
        super().__init__(losses.KLDivergence(), name, dtype)


class Poisson(LossMean):
    """The mean of the Poisson loss."""

    def __init__(self, name: str | None = "poisson", dtype: object = None) -> None:
        super().__init__(losses.Poisson(), name, dtype)


class Hinge(LossMean):
    """The mean of the hinge loss."""

    def __init__(self, name: str | None = "hinge", dtype: object = None) -> None:
        super().__init__(losses.Hinge(), name, dtype)


class SquaredHinge(LossMean):
    """The mean of the squared hinge loss."""

    def __init__(self, name: str | None = "squared_hinge", dtype: object = None) -> None:
        super().__init__(losses.SquaredHinge(), name, dtype)


class CategoricalHinge(LossMean):
    """The mean of the hinge loss of one-hot targets."""

    def __init__(self, name: str | None = "categorical_hinge", dtype: object = None) -> None:
        super().__init__(losses.CategoricalHinge(), name, dtype)


class CosineSimilarity(LossMean):
    """The mean of the cosine of the angle between targets and predictions: 1 at best."""

    options = ("axis",)

    def __init__(
        self, name: str | None = "cosine_similarity", dtype: object = None, axis: int = -1
    ) -> None:
        super().__init__(losses.CosineSimilarity(axis), name, dtype)

    def finish(self, mean: float) -> float:
        return -mean


class BinaryCrossentropy(LossMean):
    """The mean of the cross-entropy of yes and no; the options are the loss's."""

    options = ("from_logits", "label_smoothing")

    def __init__(
        self,
        name: str | None = "binary_crossentropy",
        dtype: object = None,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(losses.BinaryCrossentropy(from_logits, label_smoothing), name, dtype)


class CategoricalCrossentropy(LossMean):
    """The mean of the cross-entropy of one-hot targets; the options are the loss's."""

    options = ("from_logits", "label_smoothing", "axis")

    def __init__(
        self,
        name: str | None = "categorical_crossentropy",
        dtype: object = None,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
    ) -> None:
        loss = losses.CategoricalCrossentropy(from_logits, label_smoothing, axis)
        super().__init__(loss, name, dtype)


class SparseCategoricalCrossentropy(LossMean):
    """The mean of the cross-entropy of class numbers; the options are the loss's."""

    options = ("from_logits", "axis")

    def __init__(
        self,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: object = None,
        from_logits: bool = False,
        axis: int = -1,
    ) -> None:
        loss = losses.SparseCategoricalCrossentropy(from_logits, axis=axis)
        super().__init__(loss, name, dtype)


class Perplexity(LossMean):
    """The exponential of the mean cross-entropy of a token, whatever sequence it stands in.

    Parameters
    ----------
    from_logits : bool
        As in ``losses.SparseCategoricalCrossentropy``.
    mask_token_id : int, optional
        Targets of this number do not count.
    dtype, name
        See ``Metric``.

    References
    ----------
    ``keras_hub.metrics.Perplexity``.
    """

    options = ("from_logits",)

    def __init__(
        self,
        from_logits: bool = False,
        mask_token_id: int | None = None,
        dtype: object = None,
        name: str | None = "perplexity",
    ) -> None:
        loss = losses.SparseCategoricalCrossentropy(from_logits, ignore_class=mask_token_id)
        super().__init__(loss, name, dtype)
        self.mask_token_id = mask_token_id

    def add_part(self, y_true: Array, y_pred: Array, weights: Weights, share: float) -> None:
        # Steps count alike whatever their batches are, so the share does not matter.
        targets = self.loss.matched(y_true, y_pred)
        counting = self.loss.valid(targets)
        if weights is not None:
            laid = aligned(self.name, "sample_weight", weights, targets.shape)
            laid = np.broadcast_to(laid, targets.shape)
            counting = laid if counting is None else counting * laid
        if counting is None:
            self.total += self.loss.reduce(targets, y_pred, slope=False)[0] * targets.size
            self.count += targets.size
        else:
            # What is ignored is 0 among the values already.
            values = self.loss.values(targets, y_pred, weights)
            self.total += float(np.add.reduce(values, axis=None, dtype=float))
            self.count += float(np.add.reduce(counting, axis=None, dtype=float))

    def finish(self, mean: float) -> float:
        return math.exp(mean) if mean < _LARGEST else math.inf

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "mask_token_id": self.mask_token_id}

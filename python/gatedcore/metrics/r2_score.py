"""The coefficient of determination: the share of the targets' variance that is explained."""

import warnings
from typing import Any, ClassVar

import numpy as np

from gatedcore.arrays import Array
from gatedcore.checks import check_count, is_one_of
from gatedcore.metrics.base import Counter, Weights, check_same_shape
from gatedcore.sample_weights import aligned

_AGGREGATIONS = (None, "uniform_average", "variance_weighted_average")


class R2Score(Counter):
    """``1 - sum((y_true - y_pred)**2) / sum((y_true - mean(y_true))**2)``: 1 at best.

    0 is what the mean of the targets would reach as prediction; there is no lower limit.

    Parameters
    ----------
    class_aggregation : {"uniform_average", "variance_weighted_average", None}
        Of several outputs the mean; the mean weighted by the variance of the targets; or one number
        for each.
    num_regressors : int
        For the adjusted score, how many independent quantities the predictions are made of.
    name, dtype
        See ``Metric``.
    """

    options: ClassVar[tuple[str, ...]] = ("class_aggregation", "num_regressors")

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str | None = "r2_score",
        dtype: object = None,
    ) -> None:
        super().__init__(name, dtype)
        if not is_one_of(class_aggregation, _AGGREGATIONS):
            raise ValueError(
                f"{self.name}: class_aggregation is {class_aggregation!r}, expected one of "
                f"{', '.join(map(repr, _AGGREGATIONS))}; choose one of these"
            )
        self.class_aggregation = class_aggregation
        self.num_regressors = check_count(self.name, "num_regressors", num_regressors, 0)

    def reset_state(self) -> None:
        self._numbers = 0
        # Rows: what counted, the mean of the targets, the sums of squares about it and of the
        # errors; a column for each output.
        self._sums: Array | None = None

    def get_state(self) -> Any:
        return None if self._sums is None else [self._numbers, self._sums.tolist()]

    def set_state(self, state: Any) -> None:
        self.reset_state()
        if state is not None:
            self._numbers, self._sums = state[0], np.array(state[1])

    def add(self, y_true: Array, y_pred: Array, weights: Weights) -> None:
        if y_pred.ndim != 2:
            raise ValueError(
                f"{self.name}: y_pred has shape {y_pred.shape}, expected (B, outputs); flatten "
                "sequences, or take another metric"
            )
        check_same_shape(self.name, y_true, y_pred)
        counts = np.ones(y_true.shape)
        if weights is not None:
            counts *= aligned(self.name, "sample_weight", weights, y_true.shape)
        counted = counts.sum(axis=0)
        share = counts / np.where(counted > 0.0, counted, 1.0)
        mean = (share * y_true).sum(axis=0)
        about = (counts * np.square(y_true - mean)).sum(axis=0)
        errors = (counts * np.square(np.subtract(y_true, y_pred, dtype=float))).sum(axis=0)
        self._count_in(y_true.size, np.stack([counted, mean, about, errors]))

    def merge_state(self, state: Any) -> None:
        if state is not None:
            self._count_in(state[0], np.array(state[1]))

    def _count_in(self, numbers: int, sums: Array) -> None:
        self._numbers += numbers
        counted, mean, about, errors = sums
        if self._sums is not None:  # squares about a mean, so that large targets lose no digits
            before, mean_before, about_before, errors_before = self._sums
            both = np.where(before + counted > 0.0, before + counted, 1.0)
            step = mean - mean_before
            about = about + about_before + np.square(step) * before * counted / both
            mean = mean_before + step * counted / both
            counted, errors = counted + before, errors + errors_before
        self._sums = np.stack([counted, mean, about, errors])

    def result(self) -> Any:
        """Return the score, or with ``class_aggregation=None`` an array of one for each output."""
        if self._sums is None:
            return 0.0
        _, _, about, errors = self._sums
        with np.errstate(divide="ignore", invalid="ignore"):
            scores = 1.0 - errors / about
        scores[np.isinf(scores)] = 0.0  # as Keras, where all targets are one number
        score: Any = scores
        if self.class_aggregation == "uniform_average":
            score = float(scores.mean())
        elif self.class_aggregation is not None:
            score = float((about * scores).sum() / about.sum()) if about.any() else float("nan")
        if not self.num_regressors:
            return score
        rest = self._numbers - self.num_regressors - 1
        if rest <= 0:
            warnings.warn(
                f"{self.name}: {self._numbers} targets are too few for num_regressors="
                f"{self.num_regressors}, expected at least {self.num_regressors + 2}; the score is "
                "not adjusted",
                stacklevel=2,
            )
            return score
        return 1.0 - (1.0 - score) * (self._numbers - 1.0) / rest

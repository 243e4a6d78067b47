"""The area under the curve of right against wrong yes, or of precision against recall."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gatedcore.arrays import Array
from gatedcore.checks import check_bool, check_count, check_list, check_number
from gatedcore.losses.base import EPSILON
from gatedcore.metrics.base import Counter, Weights
from gatedcore.metrics.confusion import Counts, yes_or_no
from gatedcore.unfused import logistic

_CURVES = ("ROC", "PR")
_SUMS = ("interpolation", "minoring", "majoring")
# Thresholds a millionth apart; a config that asks for more is damaged, or made to fill the memory.
_MOST = 10**6


class AUC(Counter):
    """The area under a curve through points at many thresholds.

    Parameters
    ----------
    num_thresholds : int
        How many points, 2 to a million; as in Keras the area is that of these alone.
    curve : {"ROC", "PR"}
        True against false positive rate, or precision against recall.
    summation_method : {"interpolation", "minoring", "majoring"}
        Between two points: the middle (of PR the interpolated counts), the lower, the upper.
    name, dtype
        See ``Metric``.
    thresholds : list of float, optional
        Points of your own in [0, 1], beside 0 and 1.
    multi_label : bool
        Whether to take the mean of the areas of all columns; else all columns are one.
    num_labels : int, optional
        How many columns there are, with ``multi_label``.
    label_weights : list of float, optional
        What each column counts.
    from_logits : bool
        Whether predictions are the logarithms of odds; else they are probabilities.

    References
    ----------
    Davis and Goadrich (2006), The relationship between precision-recall and ROC curves, section 4.
    """

    options = (
        "num_thresholds",
        "curve",
        "summation_method",
        "thresholds",
        "multi_label",
        "num_labels",
        "label_weights",
        "from_logits",
    )

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = "auc",
        dtype: object = None,
        thresholds: Sequence[float] | None = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Sequence[float] | None = None,
        from_logits: bool = False,
    ) -> None:
        super().__init__(name, dtype)
        where = self.name
        self.curve = _one_of(where, "curve", curve, _CURVES)
        self.summation_method = _one_of(where, "summation_method", summation_method, _SUMS)
        if thresholds is None:
            self.num_thresholds = check_count(where, "num_thresholds", num_thresholds, 2)
            if self.num_thresholds > _MOST:
                raise ValueError(
                    f"{where}: num_thresholds is {num_thresholds}, expected at most {_MOST}; "
                    "choose fewer"
                )
            inner = [k / (self.num_thresholds - 1) for k in range(1, self.num_thresholds - 1)]
        else:
            top = np.nextafter(1.0, 2.0)
            given = check_list(where, "thresholds", thresholds)
            inner = sorted(check_number(where, "thresholds", t, 0.0, top) for t in given)
            self.num_thresholds = len(inner) + 2
        self.thresholds = None if thresholds is None else inner
        self._limits = np.array([-EPSILON, *inner, 1.0 + EPSILON])
        self.multi_label = check_bool(where, "multi_label", multi_label)
        self.num_labels = (
            None if num_labels is None else check_count(where, "num_labels", num_labels)
        )
        self.label_weights = (
            None
            if label_weights is None
            else [
                check_number(where, "label_weights", weight, 0.0)
                for weight in check_list(where, "label_weights", label_weights)
            ]
        )
        self.from_logits = check_bool(where, "from_logits", from_logits)

    def reset_state(self) -> None:
        # Sums between thresholds, of positives and of negatives, for each column that counts apart.
        self._between: Counts | None = None

    def get_state(self) -> Any:
        return None if self._between is None else self._between.tolist()

    def set_state(self, state: Any) -> None:
        self._between = None if state is None else np.array(state)

    def add(self, y_true: Array, y_pred: Array, weights: Weights) -> None:
        wanted, counts = yes_or_no(self.name, y_true, y_pred, weights)
        columns = y_pred.shape[-1]
        self._check_columns(columns)
        if self.from_logits:
            y_pred = logistic(y_pred)
        elif not (y_pred.min() >= 0.0 and y_pred.max() <= 1.0):
            wrong = y_pred[~((y_pred >= 0.0) & (y_pred <= 1.0))][0]
            raise ValueError(
                f"{self.name}: y_pred holds {wrong:g}, expected probabilities from 0 to 1; pass "
                "from_logits=True, or end the model with a sigmoid"
            )
        if self.label_weights is not None and not self.multi_label:
            given = np.asarray(self.label_weights)
            counts = np.broadcast_to(given, y_pred.shape) if counts is None else counts * given
        slots = len(self._limits)
        # A prediction is a yes at every threshold below it.
        place = np.searchsorted(self._limits, y_pred.reshape(-1), side="left") - 1
        apart = columns if self.multi_label else 1
        if apart > 1:
            place += np.tile(np.arange(columns) * slots, len(place) // columns)
        place += wanted.reshape(-1) * (slots * apart)
        flat = None if counts is None else counts.reshape(-1)
        sums = np.bincount(place, flat, minlength=2 * apart * slots)
        between: Counts = sums.astype(np.float64).reshape(2, apart, slots)
        self._between = between if self._between is None else self._between + between

    def result(self) -> float:
        """Return the area; 0 before the first batch."""
        if self._between is None:
            return 0.0
        # Right and wrong yes at each threshold are what lies above it.
        false, true = np.cumsum(self._between[..., ::-1], axis=-1)[..., ::-1]
        negatives, positives = false[:, :1], true[:, :1]
        areas = self._areas(true, false, positives, negatives)
        if self.label_weights is None or not self.multi_label:
            return float(np.mean(areas))
        given = np.asarray(self.label_weights)
        return float((areas * given).sum() / given.sum()) if given.any() else 0.0

    def _areas(self, true: Counts, false: Counts, positives: Counts, negatives: Counts) -> Counts:
        """Return the area of each column from counts (columns, thresholds)."""
        recall = _divided(true, positives)
        if self.curve == "PR" and self.summation_method == "interpolation":
            return _interpolated(true, true + false, positives)
        if self.curve == "PR":
            x, y = recall, _divided(true, true + false)
        else:
            x, y = _divided(false, negatives), recall
        left, right = y[:, :-1], y[:, 1:]
        heights = {
            "interpolation": (left + right) / 2.0,
            "minoring": np.minimum(left, right),
            "majoring": np.maximum(left, right),
        }[self.summation_method]
        areas: Counts = ((x[:, :-1] - x[:, 1:]) * heights).sum(axis=-1)
        return areas

    def _check_columns(self, columns: int) -> None:
        expected = {self.num_labels if self.multi_label else None}
        expected.add(None if self.label_weights is None else len(self.label_weights))
        for count in expected - {None, columns}:
            raise ValueError(
                f"{self.name}: y_pred has {columns} columns, expected {count} as num_labels or "
                "label_weights says; change one of the two"
            )


def _interpolated(true: Counts, said: Counts, positives: Counts) -> Counts:
    """Return areas under precision against recall, counts being linear between thresholds.

    Within an interval the right yes are ``slope * said + intercept``; their share of ``said`` is
    the precision, and its integral over the recall has a logarithm in it.
    """
    d_true, d_said = true[:, :-1] - true[:, 1:], said[:, :-1] - said[:, 1:]
    slope = _divided(d_true, np.maximum(d_said, 0.0))
    intercept = true[:, 1:] - slope * said[:, 1:]
    both = (said[:, :-1] > 0.0) & (said[:, 1:] > 0.0)
    ratio = np.where(both, _divided(said[:, :-1], np.maximum(said[:, 1:], 0.0)), 1.0)
    areas: Counts = _divided(slope * (d_true + intercept * np.log(ratio)), positives).sum(axis=-1)
    return areas


def _divided(a: Counts, b: Counts) -> Counts:
    """Return a / b, and 0 where b is 0."""
    b = np.broadcast_to(b, a.shape)
    return np.divide(a, b, out=np.zeros_like(a, dtype=np.float64), where=b != 0.0)


def _one_of(where: str, name: str, value: Any, known: tuple[str, ...]) -> str:
    for word in known:
        if value in (word, word.lower(), word.capitalize()):
            return word
    raise ValueError(
        f"{where}: {name} is {value!r}, expected one of {', '.join(map(repr, known))}; choose one"
    )

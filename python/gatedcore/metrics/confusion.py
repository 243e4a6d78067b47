"""Precision, recall and the counts of right and wrong yes and no that they are made of."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from gatedcore.arrays import Array
from gatedcore.checks import check_count, check_number
from gatedcore.metrics.base import Counter, Weights, check_same_shape
from gatedcore.sample_weights import aligned

Counts = npt.NDArray[np.float64]


def yes_or_no(
    where: str, y_true: npt.NDArray[Any], y_pred: Array, weights: Weights
) -> tuple[npt.NDArray[np.bool_], Counts | None]:
    """Return targets as bool, and what each of them counts, None for 1.

    Raises
    ------
    ValueError
        If shapes disagree, or a target is neither 0 nor 1.
    """
    check_same_shape(where, y_true, y_pred)
    wanted = y_true.astype(np.bool_)
    if not (wanted == y_true).all():
        wrong = y_true[wanted != y_true][0]
        raise ValueError(
            f"{where}: y_true holds {wrong:g}, expected 0 and 1; make the targets one-hot, or "
            "leave this metric out"
        )
    if weights is None:
        return wanted, None
    if weights.shape == y_pred.shape:
        return wanted, weights.astype(np.float64)
    laid = aligned(where, "sample_weight", weights, y_pred.shape[:-1])[..., None]
    return wanted, np.broadcast_to(laid, y_pred.shape).astype(np.float64)


def tally(wanted: npt.NDArray[np.bool_], counts: Counts | None) -> float:
    """Return how often, or how much, a condition holds."""
    if counts is None:
        return float(np.count_nonzero(wanted))
    return float(np.add.reduce(counts[wanted], axis=None))


class _Thresholds(Counter):
    """Counts of right and wrong answers at one threshold or several.

    Parameters
    ----------
    thresholds : float or list of float, optional
        In [0, 1]; a prediction above is a yes. By default 0.5.
    name, dtype
        See ``Metric``.
    """

    options: ClassVar[tuple[str, ...]] = ("thresholds",)

    def __init__(
        self,
        thresholds: float | Sequence[float] | None = None,
        name: str | None = None,
        dtype: object = None,
    ) -> None:
        self.thresholds = thresholds
        super().__init__(name, dtype)
        given = 0.5 if thresholds is None else thresholds
        several = given if isinstance(given, list | tuple | np.ndarray) else [given]
        top = np.nextafter(1.0, 2.0)
        self._limits = [check_number(self.name, "thresholds", t, 0.0, top) for t in several]
        self.reset_state()

    def reset_state(self) -> None:
        # Rows: true positives, false positives, false negatives, true negatives.
        self._counts = np.zeros((4, len(getattr(self, "_limits", ()))))

    def get_state(self) -> list[list[float]]:
        counts: list[list[float]] = self._counts.tolist()
        return counts

    def set_state(self, state: list[list[float]]) -> None:
        self._counts = np.array(state)

    def add(self, y_true: Array, y_pred: Array, weights: Weights) -> None:
        wanted, counts = yes_or_no(self.name, y_true, y_pred, weights)
        positive = tally(wanted, counts)
        everything = float(wanted.size) if counts is None else float(np.add.reduce(counts, None))
        for k, limit in enumerate(self._limits):
            said = self._said(y_pred, limit)
            right = tally(said & wanted, counts)
            wrong = tally(said, counts) - right
            missed = positive - right
            self._counts[:, k] += right, wrong, missed, everything - right - wrong - missed

    def _said(self, y_pred: Array, limit: float) -> npt.NDArray[np.bool_]:
        return y_pred > limit

    def _as_asked(self, values: Counts) -> Any:
        """Return one number, or one for each threshold of a list."""
        return float(values[0]) if len(values) == 1 else values


class _Count(_Thresholds):
    """One of the four counts."""

    counted: ClassVar[int]  # which, in the order of ``_counts``

    def result(self) -> Any:
        """Return the count, or one for each of a list of thresholds."""
        return self._as_asked(self._counts[self.counted])


class TruePositives(_Count):
    """How often a yes is right.

    Parameters
    ----------
    thresholds : float or list of float, optional
        In [0, 1]; a prediction above is a yes. By default 0.5.
    name, dtype
        See ``Metric``.
    """

    default_name = "true_positives"
    counted = 0


class FalsePositives(_Count):
    """How often a yes is wrong; arguments as of ``TruePositives``."""

    default_name = "false_positives"
    counted = 1


class FalseNegatives(_Count):
    """How often a no is wrong; arguments as of ``TruePositives``."""

    default_name = "false_negatives"
    counted = 2


class TrueNegatives(_Count):
    """How often a no is right; arguments as of ``TruePositives``."""

    default_name = "true_negatives"
    counted = 3


class _Share(_Thresholds):
    """A share of right answers, of all predictions, of the largest, or of one class.

    Parameters
    ----------
    thresholds, name, dtype
        As of ``TruePositives``.
    top_k : int, optional
        Only the k largest predictions of each row are yes; without thresholds, whatever they are.
    class_id : int, optional
        Look at this class alone.
    """

    options = ("thresholds", "top_k", "class_id")

    def __init__(
        self,
        thresholds: float | Sequence[float] | None,
        top_k: int | None,
        class_id: int | None,
        name: str | None,
        dtype: object,
    ) -> None:
        super().__init__(thresholds, name, dtype)
        self.top_k = None if top_k is None else check_count(self.name, "top_k", top_k)
        self.class_id = (
            None if class_id is None else check_count(self.name, "class_id", class_id, 0)
        )
        if self.top_k is not None and thresholds is None:
            self._limits = [-np.inf]

    def add(self, y_true: Array, y_pred: Array, weights: Weights) -> None:
        check_same_shape(self.name, y_true, y_pred)
        if self.top_k is not None:
            y_pred = _largest(y_pred, self.top_k)
        if self.class_id is not None:
            if self.class_id >= y_pred.shape[-1]:
                raise ValueError(
                    f"{self.name}: class_id is {self.class_id}, expected less than "
                    f"{y_pred.shape[-1]}, the number of classes; choose another"
                )
            chosen = slice(self.class_id, self.class_id + 1)
            y_true, y_pred = y_true[..., chosen], y_pred[..., chosen]
        super().add(y_true, y_pred, weights)

    def _of_all(self, other: int) -> Any:
        """Return true positives as a share of these and others; 0 of none."""
        right = self._counts[0]
        total = right + self._counts[other]
        return self._as_asked(np.divide(right, total, out=np.zeros_like(right), where=total != 0.0))


class Precision(_Share):
    """How many of all yes are right.

    Parameters
    ----------
    thresholds : float or list of float, optional
        In [0, 1]; a prediction above is a yes. By default 0.5.
    top_k : int, optional
        Only the k largest predictions of each row are yes; without thresholds, whatever they are.
    class_id : int, optional
        Look at this class alone.
    name, dtype
        See ``Metric``.
    """

    def __init__(
        self,
        thresholds: float | Sequence[float] | None = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = "precision",
        dtype: object = None,
    ) -> None:
        super().__init__(thresholds, top_k, class_id, name, dtype)

    def result(self) -> Any:
        """Return the share, or one for each of a list of thresholds."""
        return self._of_all(1)


class Recall(_Share):
    """How many of all that should be yes are; arguments as of ``Precision``."""

    def __init__(
        self,
        thresholds: float | Sequence[float] | None = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = "recall",
        dtype: object = None,
    ) -> None:
        super().__init__(thresholds, top_k, class_id, name, dtype)

    def result(self) -> Any:
        """Return the share, or one for each of a list of thresholds."""
        return self._of_all(2)


def _largest(y_pred: Array, k: int) -> Array:
    """Return predictions with all but the k largest of each row as minus infinity."""
    if k >= y_pred.shape[-1]:
        return y_pred
    kept = np.argpartition(y_pred, -k, axis=-1)[..., -k:]
    result = np.full_like(y_pred, -np.inf)
    np.put_along_axis(result, kept, np.take_along_axis(y_pred, kept, axis=-1), axis=-1)
    return result

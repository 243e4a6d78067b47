"""F scores: one number for precision and recall together."""

from typing import Any, ClassVar

import numpy as np

from gatedcore.arrays import Array
from gatedcore.checks import check_number, is_one_of
from gatedcore.losses.base import EPSILON
from gatedcore.metrics.base import Counter, Weights
from gatedcore.metrics.confusion import Counts, yes_or_no

_AVERAGES = (None, "micro", "macro", "weighted")


class FBetaScore(Counter):
    """``(1 + beta**2) precision recall / (beta**2 precision + recall)``.

    Parameters
    ----------
    average : {None, "micro", "macro", "weighted"}
        One number for each class; of all classes' counts together; the mean over classes; that
        mean weighted by how often each class is true.
    beta : float
        What recall counts beside precision, above 0.
    threshold : float, optional
        In (0, 1]: predictions above are a yes; by default the largest of each row is.
    name, dtype
        See ``Metric``.
    """

    options: ClassVar[tuple[str, ...]] = ("average", "beta", "threshold")

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str | None = "fbeta_score",
        dtype: object = None,
    ) -> None:
        super().__init__(name, dtype)
        if not is_one_of(average, _AVERAGES):
            raise ValueError(
                f"{self.name}: average is {average!r}, expected one of "
                f"{', '.join(map(repr, _AVERAGES))}; choose one of these"
            )
        self.average = average
        self.beta = check_number(self.name, "beta", beta, 0.0, open_start=True)
        top = np.nextafter(1.0, 2.0)
        self.threshold = (
            None
            if threshold is None
            else check_number(self.name, "threshold", threshold, 0.0, top, open_start=True)
        )

    def reset_state(self) -> None:
        # Rows: true positives, false positives, false negatives; of each class.
        self._counts: Counts | None = None

    def get_state(self) -> Any:
        return None if self._counts is None else self._counts.tolist()

    def set_state(self, state: Any) -> None:
        self._counts = None if state is None else np.array(state)

    def add(self, y_true: Array, y_pred: Array, weights: Weights) -> None:
        if y_pred.ndim != 2:
            raise ValueError(
                f"{self.name}: y_pred has shape {y_pred.shape}, expected (B, classes); "
                "use Precision and Recall for sequences"
            )
        wanted, counts = yes_or_no(self.name, y_true, y_pred, weights)
        if self.threshold is None:
            said = y_pred >= np.maximum.reduce(y_pred, axis=-1, keepdims=True)
            said &= np.abs(y_pred) > 1e-9  # as Keras: a row of zeros says nothing
        else:
            said = y_pred > self.threshold
        scale = 1.0 if counts is None else counts
        sums = np.stack(
            [
                (answers * scale).sum(axis=0)
                for answers in (said & wanted, said & ~wanted, wanted & ~said)
            ]
        )
        self._counts = sums if self._counts is None else self._counts + sums

    def result(self) -> Any:
        """Return the score, or with ``average=None`` an array of one for each class."""
        if self._counts is None:
            return 0.0
        counts = self._counts
        if self.average == "micro":
            counts = counts.sum(axis=1, keepdims=True)
        right, wrong, missed = counts
        precision = right / (right + wrong + EPSILON)  # as Keras: a class without counts has 0
        recall = right / (right + missed + EPSILON)
        square = self.beta**2
        scores = (1.0 + square) * precision * recall / (square * precision + recall + EPSILON)
        if self.average == "weighted":
            often = right + missed
            return float((scores * often).sum() / (often.sum() + EPSILON))
        return scores if self.average is None else float(scores.mean())


class F1Score(FBetaScore):
    """The harmonic mean of precision and recall; arguments as of ``FBetaScore``."""

    options = ("average", "threshold")

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str | None = "f1_score",
        dtype: object = None,
    ) -> None:
        super().__init__(average, 1.0, threshold, name, dtype)

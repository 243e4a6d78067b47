"""Focal losses: cross-entropies in which what is predicted well counts little."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gatedcore.arrays import Array
from gatedcore.checks import check_bool, check_number
from gatedcore.losses.base import EPSILON, Scale
from gatedcore.losses.crossentropy import OfShares, entropy_of, exponentials_of, need_classes
from gatedcore.losses.probability import held_inside
from gatedcore.unfused import logistic


class BinaryFocalCrossentropy(OfShares):
    """The binary cross-entropy of each output, times ``m**gamma``.

    m is the probability of the wrong answer, ``y_true (1 - p) + (1 - y_true) p``.

    Parameters
    ----------
    apply_class_balancing : bool
        Whether a term also counts ``alpha`` where the target is 1, ``1 - alpha`` where it is 0.
    alpha : float
        In [0, 1].
    gamma : float
        Not negative; 0 gives the cross-entropy.
    from_logits, label_smoothing, axis
        As of ``BinaryCrossentropy``.
    reduction, name, dtype
        See ``Loss``.

    References
    ----------
    Lin et al. (2017), Focal loss for dense object detection.
    """

    options = ("apply_class_balancing", "alpha", "gamma", "from_logits", "label_smoothing", "axis")

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_focal_crossentropy",
        dtype: object = None,
    ) -> None:
        super().__init__(from_logits, label_smoothing, axis, reduction, name, dtype)
        self.apply_class_balancing = check_bool(
            self.name, "apply_class_balancing", apply_class_balancing
        )
        self.alpha = check_number(self.name, "alpha", alpha, 0.0, np.nextafter(1.0, 2.0))
        self.gamma = check_number(self.name, "gamma", gamma, 0.0)

    def terms(
        self, y_true: Array, y_pred: Array, scale: Scale, slope: bool
    ) -> tuple[Array, Array | None]:
        y_true = self.smoothed_bits(y_true, scale)
        p = logistic(y_pred) if self.from_logits else y_pred
        entropy = entropy_of(y_true, p)
        weight = y_true * self.alpha + (1.0 - y_true) * (1.0 - self.alpha)
        balance = weight if self.apply_class_balancing else 1.0
        wrong: Array = y_true * (1.0 - p) + (1.0 - y_true) * p
        terms = balance * np.power(wrong, self.gamma) * entropy
        if not slope:
            return terms, None
        p = held_inside(p)
        wrong = held_inside(y_true * (1.0 - p) + (1.0 - y_true) * p)
        by_logit = self.gamma * np.power(wrong, self.gamma - 1.0) * (1.0 - 2.0 * y_true)
        by_logit *= entropy * p * (1.0 - p)
        by_logit += np.power(wrong, self.gamma) * (p - y_true)
        gradient: Array = by_logit * balance * scale
        if not self.from_logits:
            gradient /= p * (1.0 - p)
            gradient[(y_pred <= 0.0) | (y_pred >= 1.0)] = 0.0
        return terms, gradient.astype(y_pred.dtype, copy=False)


class CategoricalFocalCrossentropy(OfShares):
    """Minus the sum over classes of ``alpha (1 - p)**gamma y_true log(p)``.

    Parameters
    ----------
    alpha : float or list of float
        What the classes count: all alike, or one number for each.
    gamma : float
        Not negative; 0 gives ``alpha`` times the cross-entropy.
    from_logits, label_smoothing, axis
        As of ``CategoricalCrossentropy``.
    reduction, name, dtype
        See ``Loss``.

    References
    ----------
    Lin et al. (2017), Focal loss for dense object detection.
    """

    elementwise = False
    options = ("alpha", "gamma", "from_logits", "label_smoothing", "axis")

    def __init__(
        self,
        alpha: float | Sequence[float] = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_focal_crossentropy",
        dtype: object = None,
    ) -> None:
        super().__init__(from_logits, label_smoothing, axis, reduction, name, dtype)
        several = isinstance(alpha, list | tuple | np.ndarray)
        given: Any = alpha if several else [alpha]
        checked = [check_number(self.name, "alpha", one, 0.0) for one in given]
        self.alpha: float | list[float] = checked if several else checked[0]
        self.gamma = check_number(self.name, "gamma", gamma, 0.0)

    def terms(
        self, y_true: Array, y_pred: Array, scale: Scale, slope: bool
    ) -> tuple[Array, Array | None]:
        classes = need_classes(self.name, y_pred)
        y_true = self.smoothed_rows(y_true, scale, classes)
        if isinstance(self.alpha, list) and len(self.alpha) != classes:
            raise ValueError(
                f"{self.name}: alpha holds {len(self.alpha)} numbers, expected {classes}, one for "
                "each class of y_pred; pass as many, or one number for all"
            )
        if self.from_logits:
            _, share, total = exponentials_of(y_pred)
        else:
            share, total = y_pred, np.add.reduce(y_pred, axis=-1, keepdims=True)
        share = share / total
        weights = y_true * np.asarray(self.alpha, y_pred.dtype)
        clipped = np.clip(share, EPSILON, 1.0 - EPSILON)
        each = -weights * np.power(1.0 - clipped, self.gamma) * np.log(clipped)
        terms = np.add.reduce(each, axis=-1, keepdims=True)
        if not slope:
            return terms, None
        share = held_inside(share)
        rest = held_inside(1.0 - share)
        # The slope by a share times that share: what logits and unnormalised shares both need.
        by_log = self.gamma * np.power(rest, self.gamma - 1.0) * share * np.log(share)
        by_log -= np.power(rest, self.gamma)
        by_log *= weights
        if self.from_logits:
            gradient = by_log - share * np.add.reduce(by_log, axis=-1, keepdims=True)
        else:
            by_log[y_pred <= 0.0] = 0.0
            gradient = by_log / share - np.add.reduce(by_log, axis=-1, keepdims=True)
            gradient /= total
        gradient *= scale
        return terms, gradient.astype(y_pred.dtype, copy=False)

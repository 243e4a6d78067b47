"""Cross-entropies: of yes and no, of classes as one-hot rows, of classes as numbers."""

from typing import Any

import numpy as np
import numpy.typing as npt

from gatedcore.arrays import Array
from gatedcore.checks import check_bool, check_number
from gatedcore.losses.base import EPSILON, Loss, Scale, check_axis
from gatedcore.losses.probability import held_inside


class OfShares(Loss):
    """What losses of probabilities share: their arguments, and targets that are smoothed.

    Parameters
    ----------
    from_logits : bool
        Whether predictions are logits, of which the loss computes probabilities.
    label_smoothing : float
        In [0, 1]: the part of each target that is spread evenly.
    axis : int
        -1.
    reduction, name, dtype
        See ``Loss``.
    """

    def __init__(
        self,
        from_logits: bool,
        label_smoothing: float,
        axis: int,
        reduction: str | None,
        name: str | None,
        dtype: object,
    ) -> None:
        super().__init__(reduction, name, dtype)
        self.from_logits = check_bool(self.name, "from_logits", from_logits)
        # Up to 1 itself, which the check would leave out.
        self.label_smoothing = check_number(
            self.name, "label_smoothing", label_smoothing, 0.0, np.nextafter(1.0, 2.0)
        )
        check_axis(self.name, axis)
        self.axis = axis

    def smoothed_bits(self, y_true: Array, scale: Scale) -> Array:
        """Return the targets of yes and no, checked; ValueError if one is no probability."""
        _check_shares(self.name, y_true, scale, "yes as 1 and no as 0")
        return self._smoothed(y_true, 2)

    def smoothed_rows(self, y_true: Array, scale: Scale, classes: int) -> Array:
        """Return the targets of several classes, checked likewise."""
        _check_shares(self.name, y_true, scale, "one-hot rows, of to_categorical say")
        return self._smoothed(y_true, classes)

    def _smoothed(self, y_true: Array, classes: int) -> Array:
        if self.label_smoothing:
            y_true = y_true * (1.0 - self.label_smoothing)
            y_true += self.label_smoothing / classes
        return y_true


class BinaryCrossentropy(OfShares):
    """The mean of ``-y_true log(p) - (1 - y_true) log(1 - p)``.

    Parameters
    ----------
    from_logits : bool
        Whether predictions are the logarithms of odds, p being their sigmoid; else they are p
        itself, kept in [1e-7, 1 - 1e-7].
    label_smoothing : float
        In [0, 1]; targets t become ``t (1 - label_smoothing) + label_smoothing / 2``.
    axis : int
        -1.
    reduction, name, dtype
        See ``Loss``.
    """

    options = ("from_logits", "label_smoothing", "axis")

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_crossentropy",
        dtype: object = None,
    ) -> None:
        super().__init__(from_logits, label_smoothing, axis, reduction, name, dtype)

    def terms(
        self, y_true: Array, y_pred: Array, scale: Scale, slope: bool
    ) -> tuple[Array, Array | None]:
        y_true = self.smoothed_bits(y_true, scale)
        of = self._of_logits if self.from_logits else self._of_probabilities
        terms, gradient = of(y_true, y_pred, slope)
        if gradient is not None:
            gradient *= scale
        return terms, gradient

    @staticmethod
    def _of_logits(y_true: Array, y_pred: Array, slope: bool) -> tuple[Array, Array | None]:
        # max(x, 0) - x y + log(1 + exp(-|x|)): no exponential of a positive number.
        small = np.abs(y_pred)
        np.negative(small, out=small)
        np.exp(small, out=small)
        terms = np.log1p(small)
        terms += np.maximum(y_pred, 0.0)
        terms -= y_pred * y_true
        if not slope:
            return terms, None
        gradient = np.where(y_pred < 0.0, small, 1.0).astype(y_pred.dtype, copy=False)
        small += 1.0
        gradient /= small
        gradient -= y_true
        return terms, gradient

    @staticmethod
    def _of_probabilities(y_true: Array, y_pred: Array, slope: bool) -> tuple[Array, Array | None]:
        terms = entropy_of(y_true, y_pred)
        if not slope:
            return terms, None
        p = held_inside(y_pred)
        q = 1.0 - p
        q *= p
        p -= y_true
        p /= q
        p[(y_pred <= 0.0) | (y_pred >= 1.0)] = 0.0
        return terms, p


class CategoricalCrossentropy(OfShares):
    """Minus the sum over classes of ``y_true log(p)``, targets being one-hot or probabilities.

    Parameters
    ----------
    from_logits : bool
        Whether p is the softmax of the predictions; else p are the predictions, divided by their
        sum and kept in [1e-7, 1 - 1e-7].
    label_smoothing : float
        In [0, 1]; targets t become ``t (1 - label_smoothing) + label_smoothing / classes``.
    axis : int
        -1: classes are the last axis.
    reduction, name, dtype
        See ``Loss``.
    """

    elementwise = False
    options = ("from_logits", "label_smoothing", "axis")

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_crossentropy",
        dtype: object = None,
    ) -> None:
        super().__init__(from_logits, label_smoothing, axis, reduction, name, dtype)

    def terms(
        self, y_true: Array, y_pred: Array, scale: Scale, slope: bool
    ) -> tuple[Array, Array | None]:
        y_true = self.smoothed_rows(y_true, scale, need_classes(self.name, y_pred))
        of = self._of_logits if self.from_logits else self._of_probabilities
        terms, gradient = of(y_true, y_pred, slope)
        if gradient is not None:
            gradient *= scale
        return terms, gradient

    @staticmethod
    def _of_logits(y_true: Array, y_pred: Array, slope: bool) -> tuple[Array, Array | None]:
        shifted, exponentials, total = exponentials_of(y_pred)
        shifted -= np.log(total)
        shifted *= y_true
        terms = -np.add.reduce(shifted, axis=-1, keepdims=True)
        if slope:
            exponentials *= np.add.reduce(y_true, axis=-1, keepdims=True) / total
            exponentials -= y_true
        return terms, exponentials

    @staticmethod
    def _of_probabilities(y_true: Array, y_pred: Array, slope: bool) -> tuple[Array, Array | None]:
        total = np.add.reduce(y_pred, axis=-1, keepdims=True)
        share = y_pred / total
        np.clip(share, EPSILON, 1.0 - EPSILON, out=share)
        np.log(share, out=share)
        share *= y_true
        terms = -np.add.reduce(share, axis=-1, keepdims=True)
        if not slope:
            return terms, None
        np.divide(y_true, held_above(y_pred), out=share)
        share[y_pred <= 0.0] = 0.0
        np.subtract(np.add.reduce(y_true, axis=-1, keepdims=True) / total, share, out=share)
        return terms, share


class SparseCategoricalCrossentropy(Loss):
    """Minus ``log(p)`` of the true class, targets being class numbers from 0.

    Parameters
    ----------
    from_logits : bool
        As in ``CategoricalCrossentropy``.
    ignore_class : int, optional
        Targets of this number, such as -1, count as masked.
    reduction, name, dtype
        See ``Loss``.
    axis : int
        -1: classes are the last axis.
    """

    elementwise = False
    sparse = True
    options = ("from_logits", "ignore_class", "axis")

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "sparse_categorical_crossentropy",
        dtype: object = None,
        axis: int = -1,
    ) -> None:
        super().__init__(reduction, name, dtype)
        self.from_logits = check_bool(self.name, "from_logits", from_logits)
        if ignore_class is not None and (
            isinstance(ignore_class, bool) or not isinstance(ignore_class, int | np.integer)
        ):
            raise TypeError(
                f"{self.name}: ignore_class is {ignore_class!r}, expected an integer or None; "
                "pass the number that marks what is no target"
            )
        self.ignore_class = None if ignore_class is None else int(ignore_class)
        check_axis(self.name, axis)
        self.axis = axis

    def valid(self, y_true: Array) -> npt.NDArray[np.bool_] | None:
        if self.ignore_class is None:
            return None
        valid: npt.NDArray[np.bool_] = y_true != self.ignore_class
        return valid

    def terms(
        self, y_true: Array, y_pred: Array, scale: Scale, slope: bool
    ) -> tuple[Array, Array | None]:
        classes = need_classes(self.name, y_pred)
        chosen = class_numbers(self.name, y_true, classes, scale)[..., None]
        if not self.from_logits:
            return self._of_probabilities(chosen, y_pred, scale, slope)
        shifted, exponentials, total = exponentials_of(y_pred)
        terms = np.log(total)
        terms -= np.take_along_axis(shifted, chosen, axis=-1)
        if slope:
            exponentials *= scale / total
            _subtract_at(exponentials, chosen, scale)
        return terms, exponentials

    @staticmethod
    def _of_probabilities(
        chosen: npt.NDArray[np.intp], y_pred: Array, scale: Scale, slope: bool
    ) -> tuple[Array, Array | None]:
        total = np.add.reduce(y_pred, axis=-1, keepdims=True)
        picked = np.take_along_axis(y_pred, chosen, axis=-1)
        terms = picked / total
        np.clip(terms, EPSILON, 1.0 - EPSILON, out=terms)
        np.log(terms, out=terms)
        np.negative(terms, out=terms)
        if not slope:
            return terms, None
        gradient = np.empty_like(y_pred)
        gradient[...] = scale / total
        slopes = scale / held_above(picked)
        slopes[picked <= 0.0] = 0.0
        _subtract_at(gradient, chosen, slopes)
        return terms, gradient


def entropy_of(y_true: Array, p: Array) -> Array:
    """Return ``-y_true log(p) - (1 - y_true) log(1 - p)``, p kept in [1e-7, 1 - 1e-7]."""
    p = np.clip(p, EPSILON, 1.0 - EPSILON)
    q = 1.0 - p
    np.log(p, out=p)
    p *= y_true
    np.log(q, out=q)
    q *= 1.0 - y_true
    p += q
    np.negative(p, out=p)
    return p


def exponentials_of(logits: Array) -> tuple[Array, Array, Array]:
    """Return logits less their largest, the exponentials of these, and the sums of those."""
    shifted = logits - np.maximum.reduce(logits, axis=-1, keepdims=True)
    exponentials = np.exp(shifted)
    return shifted, exponentials, np.add.reduce(exponentials, axis=-1, keepdims=True)


def held_above(probabilities: Array) -> Array:
    """Return what can be divided by: probabilities, at least the smallest normal number.

    See ``held_inside`` for why 1e-7 is not the limit here.
    """
    return np.maximum(probabilities, np.finfo(probabilities.dtype).tiny)


def class_numbers(
    where: str, y_true: npt.NDArray[Any], classes: int, scale: Scale
) -> npt.NDArray[np.intp]:
    """Return targets as indices; those that count nothing may be anything and become 0.

    Raises
    ------
    ValueError
        If one is no class number.
    """
    with np.errstate(invalid="ignore"):  # NaN is no whole number either
        numbers = y_true.astype(np.intp, copy=False)
    whole = y_true.dtype.kind in "iu" or bool((numbers == y_true).all())
    # As unsigned numbers the negative ones are the largest.
    if whole and int(np.maximum.reduce(numbers.view(np.uintp), axis=None)) < classes:
        return numbers
    wrong = (numbers != y_true) | (numbers < 0) | (numbers >= classes)
    counting = np.asarray(scale != 0.0)
    seen = wrong & (counting[..., 0] if counting.ndim else counting)
    if seen.any():
        raise ValueError(
            f"{where}: y_true holds the label {y_true[seen][0]:g}, expected class numbers from 0 "
            f"to {classes - 1}, as y_pred has {classes} classes; renumber the labels, or give the "
            "last layer more units"
        )
    return np.where(wrong, 0, numbers)


def _check_shares(where: str, y_true: Array, scale: Scale, advice: str) -> None:
    """Raise if a target is no probability, unless its scale is 0: it does not count then.

    Raises
    ------
    ValueError
        If one that counts lies outside [0, 1]. NaN passes: a loss of NaN tells of it.
    """
    if y_true.min() >= 0.0 and y_true.max() <= 1.0:
        return
    wrong = ((y_true < 0.0) | (y_true > 1.0)) & (scale != 0.0)
    if wrong.any():
        raise ValueError(
            f"{where}: y_true holds {y_true[wrong][0]:g}, expected numbers from 0 to 1; pass "
            f"{advice}, or take another loss"
        )


def need_classes(where: str, y_pred: Array) -> int:
    """Return the number of classes.

    Raises
    ------
    ValueError
        If there is one alone, of which the probability is 1 whatever the model says.
    """
    classes: int = y_pred.shape[-1]
    if classes < 2:
        raise ValueError(
            f"{where}: y_pred has shape {y_pred.shape}, expected at least 2 classes on the last "
            "axis; use binary_crossentropy for one output"
        )
    return classes


def _subtract_at(gradient: Array, chosen: npt.NDArray[np.intp], slopes: Scale) -> None:
    """Subtract slopes at the chosen classes."""
    picked = np.take_along_axis(gradient, chosen, axis=-1)
    picked -= slopes
    np.put_along_axis(gradient, chosen, picked, axis=-1)

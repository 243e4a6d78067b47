"""What all losses are: terms and their slopes, weighed, masked and reduced as in Keras."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, TypeAlias

import numpy as np
import numpy.typing as npt

from gatedcore.arrays import Array, as_array, to_numpy
from gatedcore.checks import check_name, is_one_of
from gatedcore.configs import Configurable
from gatedcore.sample_weights import aligned, as_mask

EPSILON = 1e-7  # Keras's keras.config.epsilon(): logarithms and quotients stay this far from 0

Scale: TypeAlias = float | Array

_MEANS = ("sum_over_batch_size", "mean", "mean_with_sample_weight")
_REDUCTIONS = (*_MEANS, "sum", "none", None)


class Loss(Configurable, ABC):
    """A function of targets and predictions, with its gradient by the predictions.

    A subclass writes ``terms``; weights, masks and the reduction are here.

    Parameters
    ----------
    reduction : str, optional
        ``"sum_over_batch_size"`` or ``"mean"``: the sum of all samples' (or steps') losses, each
        times its weight, divided by their number, or with a mask by the number of those that it
        keeps. ``"mean_with_sample_weight"`` divides by the sum of the weights, ``"sum"`` by
        nothing. ``"none"`` or None, only for calls: the losses themselves.
    name : str, optional
        For errors; by default that of the class.
    dtype : None
        Losses are computed in the predictions' dtype and added in float64.

    Raises
    ------
    ValueError
        If the reduction is unknown, or a dtype is given.
    """

    # Whether targets are class numbers, with an axis less than the predictions.
    sparse: ClassVar[bool] = False
    # Whether there is a term for each prediction, a sample's loss being their mean over the last
    # axis; else one for each sample or step.
    elementwise: ClassVar[bool] = True
    attribute_of: ClassVar[Mapping[str, str | None]] = {"dtype": None}  # there is but one
    # Keras's name where none is given; "" for the class's.
    default_name: ClassVar[str] = ""
    # The arguments beside those of this class.
    options: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: object = None,
    ) -> None:
        kind = type(self).__name__
        self.name = check_name(kind, name) or self.default_name or kind
        if not is_one_of(reduction, _REDUCTIONS):
            raise ValueError(
                f"{self.name}: reduction is {reduction!r}, expected one of "
                f"{', '.join(map(repr, _REDUCTIONS))}; choose one of these"
            )
        if dtype is not None:
            raise ValueError(
                f"{self.name}: dtype={dtype!r} is not supported, expected None; the loss has the "
                "dtype of the predictions, which is the model's"
            )
        self.reduction = reduction

    @abstractmethod
    def terms(
        self, y_true: Array, y_pred: Array, scale: Scale, slope: bool
    ) -> tuple[Array, Array | None]:
        """Return the terms of the loss, and the gradient of their sum times ``scale``.

        Parameters
        ----------
        y_true, y_pred : ndarray
            Targets and predictions that fit each other, (B, ..., F); of targets that are class
            numbers (B, ...).
        scale : float or ndarray, (B, ..., 1)
            What a term counts; where it is 0 the target may be anything.
        slope : bool
            Whether to compute the gradient.

        Returns
        -------
        terms : ndarray, (B, ..., F), or (B, ..., 1) if not ``elementwise``
            New memory, not yet scaled.
        gradient : ndarray, (B, ..., F), or None
            New memory, of the predictions' dtype.
        """

    def valid(self, y_true: Array) -> npt.NDArray[np.bool_] | None:
        """Return which samples or steps count at all; None for all."""
        return None

    def __call__(
        self, y_true: object, y_pred: object, sample_weight: object = None, mask: object = None
    ) -> float | Array:
        """Return the loss.

        Parameters
        ----------
        y_true, y_pred : array-like, (B, ..., F)
            Targets and predictions; of class numbers (B, ...) or (B, ..., 1).
        sample_weight : array-like, (B,) or (B, ...), optional
            What samples or steps count.
        mask : array-like of bool, (B,) or (B, ...), optional
            Which samples or steps count at all.

        Returns
        -------
        float, or with ``reduction="none"`` an ndarray, (B, ...)
            The loss.

        Raises
        ------
        TypeError, ValueError
            If an array does not hold real numbers, or the shapes disagree.
        """
        if self.reduction in _REDUCTIONS[:4]:
            return self._of_anything(y_true, y_pred, sample_weight, mask, False)[0]
        targets, predictions = self._as_arrays(y_true, y_pred)
        return self.values(targets, predictions, *self._as_weights(sample_weight, mask))

    def value_and_gradient(
        self, y_true: object, y_pred: object, sample_weight: object = None, mask: object = None
    ) -> tuple[float, Array]:
        """Return the loss and its gradient by the predictions.

        Parameters
        ----------
        y_true, y_pred, sample_weight, mask
            As in a call.

        Returns
        -------
        loss : float
            Summed in float64.
        d_y_pred : ndarray, (B, ..., F)
            In the dtype of the predictions.

        Raises
        ------
        TypeError, ValueError
            As a call, or if there is no reduction to a number.
        """
        self.check_reduces(self.name)
        loss, gradient = self._of_anything(y_true, y_pred, sample_weight, mask, True)
        assert gradient is not None
        return loss, gradient

    def check_reduces(self, where: str) -> None:
        """Raise unless the loss is one number.

        Raises
        ------
        ValueError
            If there is no reduction.
        """
        if self.reduction not in _REDUCTIONS[:4]:
            raise ValueError(
                f"{where}: loss {self.name} has reduction={self.reduction!r}, expected one that "
                "gives a number; pass reduction='sum_over_batch_size'"
            )

    # The same for arrays that are known to be float arrays.

    def reduce(
        self,
        y_true: Array,
        y_pred: Array,
        weights: npt.NDArray[Any] | None = None,
        mask: npt.NDArray[Any] | None = None,
        slope: bool = True,
    ) -> tuple[float, Array | None]:
        """Return the loss and its gradient for arrays.

        Raises
        ------
        ValueError
            If shapes disagree or a target is no class.
        """
        y_true = self.matched(y_true, y_pred)
        valid = self.valid(y_true)
        features = y_pred.shape[-1] if self.elementwise else 1
        if weights is None and mask is None and valid is None:
            values = 1 if self.reduction == "sum" else y_pred.size // y_pred.shape[-1]
            scale = 1.0 / (values * features)
            terms, gradient = self.terms(y_true, y_pred, scale, slope)
            return float(np.add.reduce(terms, axis=None, dtype=np.float64)) * scale, gradient
        scales = self._scales(y_pred.shape[:-1], weights, mask, valid)[..., None] / features
        terms, gradient = self.terms(y_true, y_pred, scales.astype(y_pred.dtype), slope)
        return float(np.add.reduce(np.multiply(terms, scales), axis=None)), gradient

    def values(
        self,
        y_true: Array,
        y_pred: Array,
        weights: npt.NDArray[Any] | None = None,
        mask: npt.NDArray[Any] | None = None,
    ) -> Array:
        """Return the losses of samples or steps, (B, ...), times what they count.

        Raises
        ------
        ValueError
            If shapes disagree or a target is no class.
        """
        y_true = self.matched(y_true, y_pred)
        shape = y_pred.shape[:-1]
        counts = self._counts(shape, weights, mask, self.valid(y_true))
        scale = 1.0 if counts is None else counts[..., None]
        terms = self.terms(y_true, y_pred, scale, False)[0]
        values = np.add.reduce(terms, axis=-1, dtype=np.float64)
        if self.elementwise:
            values /= y_pred.shape[-1]
        if counts is not None:
            values *= counts
        result: Array = values.astype(y_pred.dtype)
        return result

    def matched(self, y_true: Array, y_pred: Array) -> Array:
        """Return the targets, in the shape and dtype that ``terms`` takes.

        Raises
        ------
        ValueError
            If they do not fit the predictions: nothing is broadcast.
        """
        shape = y_pred.shape
        if self.sparse:
            if y_true.shape == (*shape[:-1], 1):
                y_true = y_true[..., 0]
            shape = shape[:-1]
        if y_true.shape != shape or not y_pred.size:
            expected = "that of y_pred without its last axis" if self.sparse else "that of y_pred"
            raise ValueError(
                f"{self.name}: y_true has shape {y_true.shape}, expected {expected}, {shape}, "
                "with at least one element; reshape it"
            )
        if self.sparse or y_true.dtype == y_pred.dtype:
            return y_true
        return y_true.astype(y_pred.dtype)

    def _counts(self, shape: tuple[int, ...], *factors: npt.NDArray[Any] | None) -> Array | None:
        """Return the product of weights and masks as float64, None if there are none."""
        product: Array | None = None
        for name, factor in zip(("sample_weight", "mask", "mask"), factors, strict=True):
            if factor is not None:
                laid = aligned(self.name, name, factor, shape)
                product = laid.astype(np.float64) if product is None else product * laid
        return product

    def _scales(
        self,
        shape: tuple[int, ...],
        weights: npt.NDArray[Any] | None,
        mask: npt.NDArray[Any] | None,
        valid: npt.NDArray[np.bool_] | None,
    ) -> Array:
        """Return what the loss of each sample or step counts in the whole."""
        product = self._counts(shape, weights, mask, valid)
        assert product is not None
        divisor = self._divisor(shape, product, weights, mask, valid)
        return product / divisor if divisor else np.zeros_like(product)

    def divisor(
        self,
        y_true: Array,
        y_pred: Array,
        weights: npt.NDArray[Any] | None = None,
        mask: npt.NDArray[Any] | None = None,
    ) -> float:
        """Return what ``reduce`` divides the sum of all losses by.

        Raises
        ------
        ValueError
            As ``reduce``.
        """
        valid = self.valid(self.matched(y_true, y_pred))
        shape = y_pred.shape[:-1]
        if weights is None and mask is None and valid is None:
            return 1.0 if self.reduction == "sum" else float(math.prod(shape))
        product = self._counts(shape, weights, mask, valid)
        assert product is not None
        return self._divisor(shape, product, weights, mask, valid)

    def _divisor(
        self,
        shape: tuple[int, ...],
        product: Array,
        weights: npt.NDArray[Any] | None,
        mask: npt.NDArray[Any] | None,
        valid: npt.NDArray[np.bool_] | None,
    ) -> float:
        """Return the same, given the product of weights and masks."""
        values = math.prod(shape)
        if self.reduction == "sum":
            return 1.0
        if self.reduction == "mean_with_sample_weight":
            return float(product.sum()) * (values / product.size)
        if mask is None and valid is None:
            return float(values)
        kept = self._counts(shape, None, mask, valid)
        assert kept is not None
        return np.count_nonzero(kept) * (values / kept.size)

    # Whatever a caller hands in.

    def _of_anything(
        self, y_true: object, y_pred: object, weights: object, mask: object, slope: bool
    ) -> tuple[float, Array | None]:
        targets, predictions = self._as_arrays(y_true, y_pred)
        return self.reduce(targets, predictions, *self._as_weights(weights, mask), slope)

    def _as_arrays(self, y_true: object, y_pred: object) -> tuple[Array, Array]:
        predictions = as_array(self.name, "y_pred", y_pred)
        if not predictions.ndim:
            raise ValueError(
                f"{self.name}: y_pred is a single number, expected an array (B, ...); "
                "pass the predictions of a batch"
            )
        targets = to_numpy(self.name, "y_true", y_true)
        if targets.dtype.kind not in "iu" or not self.sparse:  # class numbers stay integers
            targets = as_array(self.name, "y_true", targets, predictions.dtype)
        return targets, predictions

    def _as_weights(
        self, weights: object, mask: object
    ) -> tuple[Array | None, npt.NDArray[Any] | None]:
        return (
            None if weights is None else as_array(self.name, "sample_weight", weights),
            None if mask is None else as_mask(self.name, mask),
        )

    # Keras's way to write an object down.

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make this loss again."""
        chosen = {option: getattr(self, option) for option in self.options}
        return {"name": self.name, "reduction": self.reduction, **chosen}

    def __repr__(self) -> str:
        given = ", ".join(f"{key}={value!r}" for key, value in self.get_config().items())
        return f"{type(self).__name__}({given})"


def check_axis(where: str, axis: object) -> None:
    """Raise unless ``axis`` is the last one.

    Raises
    ------
    ValueError
        If it is another.
    """
    if axis != -1 or isinstance(axis, bool):
        raise ValueError(
            f"{where}: axis={axis!r} is not supported, expected -1, the last; "
            "move the classes there"
        )

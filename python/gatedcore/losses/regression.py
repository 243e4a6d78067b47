"""Losses of real numbers: of errors, ratios, logarithms, quantiles and angles."""

import numpy as np

from gatedcore.arrays import Array
from gatedcore.checks import check_number
from gatedcore.losses.base import EPSILON, Loss, Scale, check_axis


class MeanSquaredError(Loss):
    """The mean of ``(y_pred - y_true)**2``."""

    default_name = "mean_squared_error"

    def terms(
        self, y_true: Array, y_pred: Array, scale: Scale, slope: bool
    ) -> tuple[Array, Array | None]:
        error = y_pred - y_true
        terms = np.square(error)
        if slope:
            error *= 2.0 * scale
        return terms, error


class MeanAbsoluteError(Loss):
    """The mean of ``|y_pred - y_true|``; its slope is 0 where the two are equal."""

    default_name = "mean_absolute_error"

    def terms(
        self, y_true: Array, y_pred: Array, scale: Scale, slope: bool
    ) -> tuple[Array, Array | None]:
        error = y_pred - y_true
        terms = np.abs(error)
        if slope:
            np.sign(error, out=error)
            error *= scale
        return terms, error


class MeanAbsolutePercentageError(Loss):
    """The mean of ``100 |y_pred - y_true| / max(|y_true|, 1e-7)``, in percent."""

    default_name = "mean_absolute_percentage_error"

    def terms(
        self, y_true: Array, y_pred: Array, scale: Scale, slope: bool
    ) -> tuple[Array, Array | None]:
        size = np.abs(y_true)
        np.maximum(size, EPSILON, out=size)
        error = y_pred - y_true
        terms = np.abs(error)
        terms /= size
        terms *= 100.0
        if slope:
            np.sign(error, out=error)
            error /= size
            error *= 100.0 * scale
        return terms, error


class MeanSquaredLogarithmicError(Loss):
    """The mean of ``(log(1 + y_pred) - log(1 + y_true))**2``, of numbers not below 1e-7."""

    default_name = "mean_squared_logarithmic_error"

    def terms(
        self, y_true: Array, y_pred: Array, scale: Scale, slope: bool
    ) -> tuple[Array, Array | None]:
        predicted = np.maximum(y_pred, EPSILON)
        error = np.log1p(predicted)
        error -= np.log1p(np.maximum(y_true, EPSILON))
        terms = np.square(error)
        if slope:
            predicted += 1.0
            error /= predicted
            error *= 2.0 * scale
            error[y_pred < EPSILON] = 0.0
        return terms, error


class Huber(Loss):
    """Half the squared error up to ``delta``, beyond it linear with the slope ``delta``.

    Parameters
    ----------
    delta : float
        Where the line begins, above 0; in the unit of the targets.
    reduction, name, dtype
        See ``Loss``.

    References
    ----------
    Huber (1964), Robust estimation of a location parameter.
    """

    options = ("delta",)

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "huber_loss",
        dtype: object = None,
    ) -> None:
        super().__init__(reduction, name, dtype)
        self.delta = check_number(self.name, "delta", delta, 0.0, open_start=True)

    def terms(
        self, y_true: Array, y_pred: Array, scale: Scale, slope: bool
    ) -> tuple[Array, Array | None]:
        error = y_pred - y_true
        clipped = np.clip(error, -self.delta, self.delta)
        error -= 0.5 * clipped  # clipped * (error - clipped / 2) is both branches
        error *= clipped
        if slope:
            clipped *= scale
        return error, clipped


class LogCosh(Loss):
    """The mean of ``log(cosh(y_pred - y_true))``: squared when small, absolute when large."""

    default_name = "log_cosh"

    def terms(
        self, y_true: Array, y_pred: Array, scale: Scale, slope: bool
    ) -> tuple[Array, Array | None]:
        error = y_pred - y_true
        size = np.abs(error)
        # |e| + log((1 + exp(-2 |e|)) / 2): never overflows, and exact to rounding near 0.
        terms = np.expm1(-2.0 * size)
        terms *= 0.5
        np.log1p(terms, out=terms)
        terms += size
        if slope:
            np.tanh(error, out=error)
            error *= scale
        return terms, error


class Quantile(Loss):
    """The pinball loss: its minimum is the quantile of the targets; Keras has none.

    A target above the prediction costs ``quantile`` times the error, one below
    ``1 - quantile`` times.

    Parameters
    ----------
    quantile : float
        In (0, 1); 0.5 is half the absolute error.
    reduction, name, dtype
        See ``Loss``.

    References
    ----------
    Koenker and Bassett (1978), Regression quantiles.
    """

    options = ("quantile",)

    def __init__(
        self,
        quantile: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "quantile",
        dtype: object = None,
    ) -> None:
        super().__init__(reduction, name, dtype)
        self.quantile = check_number(self.name, "quantile", quantile, 0.0, 1.0, open_start=True)

    def terms(
        self, y_true: Array, y_pred: Array, scale: Scale, slope: bool
    ) -> tuple[Array, Array | None]:
        error = y_pred - y_true
        sides = (error > 0.0).astype(error.dtype)
        sides -= self.quantile
        sides[error == 0.0] = 0.0
        error *= sides
        if slope:
            sides *= scale
        return error, sides


class CosineSimilarity(Loss):
    """Minus the cosine of the angle between targets and predictions over the last axis.

    Vectors shorter than 1e-7 are divided by that.

    Parameters
    ----------
    axis : int
        -1.
    reduction, name, dtype
        See ``Loss``.
    """

    elementwise = False
    options = ("axis",)

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "cosine_similarity",
        dtype: object = None,
    ) -> None:
        super().__init__(reduction, name, dtype)
        check_axis(self.name, axis)
        self.axis = axis

    def terms(
        self, y_true: Array, y_pred: Array, scale: Scale, slope: bool
    ) -> tuple[Array, Array | None]:
        target, _ = unit(y_true)
        direction, length = unit(y_pred)
        terms = -np.add.reduce(target * direction, axis=-1, keepdims=True)
        if not slope:
            return terms, None
        # Of a vector longer than 1e-7 the part along itself changes nothing.
        along = np.where(length > EPSILON, terms, 0.0).astype(terms.dtype)
        direction *= along
        direction += target
        direction *= -scale / length
        return terms, direction


def unit(vectors: Array) -> tuple[Array, Array]:
    """Return vectors of length 1 over the last axis, and the lengths they were divided by."""
    length = np.sqrt(np.add.reduce(np.square(vectors), axis=-1, keepdims=True))
    np.maximum(length, EPSILON, out=length)
    return vectors / length, length

"""Features shifted and scaled to mean 0 and deviation 1, and back."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gatedcore.arrays import FLOAT64, Array, as_array, float_dtype
from gatedcore.checks import check_bool, check_count

# A smaller deviation counts as this much, as in Keras: a constant feature becomes 0, not NaN.
_LEAST_DEVIATION = 1e-7


class Normalization:
    """Shift and scale features to mean 0 and deviation 1, by the data that it was adapted to.

    Parameters
    ----------
    axis : int, tuple of int, or None
        Axes along which each place has a mean and variance of its own: by default the last, the
        features; None for one of all numbers.
    mean, variance : array-like, optional
        Of the data, instead of ``adapt``; of the shape of the axes, or single numbers.
    invert : bool
        Whether a call goes the other way, as ``inverse`` does.

    Attributes
    ----------
    mean, variance : ndarray of float64 or None
        One number for each place along ``axis``.

    Raises
    ------
    TypeError, ValueError
        If an argument is of a wrong kind, or only one of mean and variance is given.

    References
    ----------
    ``keras.layers.Normalization``.

    Examples
    --------
    >>> scaler = Normalization()
    >>> scaler.adapt([[1.0, 10.0], [3.0, 30.0]])
    >>> scaler([[2.0, 40.0]]).tolist()
    [[0.0, 2.0]]
    >>> scaler.inverse([[0.0, 2.0]]).tolist()
    [[2.0, 40.0]]
    """

    def __init__(
        self,
        axis: int | Sequence[int] | None = -1,
        mean: object = None,
        variance: object = None,
        invert: bool = False,
    ) -> None:
        where = "Normalization"
        self.axis = _axes(axis)
        self.invert = check_bool(where, "invert", invert)
        if (mean is None) != (variance is None):
            raise ValueError(
                f"{where}: mean is {mean!r} and variance {variance!r}, expected both or neither; "
                "pass both, or call adapt"
            )
        self.mean: Array | None = None
        self.variance: Array | None = None
        self._given = mean is not None
        if self._given:
            self.mean = as_array(where, "mean", mean, FLOAT64)
            self.variance = as_array(where, "variance", variance, FLOAT64)
            self._check_moments(where)

    def _check_moments(self, where: str) -> None:
        assert self.mean is not None
        assert self.variance is not None
        if self.mean.shape != self.variance.shape or self.mean.ndim not in (0, len(self.axis)):
            raise ValueError(
                f"{where}: mean has shape {self.mean.shape} and variance {self.variance.shape}, "
                f"expected numbers or the same {len(self.axis)} axes, those of axis={self.axis}; "
                "reshape them"
            )
        if not (np.isfinite(self.mean).all() and (self.variance >= 0.0).all()):
            raise ValueError(
                f"{where}: mean holds NaN or infinity or variance a number below 0, expected "
                "moments of data; compute them anew"
            )

    def adapt(self, data: object) -> None:
        """Take mean and variance from data; those of an earlier call are forgotten.

        Parameters
        ----------
        data : array-like, (N, ..., F)
            Samples; of time series, too: the mean is over samples and steps.

        Raises
        ------
        TypeError, ValueError
            If the data do not suit, or mean and variance were given; nothing is changed then.
        """
        where = "Normalization.adapt"
        if self._given:
            raise ValueError(
                f"{where}: mean and variance were given, expected a scaler without; "
                "make one with Normalization()"
            )
        x = as_array(where, "data", data, FLOAT64)
        kept = self._kept(where, x.ndim)
        if x.ndim == len(kept):
            raise ValueError(
                f"{where}: data has shape {x.shape} and axis={self.axis} leaves no axis to average "
                "over, expected samples; pass axis=None, or data[:, None] for one feature"
            )
        if not x.size or not np.isfinite(x).all():
            raise ValueError(
                f"{where}: data {'holds NaN or infinity' if x.size else 'is empty'}, expected "
                "finite numbers; leave such samples out, or fill the gaps"
            )
        others = tuple(k for k in range(x.ndim) if k not in kept)
        self.mean, self.variance = np.mean(x, axis=others), np.var(x, axis=others)

    def take_moments(self, mean: Array, variance: Array) -> None:
        """Take mean and variance as if ``adapt`` had found them.

        Parameters
        ----------
        mean, variance : ndarray
            Of the shape of the axes.

        Raises
        ------
        ValueError
            If the shapes do not suit, or they are no moments; nothing is changed then.
        """
        before = self.mean, self.variance
        self.mean, self.variance = mean.astype(FLOAT64), variance.astype(FLOAT64)
        try:
            self._check_moments("Normalization.take_moments")
        except ValueError:
            self.mean, self.variance = before
            raise

    def __call__(self, x: object) -> Array:
        """Return ``(x - mean) / deviation``; with ``invert`` the inverse.

        Parameters
        ----------
        x : array-like, (N, ..., F)
            As the data of ``adapt``; any number of samples and steps.

        Returns
        -------
        ndarray of float32, or of float64 if ``x`` is
            Of the same shape.

        Raises
        ------
        TypeError, ValueError
            If there are no mean and variance yet, or ``x`` does not suit them.
        """
        return self._apply("Normalization", x, self.invert)

    def inverse(self, x: object) -> Array:
        """Return ``x * deviation + mean``: what a call does, undone; with ``invert`` the call.

        Parameters
        ----------
        x : array-like, (N, ..., F)
            Normalised numbers.

        Returns
        -------
        ndarray of float32, or of float64 if ``x`` is
            Of the same shape.

        Raises
        ------
        TypeError, ValueError
            As a call.
        """
        return self._apply("Normalization.inverse", x, not self.invert)

    def _apply(self, where: str, value: object, inverse: bool) -> Array:
        # In float64: a year or a price is large beside its deviation.
        x = as_array(where, "x", value, FLOAT64)
        mean, deviation = self.moments_for(where, x.shape)
        result = x * deviation + mean if inverse else (x - mean) / deviation
        return result.astype(float_dtype(value), copy=False)

    def moments_for(self, where: str, x_shape: tuple[int, ...]) -> tuple[Array, Array]:
        """Return mean and deviation in a shape that goes with data of a shape.

        Raises
        ------
        ValueError
            If there are none yet, or they do not suit such data.
        """
        if self.mean is None or self.variance is None:
            raise ValueError(
                f"{where}: there are no mean and variance yet, expected both; call adapt(data)"
            )
        kept = self._kept(where, len(x_shape))
        shape = [1] * len(x_shape)
        if self.mean.ndim:
            places = tuple(x_shape[k] for k in kept)
            if places != self.mean.shape:
                raise ValueError(
                    f"{where}: x has shape {x_shape}, expected {self.mean.shape} along "
                    f"axis={self.axis}; pass the features of adapt"
                )
            for k, size in zip(kept, self.mean.shape, strict=True):
                shape[k] = size
        deviation = np.maximum(np.sqrt(self.variance), _LEAST_DEVIATION)
        return self.mean.reshape(shape), deviation.reshape(shape)

    def _kept(self, where: str, rank: int) -> tuple[int, ...]:
        """Return ``axis`` counted from 0, in order."""
        if any(not -rank <= k < rank for k in self.axis):
            raise ValueError(
                f"{where}: axis is {self.axis} and the data have {rank} axes, expected axes that "
                "they have; reshape the data, or choose another axis"
            )
        kept = sorted(k % rank for k in self.axis)
        if len(set(kept)) < len(kept):
            raise ValueError(
                f"{where}: axis is {self.axis}, of {rank} axes the same one twice, expected "
                "different ones; leave one out"
            )
        return tuple(kept)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make this scaler, what it was adapted to included."""
        return {
            "axis": list(self.axis),
            "mean": None if self.mean is None else self.mean.tolist(),
            "variance": None if self.variance is None else self.variance.tolist(),
            "invert": self.invert,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Normalization":
        """Return the scaler of a ``get_config``."""
        return cls(**config)


def _axes(axis: object) -> tuple[int, ...]:
    """Return the argument ``axis`` as a tuple."""
    given = () if axis is None else axis if isinstance(axis, list | tuple) else (axis,)
    least = -32  # more axes no array has
    return tuple(check_count("Normalization", "axis", k, least) for k in given)

"""Normalisation by the moments of data as a layer of a model."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from gatedcore import preprocessing
from gatedcore.arrays import Array, Shape
from gatedcore.layers.base import Layer, Mask


class Normalization(Layer):
    """Features shifted and scaled to mean 0 and deviation 1, by the data that it was adapted to.

    The moments are no weights, as training leaves them: they are written with the architecture.
    Within a model numbers are of its dtype; ``gatedcore.preprocessing.Normalization`` computes in
    float64.

    Parameters
    ----------
    axis : int, tuple of int, or None
        Axes along which each place has a mean and variance of its own, the batch counted; by
        default the last.
    mean, variance : array-like, optional
        Of the data, instead of ``adapt``.
    invert : bool
        Whether to go from normalised numbers back.
    **base
        ``input_shape``, ``name`` and ``dtype``; see ``Layer``.

    Raises
    ------
    TypeError, ValueError
        If an argument is of a wrong kind, or only one of mean and variance is given.

    References
    ----------
    ``keras.layers.Normalization``.
    """

    needs_features = False
    attribute_of: ClassVar[Mapping[str, str | None]] = {
        **Layer.attribute_of,
        **dict.fromkeys(("axis", "mean", "variance", "invert")),  # get_config adds them
    }

    def __init__(
        self,
        axis: int | Sequence[int] | None = -1,
        mean: object = None,
        variance: object = None,
        invert: bool = False,
        **base: Any,
    ) -> None:
        self.scaler = preprocessing.Normalization(axis, mean, variance, invert)
        super().__init__(**base)

    @property
    def mean(self) -> Array | None:
        """Mean of each place along ``axis``, in float64; None before ``adapt``."""
        return self.scaler.mean

    @property
    def variance(self) -> Array | None:
        """Variance of each place along ``axis``, in float64; None before ``adapt``."""
        return self.scaler.variance

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
        self.scaler.adapt(data)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self.scaler.get_config()}

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def why_whole(self) -> str | None:
        each_step_alike = self.scaler.axis in ((), (-1,))
        return None if each_step_alike else f"has axis={self.scaler.axis}"

    def forward(self, x: Array, training: bool, mask: Mask | None = None) -> Array:
        mean, deviation = self._moments(x)
        if training:
            self._saved = deviation
        y: Array = x * deviation + mean if self.scaler.invert else (x - mean) / deviation
        return y

    def backward(self, d_y: Array, need_d_x: bool) -> Array | None:
        deviation, self._saved = self._saved, None
        d_x: Array = d_y * deviation if self.scaler.invert else d_y / deviation
        return d_x

    def _moments(self, x: Array) -> tuple[Array, Array]:
        mean, deviation = self.scaler.moments_for(self.name, x.shape)
        return mean.astype(x.dtype), deviation.astype(x.dtype)

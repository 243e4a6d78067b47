"""Layers that make one vector of all time steps; none has parameters."""

from typing import Any, ClassVar

import numpy as np

from gatedcore import keras_arguments
from gatedcore.arrays import Array, Shape
from gatedcore.checks import check_bool
from gatedcore.layers.base import Layer, Mask


class GlobalPooling1D(Layer):
    """What they share: (B, T, F) in; (B, F) out, or (B, 1, F) with ``keepdims``."""

    known_arguments: ClassVar = keras_arguments.POOLING
    needs_features = False

    def __init__(self, keepdims: bool = False, **base: Any) -> None:
        self.keepdims = check_bool(type(self).__name__, "keepdims", keepdims)
        super().__init__(**base)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) != 3 or input_shape[1] == 0:
            raise ValueError(
                f"{self.name}: input has shape {input_shape}, expected (batch, time steps, "
                "features) with at least one step; give a recurrent layer before this one "
                "return_sequences=True"
            )
        batch, _, features = input_shape
        return (batch, 1, features) if self.keepdims else (batch, features)

    def compute_mask(self, x: Array, mask: Mask | None = None) -> Mask | None:
        return None


class GlobalAveragePooling1D(GlobalPooling1D):
    """The mean over the time steps that count; what stands in the others makes no difference.

    Parameters
    ----------
    keepdims : bool
        Whether to keep an axis of one step.
    **base
        ``input_shape``, ``name`` and ``dtype``; see ``Layer``.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range or not supported.
    """

    def forward(self, x: Array, training: bool, mask: Mask | None = None) -> Array:
        shares: Any
        if mask is None:
            shares = np.full((1, x.shape[1], 1), 1.0 / x.shape[1], x.dtype)
        else:  # a row of which nothing counts gives zeros
            counts = np.maximum(mask.sum(axis=1, keepdims=True), 1)
            shares = (mask / counts).astype(x.dtype)[..., None]
        if training:
            self._saved = np.broadcast_to(shares, (*x.shape[:2], 1))
        counted = x if mask is None else np.where(mask[..., None], x, x.dtype.type(0.0))
        y: Array = (counted * shares).sum(axis=1, keepdims=self.keepdims)
        return y

    def backward(self, d_y: Array, need_d_x: bool) -> Array | None:
        shares, self._saved = self._saved, None
        d_x: Array = (d_y if self.keepdims else d_y[:, None]) * shares
        return d_x


class GlobalMaxPooling1D(GlobalPooling1D):
    """The largest value of each feature over all time steps; of equal ones the first counts.

    A mask makes no difference, as in Keras.

    Parameters
    ----------
    keepdims : bool
        Whether to keep an axis of one step.
    **base
        ``input_shape``, ``name`` and ``dtype``; see ``Layer``.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range or not supported.
    """

    def forward(self, x: Array, training: bool, mask: Mask | None = None) -> Array:
        places = x.argmax(axis=1)[:, None]
        if training:
            self._saved = places, x.shape
        y: Array = np.take_along_axis(x, places, axis=1)
        return y if self.keepdims else y[:, 0]

    def backward(self, d_y: Array, need_d_x: bool) -> Array | None:
        (places, shape), self._saved = self._saved, None
        d_x = np.zeros(shape, d_y.dtype)
        np.put_along_axis(d_x, places, d_y if self.keepdims else d_y[:, None], axis=1)
        return d_x

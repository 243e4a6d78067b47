"""Layers that drop or ignore something: dropout of elements or features, masks of steps."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, cast

import numpy as np

from gatedcore import _core
from gatedcore.arrays import FLOAT64, Array, Shape
from gatedcore.checks import check_count, check_number
from gatedcore.layers.base import Layer, Mask
from gatedcore.random import rows_in_batch


class Dropout(Layer):
    """In training, zeros instead of a share of the elements; the others grow to keep the mean.

    Parameters
    ----------
    rate : float
        In [0, 1); share of the elements that is dropped.
    noise_shape : tuple, optional
        Shape of the draws: 1 where all elements of an axis share one, None for the input's size.
    seed : int or numpy.random.Generator, optional
        By default the library's generator: ``set_random_seed`` makes its draws repeat. Those of an
        int depend on it, and on how many training calls there were, alone, so that a model from a
        file goes on with the draws that it would have made.
    **base
        ``input_shape``, ``name`` and ``dtype``; see ``Layer``.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range.

    References
    ----------
    Srivastava et al. (2014).
    """

    by_steps = True
    needs_features = False

    def __init__(
        self, rate: float, noise_shape: Sequence[int | None] | None = None, **base: Any
    ) -> None:
        where = type(self).__name__
        self.rate = check_number(where, "rate", rate, 0.0, 1.0)
        if noise_shape is not None:
            if not isinstance(noise_shape, list | tuple):
                raise TypeError(
                    f"{where}: noise_shape is {noise_shape!r}, expected a tuple such as "
                    "(None, 1, None); pass one size for each axis, the batch included"
                )
            noise_shape = tuple(
                None if size is None else check_count(where, "noise_shape", size)
                for size in noise_shape
            )
        self.noise_shape = noise_shape
        super().__init__(**base)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        self.draw_shape(input_shape)
        return input_shape

    def draw_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of the draws for an input's.

        Raises
        ------
        ValueError
            If ``noise_shape`` does not suit it.
        """
        if self.noise_shape is None:
            return input_shape
        pairs = list(zip(self.noise_shape, input_shape, strict=False))
        if len(self.noise_shape) != len(input_shape) or any(
            None not in (size, of_input) and size not in (1, of_input) for size, of_input in pairs
        ):
            raise ValueError(
                f"{self.name}: input has shape {input_shape}, expected sizes that noise_shape="
                f"{self.noise_shape} repeats to; give it 1 or None on the other axes"
            )
        return tuple(of_input if size is None else size for size, of_input in pairs)

    def forward(self, x: Array, training: bool, mask: Mask | None = None) -> Array:
        if not training:
            return x
        if not self.rate or not self._drawing:
            self._saved = None
            return x
        shape = cast(tuple[int, ...], self.draw_shape(cast(Shape, x.shape)))
        rows, each = shape[0], int(np.prod(shape[1:]))
        # Where all rows share a draw it does not depend on which these are.
        all_share = self.noise_shape is not None and self.noise_shape[0] == 1
        place = (0, rows) if all_share else rows_in_batch(rows)
        is_double = x.dtype == FLOAT64
        draws = self.next_draws()
        factors = _core.dropout_factors(rows, each, self.rate, *draws, is_double, *place)
        self._saved = factors = factors.reshape(shape)
        return x * factors

    def backward(self, d_y: Array, need_d_x: bool) -> Array | None:
        factors, self._saved = self._saved, None
        return d_y if factors is None else d_y * factors

    def add_to_stream(self, stream: _core.Stream) -> None:
        """Add nothing: outside training the layer returns its input."""


class SpatialDropout1D(Dropout):
    """Dropout of whole features: one draw for all steps of a sequence.

    Parameters
    ----------
    rate : float
        In [0, 1); share of the features that is dropped.
    seed : int or numpy.random.Generator, optional
        As of ``Dropout``.
    **base
        ``input_shape``, ``name`` and ``dtype``; see ``Layer``.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range.

    References
    ----------
    Tompson et al. (2015).
    """

    attribute_of: ClassVar[Mapping[str, str | None]] = {**Layer.attribute_of, "noise_shape": None}

    def __init__(self, rate: float, **base: Any) -> None:
        super().__init__(rate, (None, 1, None), **base)


class Masking(Layer):
    """Steps whose features all have one value do not count in the layers that follow.

    Parameters
    ----------
    mask_value : float
        That value; the layer writes zeros over it.
    **base
        ``input_shape``, ``name`` and ``dtype``; see ``Layer``.

    Raises
    ------
    TypeError, ValueError
        If it is no number.
    """

    by_steps = True
    needs_features = False

    def __init__(self, mask_value: float = 0.0, **base: Any) -> None:
        self.mask_value = check_number(type(self).__name__, "mask_value", mask_value, -np.inf)
        super().__init__(**base)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) != 3:
            raise ValueError(
                f"{self.name}: input has shape {input_shape}, expected (batch, time steps, "
                "features); add the missing axis with x[..., None] for one feature"
            )
        return input_shape

    def compute_mask(self, x: Array, mask: Mask | None = None) -> Mask | None:
        own: Mask = np.any(x != self.mask_value, axis=-1)
        return own if mask is None else own & mask

    def forward(self, x: Array, training: bool, mask: Mask | None = None) -> Array:
        counts = self.compute_mask(x, None)
        assert counts is not None
        if training:
            self._saved = counts
        return x if counts.all() else x * counts[..., None]

    def backward(self, d_y: Array, need_d_x: bool) -> Array | None:
        counts, self._saved = self._saved, None
        return d_y * counts[..., None] if need_d_x else None

"""Layers that add or multiply random numbers of a normal distribution in training."""

from __future__ import annotations  # numpy.random is imported when first used, not here

import math
from typing import Any

import numpy as np

from gatedcore.arrays import Array, Shape
from gatedcore.checks import check_number
from gatedcore.layers.base import Layer, Mask
from gatedcore.random import rows_in_batch


class Noise(Layer):
    """What they share: the input unchanged outside training, and the draws."""

    by_steps = True
    needs_features = False

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def draw_normal(self, x: Array, deviation: float) -> Array:
        """Return random numbers of mean 0 for an input; those of an int seed repeat."""
        bits = np.random.Philox(key=np.array(self.next_draws(), np.uint64))
        first, count = rows_in_batch(len(x))
        shape = (count, *x.shape[1:])  # of all rows, as normal numbers take words one knows not how
        noise: Array = np.random.Generator(bits).standard_normal(shape, x.dtype)
        noise = noise[first : first + len(x)]
        noise *= x.dtype.type(deviation)
        return noise


class GaussianNoise(Noise):
    """In training, noise added to every element.

    Parameters
    ----------
    stddev : float
        Not below 0; standard deviation of the noise, in the unit of the input.
    seed : int or numpy.random.Generator, optional
        As of ``Dropout``.
    **base
        ``input_shape``, ``name`` and ``dtype``; see ``Layer``.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range.
    """

    def __init__(self, stddev: float, **base: Any) -> None:
        self.stddev = check_number(type(self).__name__, "stddev", stddev, 0.0)
        super().__init__(**base)

    def forward(self, x: Array, training: bool, mask: Mask | None = None) -> Array:
        if not training or not self._drawing or not self.stddev:
            return x
        return x + self.draw_normal(x, self.stddev)

    def backward(self, d_y: Array, need_d_x: bool) -> Array | None:
        return d_y


class GaussianDropout(Noise):
    """In training, every element times a random number of mean 1.

    Parameters
    ----------
    rate : float
        In [0, 1); the numbers have the deviation ``sqrt(rate / (1 - rate))``, that of dropout.
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
    Srivastava et al. (2014), section 10.
    """

    def __init__(self, rate: float, **base: Any) -> None:
        self.rate = check_number(type(self).__name__, "rate", rate, 0.0, 1.0)
        super().__init__(**base)

    def forward(self, x: Array, training: bool, mask: Mask | None = None) -> Array:
        if not training:
            return x
        self._saved = None
        if not self.rate or not self._drawing:
            return x
        self._saved = factors = self.draw_normal(x, math.sqrt(self.rate / (1.0 - self.rate)))
        factors += x.dtype.type(1)
        return x * factors

    def backward(self, d_y: Array, need_d_x: bool) -> Array | None:
        factors, self._saved = self._saved, None
        return d_y if factors is None else d_y * factors

"""One flat vector of parameters, one of their gradients, and the named views into both."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gatedcore.arrays import Array, aligned_zeros

TAIL = 8  # numbers


class ParameterVector:
    """The parameters of a model, or of one layer, in one piece of memory.

    Optimizers, and whatever else treats all parameters alike, work on ``values`` and ``gradients``
    in one pass; layers see them through ``value_views`` and ``gradient_views``.

    Parameters
    ----------
    groups : sequence of mappings
        For each layer the values of its parameters by name; they are copied.
    dtype : dtype
        float32 or float64.

    Attributes
    ----------
    values, gradients : ndarray, (count,)
        The vectors, each aligned to 64 bytes.
    exchanged : ndarray, (count + TAIL,)
        The gradients, and behind them room for what ranks that train together exchange with them.
    ends : list of int
        Where each parameter ends in the vectors.
    value_views, gradient_views : list of dict
        For each layer its parameters by name, as views that stay valid as long as this object.
    """

    def __init__(self, groups: Sequence[Mapping[str, Array]], dtype: np.dtype[Any]) -> None:
        count = sum(value.size for group in groups for value in group.values())
        self.values = aligned_zeros(count, dtype)
        self.exchanged = aligned_zeros(count + TAIL, dtype)
        self.gradients = self.exchanged[:count]
        self.value_views: list[dict[str, Array]] = []
        self.gradient_views: list[dict[str, Array]] = []
        self.ends: list[int] = []
        start = 0
        for group in groups:
            values, gradients = {}, {}
            for name, value in group.items():
                stop = start + value.size
                values[name] = self.values[start:stop].reshape(value.shape)
                gradients[name] = self.gradients[start:stop].reshape(value.shape)
                values[name][...] = value
                self.ends.append(stop)
                start = stop
            self.value_views.append(values)
            self.gradient_views.append(gradients)

    def holds(self, array: Array) -> bool:
        """Return whether an array may lie in the memory of the values."""
        return bool(np.may_share_memory(array, self.values))

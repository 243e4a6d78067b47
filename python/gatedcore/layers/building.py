"""What layers are made with: names, shapes, first values."""

from __future__ import annotations  # numpy.random is imported when first used, not here

import re
from collections import Counter
from typing import Any

import numpy as np

from gatedcore.arrays import Array, Shape, as_array
from gatedcore.checks import check_count, check_shape
from gatedcore.initializers import Initializer, InitializerCallable

_names_given: Counter[str] = Counter()


def unique_name(class_name: str) -> str:
    """Return a name as Keras gives it: lstm, lstm_1, gru_cell, ..."""
    stem = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", class_name).lower()
    count = _names_given[stem]
    _names_given[stem] += 1
    return f"{stem}_{count}" if count else stem


class Draws:
    """First values for one layer: its dtype and its generator, and checks of what comes out."""

    def __init__(self, where: str, dtype: np.dtype[Any], rng: np.random.Generator) -> None:
        self.where = where
        self.dtype = dtype
        self.rng = rng

    def draw(
        self,
        argument: str,
        initializer: Initializer | InitializerCallable,
        shape: tuple[int, ...],
    ) -> Array:
        """Return what an initializer gives.

        Raises
        ------
        ValueError, TypeError
            If it is something else than numbers of this shape.
        """
        if isinstance(initializer, Initializer):
            return initializer(shape, self.dtype, self.rng)
        values = as_array(self.where, argument, initializer(shape, self.dtype), self.dtype)
        advice = "make the function return the shape it is asked for"
        check_shape(self.where, f"what {argument} returns", values, shape, "shape", advice)
        return values


def check_batch_shape(where: str, shape: object) -> Shape:
    """Return the shape of a batch as a tuple.

    Raises
    ------
    TypeError
        If it is none.
    """
    if not isinstance(shape, list | tuple):
        raise TypeError(
            f"{where}: input_shape is {shape!r}, expected a tuple such as (None, None, 1); "
            "pass the shape of a batch"
        )
    return tuple(shape)


def check_sample_shape(where: str, shape: object, *, features: bool = True) -> Shape:
    """Return the shape of one sample as a tuple of sizes and None, with a size on the last axis.

    Without ``features`` the last axis too may have any size, as that of tokens has.

    Raises
    ------
    TypeError, ValueError
        If it is none.
    """
    if not isinstance(shape, list | tuple) or not shape:
        raise TypeError(
            f"{where}: input_shape is {shape!r}, expected a tuple such as (None, 1); "
            "pass the shape of one sample without the batch"
        )
    if shape[-1] is None and features:
        raise ValueError(
            f"{where}: input_shape is {tuple(shape)}, expected a size on the last axis; "
            "pass the number of features there"
        )
    return tuple(None if s is None else check_count(where, "input_shape", s) for s in shape)


def check_features(
    where: str, input_shape: Shape, declared: Shape | None, built_for: int | None
) -> None:
    """Raise unless the last axis has the size that a layer declares, and that of its weights.

    Raises
    ------
    ValueError
        If it does not.
    """
    features = input_shape[-1]
    if declared is not None and None not in (features, declared[-1]) and features != declared[-1]:
        raise ValueError(
            f"{where}: input has shape {input_shape}, expected {declared[-1]} features on the "
            f"last axis as in input_shape={declared}; correct one of the two"
        )
    if None not in (features, built_for) and features != built_for:
        raise ValueError(
            f"{where}: input has shape {input_shape}, expected {built_for} features on the last "
            "axis; the layer was built for these"
        )

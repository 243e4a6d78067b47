"""What layers are made with: names, shapes, first values."""

from __future__ import annotations  # numpy.random is imported when first used, not here

import re
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import prod
from typing import Any

import numpy as np

from gatedcore.arrays import Array, Shape, as_array
from gatedcore.checks import check_count, check_shape, warn
from gatedcore.initializers import Initializer, InitializerCallable

_names_given: Counter[str] = Counter()
# How many numbers may still be drawn, where somebody bounds that.
_room: ContextVar[list[int] | None] = ContextVar("room for first values", default=None)


def unique_name(class_name: str) -> str:
    """Return a name as Keras gives it: lstm, lstm_1, gru_cell, ..."""
    stem = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", class_name).lower()
    count = _names_given[stem]
    _names_given[stem] += 1
    return f"{stem}_{count}" if count else stem


def clear_session() -> None:
    """Let names of layers and models begin anew: lstm, lstm_1; nothing else is kept between models.

    References
    ----------
    ``keras.utils.clear_session``.
    """
    _names_given.clear()


@contextmanager
def room_for(numbers: int) -> Iterator[None]:
    """Within the block layers draw at most so many first values: a config may ask for any size."""
    before = _room.get()
    try:  # Ctrl-C may come as soon as it is set
        _room.set([numbers])
        yield
    finally:
        _room.set(before)


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
            If it is something else than numbers of this shape, or there is no room for them.
        """
        count, room = prod(shape), _room.get()
        if count * np.dtype(np.float64).itemsize > sys.maxsize:  # initializers draw these
            raise ValueError(
                f"{self.where}: {argument} is asked for the shape {shape}, which would need "
                f"{count * self.dtype.itemsize} bytes, expected what memory can hold; choose "
                "smaller sizes"
            )
        if room is not None:
            room[0] -= count
            if room[0] < 0:
                raise ValueError(
                    f"{self.where}: {argument} is asked for the shape {shape}, expected no more "
                    "weights than are at hand; take the config that goes with them"
                )
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


def declared_shape(
    where: str, input_shape: object, keras: dict[str, object], *, features: bool, steps: bool
) -> Shape | None:
    """Return the shape of one sample that the arguments of a layer declare, None if they do not.

    Parameters
    ----------
    where : str
        The layer's class, for errors.
    input_shape : object
        The argument of that name.
    keras : dict
        Others. Taken out of it are ``batch_input_shape`` and ``batch_shape``, with the batch in
        front, and ``input_dim`` with ``input_length``, which are sizes of the last axes.
    features : bool
        Whether the last axis must have a size.
    steps : bool
        Whether ``input_dim`` alone stands for sequences of any length.

    Raises
    ------
    TypeError, ValueError
        If it is no shape, or declared in several ways.
    """
    names = ("batch_input_shape", "batch_shape", "input_dim", "input_length")
    others = {name: keras.pop(name) for name in names if keras.get(name) is not None}
    given = [*(["input_shape"] if input_shape is not None else []), *others]
    length = others.pop("input_length", None)
    if len(others) + (input_shape is not None) > 1 or (length and "input_dim" not in others):
        raise ValueError(
            f"{where}: got {' and '.join(given)}, expected one shape of the input; pass "
            "input_shape=(time steps, features) alone"
        )
    shape = input_shape
    for name, value in others.items():
        if name == "input_dim":
            shape = (value,) if length is None and not steps else (length, value)
        elif not isinstance(value, list | tuple) or len(value) < 2:
            raise TypeError(
                f"{where}: {name} is {value!r}, expected a tuple such as (1, None, 1); pass the "
                "shape of a batch"
            )
        else:
            shape = value[1:]
            warn_of_batch_size(where, value[0])
    return None if shape is None else check_sample_shape(where, shape, features=features)


def warn_of_batch_size(where: str, size: object) -> None:
    """Say that a declared size of the batch has no effect, if there is one."""
    if size is not None:
        check_count(where, "batch_size", size)
        warn(f"{where}: a batch size of {size} has no effect, any is taken; leave it out")


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

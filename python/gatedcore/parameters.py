"""One flat vector of parameters, one of their gradients, and the named views into both."""

import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar
from weakref import WeakSet

import numpy as np

from gatedcore.arrays import Array, aligned_zeros

TAIL = 8  # numbers

R = TypeVar("R")


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
    lock : RLock
        Held while values change in several strokes; ``in_one_piece`` waits for it.
    """

    def __init__(self, groups: Sequence[Mapping[str, Array]], dtype: np.dtype[Any]) -> None:
        self.lock = threading.RLock()
        _vectors.add(self)
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


_vectors: WeakSet[ParameterVector] = WeakSet()


def _be_free_after_fork() -> None:
    for vector in _vectors:  # the thread that may have held a lock is not in the child
        vector.lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_be_free_after_fork)


class Holder(Protocol):
    """What has parameters in a vector, once it is built."""

    _vector: ParameterVector | None


def in_one_piece(holders: Iterable[Holder], call: Callable[[], R]) -> R:
    """Return what a call returns while no other thread is within a change of the parameters."""
    vectors = {holder._vector for holder in holders if holder._vector is not None}
    # In one order, so that no two threads wait for each other.
    return _locked(sorted(vectors, key=id), call)


def _locked(vectors: Sequence[ParameterVector], call: Callable[[], R]) -> R:
    # One within the other: of a list of locks Ctrl-C could leave one held that is not noted yet.
    if not vectors:
        return call()
    with vectors[0].lock:
        return _locked(vectors[1:], call)

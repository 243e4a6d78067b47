"""What the LSTM functions return: gates, gradients, and what backward needs."""

from typing import NamedTuple

from gatedcore import _core
from gatedcore.arrays import Array
from gatedcore.ops.operands import SavedPass, Weights


class LSTMGates(NamedTuple):
    """Gates after activation, and cell states, of every step; each in the layout of h."""

    i: Array
    f: Array
    g: Array
    o: Array
    c: Array


class _EveryGradient(NamedTuple):
    x: Array | None
    kernel: Array
    recurrent_kernel: Array
    bias: Array | None
    h0: Array
    c0: Array


class LSTMGradients(_EveryGradient):
    """Gradients by everything that ``lstm`` was given; ``x`` and ``bias`` None where not wanted.

    As a tuple it holds the six that every LSTM has.

    Attributes
    ----------
    peephole : ndarray, (3, H), or None
        Gradient by the peepholes, where there are some.
    projection : ndarray, (H, P), or None
        Gradient by the projection, where there is one.
    """

    peephole: Array | None = None
    projection: Array | None = None


class LSTMCache(SavedPass[_core.LSTMCache]):
    """What ``lstm(..., return_cache=True)`` saved for one call of ``lstm_backward``."""

    __slots__ = ("peephole", "projection", "units")

    def __init__(
        self,
        core_cache: _core.LSTMCache,
        x: Array,
        weights: Weights,
        time_major: bool,
        peephole: Array | None,
        projection: Array | None,
    ) -> None:
        super().__init__(core_cache, x, weights, time_major)
        self.units = weights.kernel.shape[1] // 4
        self.peephole = peephole
        self.projection = projection

"""What a training run iterates over: batches cut from arrays, or windows cut from a series."""

from __future__ import annotations  # numpy.random is imported when first used, not here

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from gatedcore.arrays import Array, Shape
from gatedcore.checks import check_number


class Batches(ABC):
    """Batches in order, again with each iteration: ``(x, y)``, or ``x`` where there are no targets.

    Attributes
    ----------
    samples : int
        How many samples one iteration gives.
    batch_size : int
        Samples in each batch but perhaps the last.
    """

    samples: int
    batch_size: int

    @property
    @abstractmethod
    def input_shape(self) -> Shape:
        """Shape of all x together, None for the samples."""

    @property
    @abstractmethod
    def target_shape(self) -> Shape | None:
        """Shape of all y together, None for the samples; None without targets."""

    @abstractmethod
    def as_dtype(self, dtype: np.dtype[Any]) -> Batches:
        """Return these batches in another dtype."""

    @abstractmethod
    def with_target_axis(self) -> Batches:
        """Return these batches with targets (N, ...) as (N, ..., 1)."""

    @abstractmethod
    def pick(self, chosen: slice | npt.NDArray[np.intp]) -> tuple[Array, Any]:
        """Return x and y of the chosen samples."""

    def __init__(self, samples: int, batch_size: int, rng: np.random.Generator | None) -> None:
        self.samples = samples
        self.batch_size = batch_size
        self.rng = rng

    def __len__(self) -> int:
        return -(-self.samples // self.batch_size)

    def pairs(self) -> Iterator[tuple[Array, Any]]:
        """Yield x and y of each batch; y None without targets."""
        starts = range(0, self.samples, self.batch_size)
        if self.rng is None:
            for start in starts:
                yield self.pick(slice(start, min(start + self.batch_size, self.samples)))
        else:
            order = self.rng.permutation(self.samples)
            for start in starts:
                yield self.pick(order[start : start + self.batch_size])

    def __iter__(self) -> Iterator[Any]:
        for x, y in self.pairs():
            yield x if y is None else (x, y)


class ArrayBatches(Batches):
    """Batches of rows of two arrays; shuffled anew in each iteration if there is a generator."""

    def __init__(
        self, x: Array, y: Array | None, batch_size: int, rng: np.random.Generator | None = None
    ) -> None:
        super().__init__(len(x), batch_size, rng)
        self.x, self.y = x, y

    @property
    def input_shape(self) -> Shape:
        return (None, *self.x.shape[1:])

    @property
    def target_shape(self) -> Shape | None:
        return None if self.y is None else (None, *self.y.shape[1:])

    def as_dtype(self, dtype: np.dtype[Any]) -> ArrayBatches:
        y = None if self.y is None else self.y.astype(dtype, copy=False)
        return ArrayBatches(self.x.astype(dtype, copy=False), y, self.batch_size, self.rng)

    def with_target_axis(self) -> ArrayBatches:
        y = None if self.y is None else self.y[..., None]
        return ArrayBatches(self.x, y, self.batch_size, self.rng)

    def pick(self, chosen: slice | npt.NDArray[np.intp]) -> tuple[Array, Any]:
        return self.x[chosen], None if self.y is None else self.y[chosen]


class WindowBatches(Batches):
    """Batches of windows of a series, cut when they are asked for; the series is kept once."""

    def __init__(
        self,
        data: Array,
        targets: Array | None,
        starts: npt.NDArray[np.intp],
        offsets: npt.NDArray[np.intp],
        batch_size: int,
        rng: np.random.Generator | None,
    ) -> None:
        super().__init__(len(starts), batch_size, rng)
        self.data, self.targets = data, targets
        self.starts, self.offsets = starts, offsets

    @property
    def input_shape(self) -> Shape:
        return (None, len(self.offsets), *self.data.shape[1:])

    @property
    def target_shape(self) -> Shape | None:
        return None if self.targets is None else (None, *self.targets.shape[1:])

    def as_dtype(self, dtype: np.dtype[Any]) -> WindowBatches:
        targets = None if self.targets is None else self.targets.astype(dtype, copy=False)
        data = self.data.astype(dtype, copy=False)
        return WindowBatches(data, targets, self.starts, self.offsets, self.batch_size, self.rng)

    def with_target_axis(self) -> WindowBatches:
        targets = None if self.targets is None else self.targets[..., None]
        return WindowBatches(
            self.data, targets, self.starts, self.offsets, self.batch_size, self.rng
        )

    def pick(self, chosen: slice | npt.NDArray[np.intp]) -> tuple[Array, Any]:
        starts = self.starts[chosen]
        x = self.data[starts[:, None] + self.offsets]
        return x, None if self.targets is None else self.targets[starts]


def split_last(
    where: str, x: Array, y: Array, fraction: object
) -> tuple[tuple[Array, Array], tuple[Array, Array] | None]:
    """Return (training, validation) parts, the last ``fraction`` being the validation's.

    Raises
    ------
    TypeError, ValueError
        If the fraction is not in [0, 1), or leaves one part empty.
    """
    share = check_number(where, "validation_split", fraction, 0.0, 1.0)
    if not share:
        return (x, y), None
    cut = math.floor(len(x) * (1.0 - share))
    if not 0 < cut < len(x):
        raise ValueError(
            f"{where}: validation_split={share:g} of {len(x)} samples leaves a part empty, "
            "expected a sample in each; choose another fraction, or pass validation_data"
        )
    return (x[:cut], y[:cut]), (x[cut:], y[cut:])

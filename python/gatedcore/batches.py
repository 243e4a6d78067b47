"""What a training run iterates over: batches cut from arrays, or windows cut from a series."""

from __future__ import annotations  # numpy.random is imported when first used, not here

import itertools
import math
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from gatedcore.arrays import Array, Shape
from gatedcore.checks import check_count, check_number
from gatedcore.columns import for_any_batch

Step = tuple[Array, Any, Array | None]  # x, y and weights of a batch
_ALL_ROWS = slice(None)


class Feed(ABC):
    """What a run goes over, epoch after epoch.

    Attributes
    ----------
    samples : int or None
        How many samples a pass gives, if that is known.
    batch_size : int
        Samples in each batch but perhaps the last.
    weigh : callable or None
        Makes weights of samples or steps from the targets of a batch.
    rng : numpy.random.Generator or None
        What draws the order of the batches anew in each epoch.
    of_all_ranks : bool
        Whether ranks that train together all read the same batches, to take some rows of each.
    """

    of_all_ranks = True
    samples: int | None
    batch_size: int
    rng: np.random.Generator | None
    weigh: Callable[[Array], Array] | None = None

    @property
    @abstractmethod
    def input_shape(self) -> Shape:
        """Shape of all x together, None for the samples."""

    @property
    @abstractmethod
    def steps(self) -> int | None:
        """How many batches there are; None if nobody knows."""

    @abstractmethod
    def weighted(self) -> Iterator[Step]:
        """Yield x, y and weights of each batch; weights None where each sample counts the same."""


class Batches(Feed):
    """Batches in order, again with each iteration: ``(x, y)``, or ``x`` where there are no targets.

    Attributes
    ----------
    samples : int
        How many samples one iteration gives.
    batch_size : int
        Samples in each batch but perhaps the last.
    """

    samples: int

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

    @property
    def steps(self) -> int:
        return len(self)

    def __len__(self) -> int:
        return -(-self.samples // self.batch_size)

    def choices(self) -> Iterator[slice | npt.NDArray[np.intp]]:
        """Yield the samples of each batch."""
        starts = range(0, self.samples, self.batch_size)
        if self.rng is None:
            for start in starts:
                yield slice(start, min(start + self.batch_size, self.samples))
        else:
            order = self.rng.permutation(self.samples)
            for start in starts:
                yield order[start : start + self.batch_size]

    def pairs(self) -> Iterator[tuple[Array, Any]]:
        """Yield x and y of each batch; y None without targets."""
        for chosen in self.choices():
            yield self.pick(chosen)

    def weighted(self) -> Iterator[Step]:
        for chosen in self.choices():
            yield self.step_of(chosen)

    def step_of(self, chosen: slice | npt.NDArray[np.intp], rows: slice = _ALL_ROWS) -> Step:
        """Return x, y and weights of a batch of these samples, or of some rows of it."""
        x, y = self.pick_rows(chosen, rows)
        return x, y, None if self.weigh is None else self.weigh(y)

    def pick_rows(self, chosen: slice | npt.NDArray[np.intp], rows: slice) -> tuple[Array, Any]:
        """Return x and y of some rows of the batch of the chosen samples."""
        return self.pick(_rows_of(chosen, rows))

    def __iter__(self) -> Iterator[Any]:
        for x, y in self.pairs():
            yield x if y is None else (x, y)

    def take(self, count: int) -> Iterator[Any]:
        """Return the first batches, for a look at them, as the ``take`` of ``tf.data``."""
        return itertools.islice(self, check_count("take", "count", count, 0))


class ArrayBatches(Batches):
    """Batches of rows of arrays, or of columns; shuffled anew each time if there is a generator."""

    def __init__(
        self,
        x: Array,
        y: Array | None,
        batch_size: int,
        rng: np.random.Generator | None = None,
        weights: Array | None = None,
    ) -> None:
        super().__init__(len(x), batch_size, rng)
        self.x, self.y, self.weights = x, y, weights

    @property
    def input_shape(self) -> Shape:
        return cast(Shape, for_any_batch(self.x))

    @property
    def target_shape(self) -> Shape | None:
        return None if self.y is None else (None, *self.y.shape[1:])

    def as_dtype(self, dtype: np.dtype[Any]) -> ArrayBatches:
        y = None if self.y is None else self.y.astype(dtype, copy=False)
        x = self.x.astype(dtype, copy=False)
        return ArrayBatches(x, y, self.batch_size, self.rng, self.weights)

    def with_target_axis(self) -> ArrayBatches:
        y = None if self.y is None else self.y[..., None]
        return ArrayBatches(self.x, y, self.batch_size, self.rng, self.weights)

    def pick(self, chosen: slice | npt.NDArray[np.intp]) -> tuple[Array, Any]:
        return self.x[chosen], None if self.y is None else self.y[chosen]

    def step_of(self, chosen: slice | npt.NDArray[np.intp], rows: slice = _ALL_ROWS) -> Step:
        y, weights = self.y, self.weights
        own = chosen if rows is _ALL_ROWS else _rows_of(chosen, rows)
        return (
            self.x[own],
            None if y is None else y[own],
            None if weights is None else weights[own],
        )


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


def _rows_of(chosen: slice | npt.NDArray[np.intp], rows: slice) -> slice | npt.NDArray[np.intp]:
    """Return which samples some rows of a batch of chosen samples are."""
    if rows is _ALL_ROWS:
        return chosen
    if not isinstance(chosen, slice):
        return chosen[rows]
    return slice(chosen.start + rows.start, chosen.start + rows.stop)


class Passes:
    """Goes over batches epoch after epoch.

    Parameters
    ----------
    where, name : str
        Public function and argument, for errors.
    batches : Feed
        What to go over.
    given : int, optional
        Batches in an epoch; by default all.

    Raises
    ------
    TypeError, ValueError
        If that is no number of batches.
    """

    def __init__(self, where: str, batches: Feed, name: str, given: object = None) -> None:
        self._where, self._name, self._batches = where, name, batches
        self._given = None if given is None else check_count(where, name, given)
        self._left: Iterator[Step] | None = None
        self._seen = 0

    @property
    def steps(self) -> int | None:
        """Batches in an epoch; None if nobody knows."""
        return self._batches.steps if self._given is None else self._given

    @property
    def samples(self) -> int | None:
        """Samples in all batches; None if nobody knows."""
        return self._batches.samples

    @property
    def of_all_ranks(self) -> bool:
        """Whether all ranks read the same batches."""
        return self._batches.of_all_ranks

    @property
    def rng(self) -> np.random.Generator | None:
        """What draws the order of the batches."""
        return self._batches.rng

    def check_repeats(self) -> None:
        """Raise unless each epoch has all batches, from the first on.

        Raises
        ------
        ValueError
            If a run that was resumed could not go on where it ended.
        """
        if self._given is not None or self._batches.steps is None:
            raise ValueError(
                f"{self._where}: backups came with {self._name} or with a generator, expected "
                "epochs over all of an array or a sequence; leave one of the two out"
            )

    def on(self) -> Iterator[Step]:
        """Return the batches of an epoch; of limited ones those after the last epoch's."""
        return self._batches.weighted() if self._given is None else self._next(self._given)

    def again(self) -> Iterator[Step]:
        """Return the batches of an epoch from the first one."""
        self._left = None
        return self.on()

    def _next(self, count: int) -> Iterator[Step]:
        """Yield so many batches, fewer if the data ends."""
        for done in range(count):
            step = None if self._left is None else next(self._left, None)
            if step is None and done:
                warnings.warn(
                    f"{self._where}: the data ended after {done} batches, expected {self._name} = "
                    f"{count}; the next epoch starts at their beginning",
                    stacklevel=2,
                )
                self._left = None
                return
            if step is None:
                self._left, self._seen = self._batches.weighted(), 0
                step = next(self._left)
            self._seen += 1
            yield step
        if self._seen == self._batches.steps:
            self._left = None


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

"""What gives batches by itself: sequences of batches, loaders, generators."""

from __future__ import annotations  # numpy.random is imported when first used, not here

from collections.abc import Callable, Iterator
from typing import Any, cast

from gatedcore.arrays import Shape
from gatedcore.batches import Feed, Step
from gatedcore.checks import check_bool, check_count
from gatedcore.columns import for_any_batch
from gatedcore.distributed.sharding import ShardedSource


class PyDataset:
    """Base of sequences of batches, as Keras's: write ``__len__`` and ``__getitem__``.

    ``__getitem__(k)`` returns batch k: ``(x, y)`` or ``(x, y, sample_weight)``. Batches are made
    one after the other in the process that trains.

    Parameters
    ----------
    workers : int
        1.
    use_multiprocessing : bool
        False.
    max_queue_size : int
        10; there is no queue.

    Raises
    ------
    TypeError, ValueError
        If an argument asks for more.
    """

    def __init__(
        self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10
    ) -> None:
        workers = check_count("PyDataset", "workers", workers)
        if workers > 1 or check_bool("PyDataset", "use_multiprocessing", use_multiprocessing):
            raise ValueError(
                f"PyDataset: workers={workers}, use_multiprocessing={use_multiprocessing} is not "
                "supported, expected 1 and False; leave them out"
            )
        if max_queue_size != 10:
            raise ValueError(
                f"PyDataset: max_queue_size={max_queue_size!r} is not supported, expected 10, as "
                "there is no queue; leave it out"
            )

    def __len__(self) -> int:
        raise NotImplementedError("PyDataset: __len__ is missing; return the number of batches")

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError("PyDataset: __getitem__ is missing; return a batch")

    def on_epoch_end(self) -> None:
        """After each pass over the batches."""


def is_source(value: object) -> bool:
    """Return whether something gives batches by itself, rather than being an array of samples."""
    if isinstance(value, PyDataset):
        return True
    if isinstance(value, str | bytes | dict | list | tuple) or any(
        hasattr(value, name) for name in ("__array__", "__dlpack__")
    ):
        return False
    return hasattr(value, "__iter__") or is_sequence(value)


def is_sequence(value: object) -> bool:
    """Return whether batches are asked for by number."""
    return hasattr(value, "__getitem__") and hasattr(value, "__len__")


class SourceBatches(Feed):
    """Batches that a sequence, a loader or a generator gives, checked as they come.

    Parameters
    ----------
    where : str
        Public function, for errors.
    source : object
        A sequence of batches; what can be iterated over again and again; or an iterator. One of
        those of ``gatedcore.distributed.shard`` is that of all ranks.
    prepare : callable
        Makes arrays x, y and weights of a batch.

    Raises
    ------
    TypeError, ValueError
        If there is no first batch, or it is not as ``prepare`` wants it.
    """

    def __init__(self, where: str, source: Any, prepare: Callable[[object], Step]) -> None:
        self.of_all_ranks = isinstance(source, ShardedSource)
        if isinstance(source, ShardedSource):
            source = source.source
        self._where, self._source, self._prepare = where, source, prepare
        self._sequence = is_sequence(source)
        self._used_up = not self._sequence and iter(source) is source
        self._kept: list[Any] = []
        self.rng = None
        first = next(source if self._used_up else self._raw(), None)
        if first is None:
            raise ValueError(f"{where}: x gives no batch, expected at least one; pass some data")
        if self._used_up:
            self._kept = [first]
        x = prepare(first)[0]
        self._input_shape = cast(Shape, for_any_batch(x))

    samples = None
    batch_size = 32  # of validation arrays beside these batches

    @property
    def input_shape(self) -> Shape:
        return self._input_shape

    @property
    def steps(self) -> int | None:
        try:
            return len(self._source)
        except (TypeError, NotImplementedError):
            return None

    def weighted(self) -> Iterator[Step]:
        empty = True
        for batch in self._raw():
            empty = False
            x, y, weights = self._prepare(batch)
            if self.weigh is not None:
                if weights is not None:
                    raise ValueError(
                        f"{self._where}: class_weight came with batches (x, y, sample_weight), "
                        "expected one of the two; multiply them into sample_weight"
                    )
                weights = self.weigh(y)
            yield x, y, weights
        if empty:
            raise ValueError(
                f"{self._where}: x gives no further batch, expected as many passes over it as "
                "there are epochs; pass a generator that never ends and steps_per_epoch, or a "
                "sequence of batches"
            )
        ended = getattr(self._source, "on_epoch_end", None)
        if callable(ended):
            ended()

    def _raw(self) -> Iterator[Any]:
        """Yield batches as they come."""
        if self._sequence:
            count = len(self._source)
            for k in range(count) if self.rng is None else self.rng.permutation(count):
                yield self._source[int(k)]
            return
        while self._kept:
            yield self._kept.pop()
        for batch in self._source:  # noqa: UP028  # yield from would close it when this is closed
            yield batch


def unpacked(where: str, batch: object) -> tuple[object, object, object]:
    """Return x, y and sample weights of a batch, None for what it does not have.

    Raises
    ------
    ValueError
        If it is a tuple of some other length.
    """
    if not isinstance(batch, tuple | list):
        return batch, None, None
    if not 1 <= len(batch) <= 3:
        raise ValueError(
            f"{where}: x gives a batch of {len(batch)} things, expected x, (x, y) or "
            "(x, y, sample_weight); pack them so"
        )
    x, y, weights = (*batch, None, None)[:3]
    return x, y, weights

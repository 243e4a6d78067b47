"""Batches of sequences of like length, so that little is padded."""

from __future__ import annotations  # numpy.random is imported when first used, not here

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from gatedcore.arrays import Array, Shape, as_array
from gatedcore.batches import Batches
from gatedcore.checks import check_bool, check_count
from gatedcore.preprocessing.ragged import Ragged
from gatedcore.preprocessing.sequence import fitting_value, is_post
from gatedcore.random import make_generator

Indices = npt.NDArray[np.intp]


class BucketBatches(Batches):
    """Batches of sequences that are sorted into buckets by length; each is padded to its longest.

    Attributes
    ----------
    order : ndarray of int, (N,)
        The samples as batches give them without shuffling, the shortest bucket first.
    """

    def __init__(
        self,
        sequences: Ragged,
        targets: Array | None,
        buckets: list[Indices],
        batch_size: int,
        rng: np.random.Generator | None,
        *,
        at_end: bool,
        value: object,
    ) -> None:
        super().__init__(len(sequences), batch_size, rng)
        self.sequences, self.targets, self.buckets = sequences, targets, buckets
        self.at_end, self.value = at_end, value

    @property
    def order(self) -> Indices:
        return np.concatenate(self.buckets)

    @property
    def input_shape(self) -> Shape:
        return (None, None, *self.sequences.step_shape)

    @property
    def target_shape(self) -> Shape | None:
        return None if self.targets is None else (None, *self.targets.shape[1:])

    def _like(self, sequences: Ragged, targets: Array | None) -> BucketBatches:
        return BucketBatches(
            sequences, targets, self.buckets, self.batch_size, self.rng,
            at_end=self.at_end, value=self.value,
        )  # fmt: skip

    def as_dtype(self, dtype: np.dtype[Any]) -> BucketBatches:
        values = self.sequences.values.astype(dtype, copy=False)
        targets = None if self.targets is None else self.targets.astype(dtype, copy=False)
        return self._like(Ragged(values, self.sequences.offsets), targets)

    def with_target_axis(self) -> BucketBatches:
        return self._like(self.sequences, None if self.targets is None else self.targets[..., None])

    def pick(self, chosen: slice | Indices) -> tuple[Array, Any]:
        rows = np.arange(self.samples)[chosen]
        width = int(self.sequences.lengths[rows].max())
        x = self.sequences.padded(rows, width, self.value, at_end=self.at_end, cut_end=True)
        return x, None if self.targets is None else self.targets[rows]

    def __len__(self) -> int:
        return sum(-(-len(bucket) // self.batch_size) for bucket in self.buckets)

    def pick_rows(self, chosen: slice | Indices, rows: slice) -> tuple[Array, Any]:
        x, y = self.pick(chosen)  # all of them, as the longest says how long rows are
        return x[rows], None if y is None else y[rows]

    def choices(self) -> Iterator[slice | Indices]:
        """Yield the samples of each batch: with a generator both in a new order."""
        batches = []
        for bucket in self.buckets:
            rows = bucket if self.rng is None else self.rng.permutation(bucket)
            batches += [rows[k : k + self.batch_size] for k in range(0, len(rows), self.batch_size)]
        order = range(len(batches)) if self.rng is None else self.rng.permutation(len(batches))
        for k in order:
            yield batches[k]


def bucket_by_length(
    sequences: object,
    targets: object = None,
    batch_size: int = 32,
    buckets: int | Sequence[int] = 10,
    *,
    padding: str = "pre",
    value: float = 0.0,
    shuffle: bool = True,
    seed: int | np.random.Generator | None = None,
) -> BucketBatches:
    """Return batches of sequences of like length, each padded to the longest of the batch alone.

    Parameters
    ----------
    sequences : list of array-likes, each (T,) or (T, F), T at least 1
        Token numbers, or steps of one shape.
    targets : array-like, (N, ...), optional
        One for each sequence.
    batch_size : int
        Sequences in a batch.
    buckets : int, or list of int
        So many buckets of equally many sequences each; or the lengths from which on a new bucket
        begins, in ascending order. Batches are drawn from one bucket.
    padding : {"pre", "post"}
        Whether short sequences are filled up at their begin or at their end.
    value : float
        What fills them up; ``Masking`` and ``Embedding(mask_zero=True)`` know such steps by it.
    shuffle : bool
        Whether each iteration draws new batches from the buckets, and gives them in a new order.
    seed : int or numpy.random.Generator, optional
        For that; by default the library's generator.

    Returns
    -------
    BucketBatches
        To iterate over, or to hand to ``fit``, ``evaluate`` and ``predict`` as ``x``. Without
        shuffling, sample ``k`` of what ``predict`` returns is sequence ``order[k]``.

    Raises
    ------
    TypeError, ValueError
        If the sequences or targets are no such ones, or an argument is out of range.

    Examples
    --------
    >>> batches = bucket_by_length([[5], [1, 2, 3], [6]], batch_size=2, buckets=[2], shuffle=False)
    >>> [x.tolist() for x in batches]
    [[[5], [6]], [[1, 2, 3]]]
    """
    where = "bucket_by_length"
    ragged = Ragged.of(where, sequences)
    lengths = ragged.lengths
    if not len(ragged) or not lengths.min():
        came = f"sequences[{int(lengths.argmin())}] is empty" if len(ragged) else "there are none"
        raise ValueError(
            f"{where}: {came}, expected sequences of at least one step; leave empty ones out"
        )
    size = check_count(where, "batch_size", batch_size)
    wanted = None if targets is None else as_array(where, "targets", targets)
    if wanted is not None and (not wanted.ndim or len(wanted) != len(ragged)):
        raise ValueError(
            f"{where}: targets has {len(wanted) if wanted.ndim else 'no'} samples, expected "
            f"{len(ragged)} as sequences; pass one target for each"
        )
    rng = make_generator(where, seed)
    return BucketBatches(
        ragged,
        wanted,
        _buckets(where, lengths, buckets),
        size,
        rng if check_bool(where, "shuffle", shuffle) else None,
        at_end=is_post(where, "padding", padding),
        value=fitting_value(where, value, ragged.values.dtype),
    )


def _buckets(where: str, lengths: Indices, given: object) -> list[Indices]:
    """Return the samples of each bucket, none of them empty."""
    order = np.argsort(lengths, kind="stable")
    if isinstance(given, list | tuple | np.ndarray):
        bounds = [check_count(where, f"buckets[{k}]", bound) for k, bound in enumerate(given)]
        if sorted(set(bounds)) != bounds:
            raise ValueError(
                f"{where}: buckets is {bounds}, expected lengths in ascending order; sort them"
            )
        cuts = np.searchsorted(lengths[order], bounds)
    else:
        count = check_count(where, "buckets", given)
        cuts = np.arange(1, count) * len(order) // count
    return [bucket for bucket in np.split(order, cuts) if len(bucket)]

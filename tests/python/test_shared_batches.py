"""What each rank takes of batches."""

import numpy as np
import pytest

import gatedcore as gk
from gatedcore.batches import ArrayBatches, Step
from gatedcore.bucketing import BucketBatches
from gatedcore.random import Rows
from gatedcore.shared_batches import SharedBatches
from gatedcore.sources import SourceBatches
from gatedcore.team import Team
from test_team import Placed

X = np.arange(22, dtype=np.float32).reshape(11, 2)
Y = np.arange(11, dtype=np.float32)[:, None]


def rows_of(feeds: list[SharedBatches]) -> list[list[float]]:
    """Return the targets of each batch, those of all ranks together; a look does not count."""
    batches = []
    for steps in zip(*(feed.weighted() for feed in feeds), strict=True):
        own = [
            y[:, 0].tolist() if feed.rows.own else []
            for feed, (_, y, _) in zip(feeds, steps, strict=True)
        ]
        batches.append([value for of_rank in own for value in of_rank])
    return batches


def shared(make, size: int) -> list[SharedBatches]:
    return [SharedBatches(make(), Team(Placed(rank, size))) for rank in range(size)]


@pytest.mark.parametrize("size", [1, 2, 3, 4])
@pytest.mark.parametrize("seed", [None, 5])
def test_ranks_have_the_batches_of_one_process(size: int, seed: int | None) -> None:
    def make() -> ArrayBatches:
        rng = None if seed is None else np.random.default_rng(seed)
        return ArrayBatches(X, Y, 4, rng, weights=Y[:, 0] + 100)

    whole = [y[:, 0].tolist() for _, y, _ in make().weighted()]
    feeds = shared(make, size)
    assert rows_of(feeds) == whole
    assert [len(batch) for batch in whole] == [4, 4, 3]
    for x, y, weights in feeds[0].weighted():
        np.testing.assert_array_equal(x[:, 0], 2 * y[:, 0])
        np.testing.assert_array_equal(weights, y[:, 0] + 100)


def test_a_rank_without_rows_has_one_to_look_at() -> None:
    feed = shared(lambda: ArrayBatches(X, Y, 4), 4)[3]
    batches = list(feed.weighted())
    assert feed.rows == Rows(3, 0, 3)
    np.testing.assert_array_equal(batches[-1][1], [[10]])


def test_datasets_are_divided_by_index() -> None:
    def windows() -> gk.data.WindowBatches:
        return gk.data.timeseries_dataset_from_array(
            np.arange(20.0), np.arange(20.0), 3, batch_size=5, shuffle=True, seed=4
        ).with_target_axis()

    assert rows_of(shared(windows, 3)) == [y[:, 0].tolist() for _, y, _ in windows().weighted()]


def test_buckets_are_padded_as_for_all_ranks() -> None:
    def buckets() -> BucketBatches:
        sequences = [list(range(1, n)) for n in (2, 9, 3, 4, 8, 5)]
        return gk.data.bucket_by_length(sequences, np.arange(6.0)[:, None], 6, 1, seed=1)

    feeds = shared(buckets, 3)
    assert [x.shape for feed in feeds for x, _, _ in feed.weighted()] == [(2, 8)] * 3


def source(batches: list[tuple[np.ndarray, np.ndarray]]) -> SourceBatches:
    def prepare(batch: object) -> Step:
        x, y = batch
        return x, y, None

    return SourceBatches("fit", batches, prepare)


class Sequence:
    def __init__(self, count: int) -> None:
        self.count, self.ended = count, 0

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, k: int) -> tuple[np.ndarray, np.ndarray]:
        return X[k : k + 3], Y[k : k + 3]

    def on_epoch_end(self) -> None:
        self.ended += 1


def test_a_source_is_each_ranks_own_and_tells_its_last_batch() -> None:
    own = Sequence(3)
    feed = SharedBatches(source(own), Team(Placed(1, 4)))
    assert feed.is_own
    for _ in range(2):
        told = [(len(x), feed.rows, feed.is_last) for x, _, _ in feed.weighted()]
        assert told == [(3, Rows(3, 3, 12), last) for last in (False, False, True)]
    assert own.ended == 2


def test_a_source_of_all_ranks_is_divided() -> None:
    comm = Placed(0, 2)

    def make() -> SourceBatches:
        return source(gk.distributed.shard(Sequence(2), comm))

    feeds = shared(make, 2)
    assert not feeds[0].is_own
    assert rows_of(feeds) == [[0, 1, 2], [1, 2, 3]]

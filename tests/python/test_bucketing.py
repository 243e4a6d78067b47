import re

import numpy as np
import pytest

import gatedcore as gk
from gatedcore.bucketing import bucket_by_length

RNG = np.random.default_rng(0)
SEQUENCES = [RNG.integers(1, 9, size=n).tolist() for n in RNG.integers(1, 40, size=203)]
TARGETS = np.arange(203.0)


@pytest.mark.parametrize("padding", ["pre", "post"])
@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("buckets", [1, 7, 500, [5, 10, 30], [100]])
def test_each_sequence_once_padded_to_its_batch(
    padding: str, shuffle: bool, buckets: object
) -> None:
    batches = bucket_by_length(
        SEQUENCES, TARGETS, 16, buckets, padding=padding, value=-1, shuffle=shuffle, seed=1
    )
    seen = []
    for x, y in batches:
        own = [SEQUENCES[int(k)] for k in y]
        longest = max(map(len, own))
        assert x.shape == (len(y), longest)
        assert len(y) <= 16
        for row, steps in zip(x.tolist(), own, strict=True):
            filler = [-1] * (longest - len(steps))
            assert row == (filler + steps if padding == "pre" else steps + filler)
        seen += [int(k) for k in y]
    assert sorted(seen) == list(range(203))
    assert (seen == batches.order.tolist()) is not shuffle
    assert len(batches) == len(list(batches))
    assert batches.samples == 203


def test_batches_stay_in_their_bucket() -> None:
    for x, y in bucket_by_length(SEQUENCES, TARGETS, 8, [10, 20], seed=0):
        lengths = np.array([len(SEQUENCES[int(k)]) for k in y])
        assert len(set(np.searchsorted([10, 20], lengths, side="right"))) == 1
        assert x.shape[1] == lengths.max()


def test_less_is_padded_than_in_one_bucket() -> None:
    def padded(buckets: int) -> int:
        return sum(x.size for x in bucket_by_length(SEQUENCES, None, 16, buckets, seed=0))

    needed = sum(map(len, SEQUENCES))
    assert needed <= padded(10) < needed + 0.3 * (padded(1) - needed)


def test_order_is_drawn_anew_each_time_and_by_the_seed() -> None:
    def orders(seed: int) -> list[list[float]]:
        batches = bucket_by_length(SEQUENCES, TARGETS, 16, seed=seed)
        return [np.concatenate([y for _, y in batches]).tolist() for _ in range(2)]

    first, again = orders(3), orders(3)
    assert first == again
    assert first[0] != first[1]
    assert first != orders(4)


def test_fit_evaluate_and_predict() -> None:
    frames = [RNG.normal(size=(n, 2)).astype(np.float32) for n in (3, 5, 3, 4, 6, 3)]
    targets = np.array([f.sum() for f in frames], np.float32)
    model = gk.Sequential([gk.GRU(4, seed=0), gk.Dense(1, seed=0)])
    model.compile("adam", "mse")
    train = bucket_by_length(frames, targets, 2, buckets=[4, 5], seed=0)
    history = model.fit(train, epochs=30, verbose=0)
    assert history.history["loss"][-1] < history.history["loss"][0]
    still = bucket_by_length(frames, targets, 2, buckets=[4, 5, 6], shuffle=False)
    outputs = model.predict(still)[np.argsort(still.order)]
    one_by_one = np.concatenate([model.predict(frame[None]) for frame in frames])
    # Batches of one length each: nothing is padded. The sums of a row do not depend on its batch.
    np.testing.assert_array_equal(outputs, one_by_one)
    loss = model.evaluate(still)
    np.testing.assert_allclose(loss, np.mean((one_by_one[:, 0] - targets) ** 2), rtol=1e-5)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"sequences": []}, ValueError, "there are none, expected sequences of at least one step"),
        ({"sequences": [[1], []]}, ValueError, "sequences[1] is empty, expected sequences of at"),
        ({"sequences": 3}, TypeError, "sequences has type int, expected a list of sequences"),
        ({"targets": [1.0]}, ValueError, "targets has 1 samples, expected 2 as sequences"),
        ({"targets": 1.0}, ValueError, "targets has no samples, expected 2 as sequences"),
        ({"batch_size": 0}, ValueError, "batch_size is 0, expected"),
        ({"buckets": 0}, ValueError, "buckets is 0, expected"),
        ({"buckets": [3, 2]}, ValueError, "buckets is [3, 2], expected lengths in ascending order"),
        ({"buckets": [2, 2]}, ValueError, "buckets is [2, 2], expected lengths in ascending order"),
        ({"buckets": [0.5]}, TypeError, "buckets[0] is 0.5, expected an integer"),
        ({"padding": "left"}, ValueError, "padding is 'left', expected 'pre' or 'post'"),
        ({"value": 0.5}, ValueError, "value: dtype int64 does not hold 0.5"),
        ({"shuffle": 1}, TypeError, "shuffle is 1, expected True or False"),
        ({"seed": -1}, ValueError, "seed is -1, expected"),
    ],
)
def test_bad_arguments(change: dict, error: type[Exception], message: str) -> None:
    good = {"sequences": [[1], [2, 3]], "targets": [0.0, 1.0]}
    with pytest.raises(error, match="bucket_by_length: ?" + re.escape(message)):
        bucket_by_length(**{**good, **change})

import numpy as np
import pytest

from gatedcore.batches import ArrayBatches, Passes, WindowBatches, split_last

X, Y = np.arange(10.0)[:, None], -np.arange(10.0)[:, None]


def test_in_order_with_a_short_last_batch() -> None:
    batches = ArrayBatches(X, Y, 4)
    assert (len(batches), batches.samples) == (3, 10)
    pairs = list(batches)
    assert [len(x) for x, _ in pairs] == [4, 4, 2]
    np.testing.assert_array_equal(np.concatenate([x for x, _ in pairs]), X)
    np.testing.assert_array_equal(np.concatenate([y for _, y in pairs]), Y)


def test_shuffled_anew_each_time_and_pairs_stay_together() -> None:
    batches = ArrayBatches(X, Y, 4, np.random.default_rng(0))
    first, second = (np.concatenate([x for x, _ in batches])[:, 0] for _ in range(2))
    assert sorted(first) == sorted(second) == X[:, 0].tolist()
    assert first.tolist() != second.tolist() != X[:, 0].tolist()
    assert all((y == -x).all() for x, y in batches)


def test_without_targets_only_x() -> None:
    batches = ArrayBatches(X, None, 4)
    assert [x.shape for x in batches] == [(4, 1), (4, 1), (2, 1)]
    assert batches.target_shape is None


def test_shapes_and_dtype() -> None:
    batches = ArrayBatches(np.zeros((10, 3, 2)), Y, 4)
    assert (batches.input_shape, batches.target_shape) == ((None, 3, 2), (None, 1))
    single = batches.as_dtype(np.dtype(np.float32))
    assert all(x.dtype == y.dtype == np.float32 for x, y in single)
    assert ArrayBatches(X, None, 4).as_dtype(np.dtype(np.float32)).y is None


def test_windows_are_cut_on_demand() -> None:
    batches = WindowBatches(X, Y, np.array([0, 2, 4]), np.array([0, 3]), 2, None)
    assert (batches.input_shape, batches.target_shape, len(batches)) == ((None, 2, 1), (None, 1), 2)
    (x, y), (last, _) = list(batches)
    assert x[..., 0].tolist() == [[0, 3], [2, 5]]
    assert y[..., 0].tolist() == [0, -2]
    assert last[..., 0].tolist() == [[4, 7]]
    assert next(iter(batches.as_dtype(np.dtype(np.float32))))[0].dtype == np.float32


def test_nothing() -> None:
    assert list(ArrayBatches(X[:0], None, 4)) == []


def test_split_takes_the_last_part() -> None:
    (x, y), rest = split_last("here", X, Y, 0.25)
    assert x[:, 0].tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert rest is not None
    assert rest[0][:, 0].tolist() == [7, 8, 9]
    assert (len(y), len(rest[1])) == (7, 3)
    assert split_last("here", X, Y, 0.0)[1] is None


@pytest.mark.parametrize("fraction", [0.999, 1.0, -0.1, float("nan")])
def test_bad_fractions(fraction: float) -> None:
    with pytest.raises(ValueError, match="here: validation_split"):
        split_last("here", X, Y, fraction)


def test_fraction_of_a_wrong_type() -> None:
    with pytest.raises(TypeError, match=r"here: validation_split is '0.2', expected a number"):
        split_last("here", X, Y, "0.2")


def test_weights_go_with_their_samples() -> None:
    weights = X[:, 0] + 0.5
    batches = ArrayBatches(X, Y, 4, np.random.default_rng(0), weights)
    for given in (batches, batches.as_dtype(np.dtype(np.float64)), batches.with_target_axis()):
        assert all((w == x[:, 0] + 0.5).all() for x, _, w in given.weighted())
    assert [w for _, _, w in ArrayBatches(X, None, 4).weighted()] == [None] * 3


def test_weights_made_of_targets() -> None:
    batches = WindowBatches(X, Y, np.array([0, 2, 4]), np.array([0, 3]), 2, None)
    assert [w for _, _, w in batches.weighted()] == [None] * 2
    batches.weigh = lambda y: 2.0 * y[:, 0]
    assert [w.tolist() for _, _, w in batches.weighted()] == [[0.0, -4.0], [-8.0]]


def firsts(steps) -> list[float]:
    return [float(x[0, 0]) for x, _, _ in steps]


def test_passes() -> None:
    whole = Passes("here", ArrayBatches(X, Y, 4), "steps")
    assert whole.steps == 3
    assert firsts(whole.on()) == firsts(whole.on()) == firsts(whole.again()) == [0.0, 4.0, 8.0]
    part = Passes("here", ArrayBatches(X, Y, 2), "steps", 3)
    assert part.steps == 3
    assert firsts(part.on()) == [0.0, 2.0, 4.0]
    with pytest.warns(
        UserWarning, match="here: the data ended after 2 batches, expected steps = 3"
    ):
        assert firsts(part.on()) == [6.0, 8.0]
    assert firsts(part.on()) == firsts(part.again()) == [0.0, 2.0, 4.0]
    fitting = Passes("here", ArrayBatches(X, Y, 4), "steps", 3)
    assert firsts(fitting.on()) == firsts(fitting.on()) == [0.0, 4.0, 8.0]


def test_bad_steps() -> None:
    with pytest.raises(ValueError, match="here: steps is 0, expected an integer of at least 1"):
        Passes("here", ArrayBatches(X, Y, 4), "steps", 0)


def test_a_look_at_the_first_batches() -> None:
    batches = ArrayBatches(np.arange(10.0)[:, None], np.arange(10.0), 4)
    (first,) = batches.take(1)
    np.testing.assert_array_equal(first[0], [[0.0], [1.0], [2.0], [3.0]])
    np.testing.assert_array_equal(first[1], [0.0, 1.0, 2.0, 3.0])
    assert len(list(batches.take(9))) == 3
    assert list(batches.take(0)) == []
    with pytest.raises(ValueError, match="take: count is -1, expected an integer of at least 0"):
        batches.take(-1)

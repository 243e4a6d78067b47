"""Where a run stands, and going on from there."""

import json

import numpy as np
import pytest

import gatedcore as gk
from gatedcore.batches import ArrayBatches, Batches, Passes
from gatedcore.course import Course
from gatedcore.objective import Means, Objective

X = np.arange(20, dtype=np.float32).reshape(10, 2)
Y = np.arange(10, dtype=np.float32)[:, None]


def make(seed: int = 3) -> Course:
    train = ArrayBatches(X, Y, 3, np.random.default_rng(seed))
    course = Course(passes(train), passes(ArrayBatches(X, Y, 4)), [])
    course.watched = True
    return course


def means() -> Means:
    return Means(Objective("sgd", "mse", ["mae"]))


def run(course: Course, stop_at: tuple[int, int] | None = None) -> tuple[list, dict | None]:
    """Return what each batch was, what was drawn meanwhile, and the means of epochs."""
    seen: list = []
    for epoch in course.epochs(3):
        mean = means()
        for step, (x, y, _) in course.batches(mean):
            mean.add(float(y.sum()), y, y + step)
            seen.append((epoch, step, x.tolist(), gk.random.library_generator().random()))
            if (epoch, step) == stop_at:
                return seen, json.loads(
                    json.dumps(course.get_state(epoch_done=False), default=np.ndarray.tolist)
                )
        seen.append(mean.logs())
    return seen, None


@pytest.mark.parametrize("stop_at", [(0, 0), (0, 3), (1, 1), (2, 3)])
def test_a_run_goes_on_within_an_epoch(stop_at) -> None:
    gk.set_random_seed(5)
    expected, _ = run(make())
    gk.set_random_seed(5)
    first, state = run(make(), stop_at)
    gk.set_random_seed(99)
    other = make(4)
    other.set_state(state)
    rest, _ = run(other)
    assert first + rest == expected


def test_a_run_goes_on_between_epochs() -> None:
    gk.set_random_seed(5)
    expected, _ = run(make())
    gk.set_random_seed(5)
    course = make()
    for _ in course.epochs(3):
        for _ in course.batches(means()):
            gk.random.library_generator().random()
        state = course.get_state(epoch_done=True)
        break
    assert (state["epoch"], state["step"]) == (1, 0)
    assert "means" not in state
    gk.set_random_seed(99)
    other = make(4)
    other.set_state(state)
    rest, _ = run(other)
    assert rest == expected[5:]


def test_other_data_within_an_epoch_are_an_error() -> None:
    _, state = run(make(), (1, 1))
    course = Course(passes(ArrayBatches(X[:9], Y[:9], 3)), None, [])
    with pytest.raises(ValueError, match="epoch of 10 samples in 4 batches, expected 9 in 3"):
        course.set_state(state)


def test_a_run_that_nobody_watches_goes_through_all() -> None:
    course = Course(passes(ArrayBatches(X, Y, 4)), None, [])
    steps = [(e, s) for e in course.epochs(2) for s, _ in course.batches(means())]
    assert steps == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]


def test_limited_epochs_cannot_be_resumed() -> None:
    course = Course(Passes("fit", ArrayBatches(X, Y, 4), "steps_per_epoch", 2), None, [])
    with pytest.raises(ValueError, match="fit: backups came with steps_per_epoch or with a gen"):
        course.get_state(epoch_done=True)


def test_the_first_epoch_may_be_a_later_one() -> None:
    assert list(Course(passes(ArrayBatches(X, Y, 4)), None, [], 2).epochs(4)) == [2, 3]


def passes(batches: Batches) -> Passes:
    return Passes("fit", batches, "steps_per_epoch")

import numpy as np
import pytest

from gatedcore.optimizers.part import Part, Table, joined

ENDS = [2, 5, 5, 9, 10]


@pytest.mark.parametrize(
    ("chosen", "indices"),
    [
        ([True, True, True, True, True], range(10)),
        ([False, True, True, True, False], range(2, 9)),
        ([True, False, False, True, True], [0, 1, 5, 6, 7, 8, 9]),
        ([False] * 5, []),
    ],
)
def test_take_and_give(chosen: list[bool], indices: object) -> None:
    part, vector = Part(ENDS, chosen), np.arange(10.0)
    taken = part.take(vector)
    np.testing.assert_array_equal(taken, list(indices))
    part.give(vector, taken + 100.0)
    expected = np.arange(10.0)
    expected[list(indices)] += 100.0
    np.testing.assert_array_equal(vector, expected)


def test_one_stretch_is_used_in_place() -> None:
    part, vector = Part(ENDS, [False, True, False, True, False]), np.arange(10.0)
    taken = part.take(vector)
    assert np.shares_memory(taken, vector)
    taken += 1.0
    part.give(vector, taken)
    np.testing.assert_array_equal(vector, [0, 1, 3, 4, 5, 6, 7, 8, 9, 9])


def test_numbers() -> None:
    part = Part(ENDS, [False, True, False, False, True])
    assert part.first == 1
    assert part.ends == (3, 4)
    assert part.rest(10) == [(0, 2), (5, 9)]
    nothing = Part(ENDS, [False] * 5)
    assert (nothing.first, nothing.ends, nothing.rest(10)) == (5, (), [(0, 10)])
    assert nothing.is_empty
    assert not part.is_empty


def test_gradients_are_cleared_from_the_first_array_on() -> None:
    gradients = np.ones(10)
    Part(ENDS, [False, True, False, False, True]).clear(gradients)
    np.testing.assert_array_equal(gradients, [1, 1] + [0] * 8)
    gradients = np.ones(10)
    Part(ENDS, [False] * 5).clear(gradients)
    assert gradients.all()


def test_stretches_that_touch_are_one() -> None:
    assert joined([(0, 2), (2, 2), (2, 5), (6, 6), (7, 8)]) == [(0, 5), (7, 8)]
    assert joined([]) == []


def test_rows_of_tables_stand_behind_whole_arrays() -> None:
    touched = [np.array([2, 0, 2], np.int32), np.array([0], np.int32)]
    untrained = [np.array([0], np.int32)]
    part = Part(
        [1, 7, 9, 11], [True, True, False, True], [Table(1, 2, touched), Table(2, 1, untrained)]
    )
    part.find_rows()
    vector = np.arange(11.0)
    np.testing.assert_array_equal(part.take(vector), [0, 9, 10, 1, 2, 5, 6])
    assert part.ends == (1, 3, 7)
    part.give(vector, -part.take(vector))
    np.testing.assert_array_equal(vector, [0, -1, -2, 3, 4, -5, -6, 7, 8, -9, -10])
    gradients = np.ones(11)
    part.clear(gradients)
    np.testing.assert_array_equal(gradients, [0, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0])
    assert touched == untrained == []
    part.find_rows()
    np.testing.assert_array_equal(part.take(vector), [0, -9, -10])
    assert part.ends == (1, 3, 3)
    assert part.rest(11) == [(7, 9)]


def test_rows_that_others_touched_are_of_the_step() -> None:
    touched, untrained = [np.array([2], np.int32)], [np.array([0], np.int32)]
    part = Part(
        [1, 7, 9, 11], [True, True, False, True], [Table(1, 2, touched), Table(2, 1, untrained)]
    )
    marks = part.rows_touched()
    np.testing.assert_array_equal(marks, [0, 0, 1, 1, 0])
    marks[0] = 1
    part.touch(marks)
    part.find_rows()
    np.testing.assert_array_equal(part.take(np.arange(11.0)), [0, 9, 10, 1, 2, 5, 6])
    np.testing.assert_array_equal(part.rows_touched(), [1, 0, 1, 1, 0])

import numpy as np
import pytest

from gatedcore.columns import Columns, each, for_any_batch, together


def test_rows_are_taken_of_all_arrays():
    a, b = np.arange(6.0).reshape(3, 2), np.arange(3.0)
    columns = Columns([a, b])
    assert len(columns) == 3
    assert columns.shape == ((3, 2), (3,))
    assert columns.dtype == np.float64
    chosen = columns[np.array([2, 0])]
    np.testing.assert_array_equal(chosen.arrays[0], a[[2, 0]])
    np.testing.assert_array_equal(chosen.arrays[1], b[[2, 0]])
    columns[1:] = Columns([np.zeros((2, 2)), np.ones(2)])
    np.testing.assert_array_equal(a[:, 0], [0, 0, 0])
    np.testing.assert_array_equal(b, [0, 1, 1])
    assert [array.ndim for array in columns] == [2, 1]


def test_one_array_is_a_column_of_its_own():
    a = np.zeros((3, 2))
    assert each(a) == (a,)
    assert each(Columns([a, a])) == (a, a)
    assert for_any_batch(a) == (None, 2)
    assert for_any_batch(Columns([a, a[0]])) == ((None, 2), (None,))


def test_arrays_of_different_numbers_of_samples_do_not_go_together():
    a = np.zeros((3, 2))
    assert len(together("here", ["a", "b"], [a, a])) == 3
    with pytest.raises(ValueError, match=r"here: inputs have different .* \(a 3, b 2\)"):
        together("here", ["a", "b"], [a, a[:2]])

"""bench/python/contest/problem.py: the same numbers in every process, gates in any order."""

import numpy as np

from contest.cases import Case
from contest.problem import problem_of, reorder, restore

LENGTHS = Case("train", "gru", 80, 6, 2, 3, "lengths")


def test_every_process_has_the_same_numbers():
    for first, second in zip(
        _arrays(problem_of(LENGTHS)), _arrays(problem_of(LENGTHS)), strict=True
    ):
        np.testing.assert_array_equal(first, second)


def _arrays(problem):
    return (
        problem.x,
        problem.kernel,
        problem.recurrent,
        problem.bias,
        problem.d_h,
        problem.lengths,
    )


def test_no_gradient_arrives_behind_the_end_of_a_sequence():
    problem = problem_of(LENGTHS)
    assert len(set(problem.lengths)) > 1
    assert problem.lengths.min() >= 50
    assert problem.lengths.max() <= 80
    arrives = np.arange(80)[:, None] < problem.lengths
    np.testing.assert_array_equal((problem.d_h != 0).any(axis=-1), arrives)


def test_sizes():
    problem = problem_of(Case("infer", "lstm", 7, 2, 3, 5))
    assert problem.x.shape == (7, 2, 3)
    assert problem.kernel.shape == (3, 20)
    assert problem.recurrent.shape == (5, 20)
    assert problem.bias.shape == (20,)
    assert problem_of(Case("infer", "gru", 7, 2, 3, 5)).bias.shape == (2, 15)
    assert all(array.dtype == np.float32 for array in _arrays(problem)[:-1])


def test_gates_go_to_another_order_and_back():
    gates = np.arange(8.0).reshape(1, 8)
    order = (0, 3, 1, 2)
    np.testing.assert_array_equal(reorder(gates, order), [[0, 1, 6, 7, 2, 3, 4, 5]])
    np.testing.assert_array_equal(restore(reorder(gates, order), order), gates)

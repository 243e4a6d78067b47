"""bench/python/contest/agreement.py: a wrong result is far, a rounding is near."""

import numpy as np
import pytest

from contest.agreement import NEAR, difference


def results(**arrays):
    return {name: np.array(values, np.float32) for name, values in arrays.items()}


def test_the_largest_difference_counts_relative_to_its_array():
    reference = results(h=[1, -2], d_x=[100, 0])
    assert difference(reference, reference) == 0
    assert difference(results(h=[1, -2.5], d_x=[101, 0]), reference) == 0.25
    wrong = difference(results(h=[1, -2], d_x=[101, 0]), reference)
    assert wrong == pytest.approx(0.01)
    assert wrong > NEAR


def test_zeros_agree_with_zeros():
    assert difference(results(h=[0, 0]), results(h=[0, 0])) == 0
    assert difference(results(h=[0, 0.5]), results(h=[0, 0])) == 0.5


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_what_is_not_finite_is_infinitely_far(wrong):
    assert difference(results(h=[1, wrong]), results(h=[1, 2])) == np.inf


@pytest.mark.parametrize("other", [results(h=[1]), results(h=[1, 2], d_x=[3]), {}])
def test_other_arrays_are_an_error(other):
    with pytest.raises(ValueError, match="expected"):
        difference(other, results(h=[1, 2]))

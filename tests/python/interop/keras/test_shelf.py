"""Passes that wait for their backward pass."""

import pytest

from gatedcore.interop.keras.shelf import LIMIT_BYTES, Shelf


class Pass:
    def __init__(self, nbytes):
        self.nbytes = nbytes


def test_a_pass_is_handed_out_once():
    shelf = Shelf()
    first, second = Pass(10), Pass(20)
    numbers = shelf.put(first), shelf.put(second)
    assert shelf.nbytes == 30
    assert shelf.take(numbers[1]) is second
    assert shelf.take(numbers[1]) is None
    assert shelf.take(numbers[0]) is first
    assert shelf.nbytes == 0


def test_the_oldest_goes_beyond_the_limit():
    shelf = Shelf(limit=25)
    numbers = [shelf.put(Pass(10)) for _ in range(3)]
    assert shelf.nbytes == 20
    assert [shelf.take(n) is None for n in numbers] == [True, False, False]


def test_one_larger_than_the_limit_is_not_kept():
    shelf = Shelf(limit=25)
    assert shelf.take(shelf.put(Pass(26))) is None
    assert shelf.nbytes == 0


def test_a_shelf_can_be_cleared():
    shelf = Shelf()
    number = shelf.put(Pass(LIMIT_BYTES))
    shelf.clear()
    assert shelf.nbytes == 0
    assert shelf.take(number) is None


def test_numbers_fit_32_bits():
    shelf = Shelf()
    shelf._next = 2**31 - 1
    assert [shelf.put(Pass(1)) for _ in range(2)] == [2**31 - 1, 0]


def test_unknown_numbers_are_not_there():
    assert Shelf().take(-1) is None


@pytest.mark.parametrize("limit", [0, 5])
def test_nothing_is_kept_beyond_any_limit(limit):
    shelf = Shelf(limit)
    for _ in range(4):
        shelf.put(Pass(3))
        assert shelf.nbytes <= limit

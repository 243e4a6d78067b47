"""bench/python/contest/text.py: numbers as people write them."""

import pytest

from bench.measured import run
from contest.cases import Case
from contest.text import machine_text, markdown, ratio_text, shape_text, size_text, time_text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (12.345, "12.3 s"),
        (1.2345, "1.23 s"),
        (0.012345, "12.3 ms"),
        (0.12345, "123 ms"),
        (1.2345e-6, "1.23 µs"),
        (1.2345e-7, "123 ns"),
    ],
)
def test_times_have_three_digits(seconds, text):
    assert time_text(seconds) == text


def test_a_lost_row_is_bold():
    assert ratio_text(1.0) == "1.00x"
    assert ratio_text(0.994) == "**0.99x**"
    assert ratio_text(None) == ""


def test_sizes():
    assert [size_text(n) for n in (2**14, 2**20, 2**28)] == ["16 KiB", "1 MiB", "256 MiB"]


def test_a_case_tells_its_option():
    assert shape_text(Case("infer", "lstm", 1, 2, 3, 4)) == "T1 B2 I3 H4"
    assert shape_text(Case("infer", "gru", 1, 2, 3, 4, "relu")) == 'T1 B2 I3 H4, activation="relu"'


def test_a_table():
    assert markdown(["a", "b"], [["1", "2"]]) == ["| a | b |", "|---|--:|", "| 1 | 2 |", ""]


def test_a_machine_in_one_line():
    expected = "A processor, 2 processors, L1 data 32K, 16 GiB of memory, A system"
    assert machine_text(run()["machine"]) == expected

"""The page of the C++ core shows the program that is compiled and run with the C++ tests."""

import re

from repository_sources import ROOT


def test_its_program_is_the_one_that_is_tested():
    (shown,) = re.findall(
        r"^```cpp\n(.*?)^```", (ROOT / "docs" / "core.md").read_text(), re.M | re.S
    )
    comment, _, tested = (ROOT / "tests/cpp/core_example_test.cpp").read_text().partition("\n")
    assert comment.startswith("// The program of docs/core.md")
    assert shown == tested


def test_the_files_of_its_tour_are_there():
    tour = re.findall(
        r"^\| `(cpp/\w+/)` \| .* \| (.*) \|$", (ROOT / "docs/core.md").read_text(), re.M
    )
    assert len(tour) > 5
    for folder, files in tour:
        for name in re.findall(r"`([\w.]+)`", files):
            assert (ROOT / folder / name).exists()

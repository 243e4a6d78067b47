"""The page of equations: numbered without a gap, and what sources cite is there."""

import itertools
import re

from repository_sources import ROOT, cpp_sources, python_sources

PAGE = (ROOT / "docs" / "math.md").read_text()
# A number stands in the right margin, or alone in the last cell of a table's row.
NUMBERS = re.findall(r"(?:  |\| )\((\d+[a-z]?)\)", PAGE)
CITED = re.compile(r"math\.md ((?:\(\d+[a-z]?\)(?:-| to |, | and )?)+)")


def follows(number, before):
    """Return whether a number is the next one: 7 after 6, 59a after 59, 59b after 59a."""
    whole, letter = re.fullmatch(r"(\d+)([a-z]?)", before).groups()
    after_letter = f"{whole}{chr(ord(letter) + 1)}" if letter else f"{whole}a"
    return number in (str(int(whole) + 1), after_letter)


def test_equations_are_numbered_without_a_gap():
    assert NUMBERS[0] == "1"
    gaps = [(a, b) for a, b in itertools.pairwise(NUMBERS) if not follows(b, a)]
    assert gaps == []


def test_what_sources_cite_is_there():
    sources = [*cpp_sources(), *python_sources()]
    cited = {
        (source.name, number)
        for source in sources
        for text in CITED.findall(source.read_text())
        for number in re.findall(r"\((\d+[a-z]?)\)", text)
    }
    assert len(cited) > 50
    assert {c for c in cited if c[1] not in NUMBERS} == set()

"""The page of guarantees: every promise names a test, and every test that it names is there."""

import re

import pytest

from repository_sources import ROOT

ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs" / "guarantees.md").read_text().splitlines()
    if line.startswith("|") and not line.startswith(("|---", "| promise |"))
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_promise_has_tests_that_exist(row):
    _, _, tests = row
    named = re.findall(r"`([^`]+)`", tests)
    assert named
    for path, name in (test.split("::", 1) for test in named):
        text = (ROOT / path).read_text()
        wanted = f"\ndef {name}(" if path.endswith(".py") else f'\nTEST_CASE("{name}")'
        assert wanted in text, f"{path} has no {name}"


def test_there_are_promises():
    assert len(ROWS) > 30

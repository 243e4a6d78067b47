"""The README: its commands are one line each, its links and files are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
PYTHON = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
LARGEST_PICTURE = 150_000  # bytes: a page of pictures must not outweigh the sources


def test_the_first_example_draws_both_pictures():
    assert len(PYTHON) >= 2
    assert PYTHON[0].count("savefig") == 2


@pytest.mark.parametrize("name", ["run", "test"])
def test_its_commands_are_one_line_to_paste(name):
    (command,) = re.findall(rf"^<!-- command: {name} -->\n```sh\n(.*?)^```", README, re.M | re.S)
    assert command.count("\n") == 1
    assert "-m venv" in command


def test_its_links_and_files_are_there():
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link]
    files = re.findall(r"`((?:tests|docs|bench|scripts|python)/[\w/.]+)`", README)
    assert len(links) > 5
    assert [path for path in links + files if not (ROOT / path).exists()] == []


def test_its_pictures_are_small():
    pictures = list((ROOT / "docs" / "img").glob("*.png"))
    assert pictures
    for picture in pictures:
        assert picture.stat().st_size < LARGEST_PICTURE, picture

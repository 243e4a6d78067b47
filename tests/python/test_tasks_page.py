"""The page of the example tasks: its commands run tasks that there are, its pictures are small."""

import re
from pathlib import Path

import pytest

from gatedcore import tasks

DOCS = Path(__file__).resolve().parents[2] / "docs"
SECTIONS = re.split(r"^## ", (DOCS / "tasks.md").read_text(), flags=re.M)[1:]
LARGEST_PICTURE = 60_000  # bytes


def test_every_task_has_a_section():
    assert sorted(section.splitlines()[0] for section in SECTIONS) == list(tasks.NAMES)


@pytest.mark.parametrize("section", SECTIONS, ids=lambda text: text.splitlines()[0])
def test_a_section_has_commands_figures_and_a_small_picture(section, capsys):
    name = section.splitlines()[0]
    commands = re.findall(r"^```sh\n(.*?)\n```", section, re.M | re.S)
    assert commands
    with pytest.raises(SystemExit):
        tasks.module(name).main(["--help"])
    known = capsys.readouterr().out
    for command in commands:
        assert command.startswith(f"gatedcore run {name}")
        assert all(option in known for option in re.findall(r"--[a-z-]+", command))
    assert len(re.findall(r"^\|---", section, re.M)) == len(commands)
    (picture,) = re.findall(r"^!\[.+\]\((.+)\)$", section, re.M)
    assert (DOCS / picture).stat().st_size < LARGEST_PICTURE

"""The README: its code runs, its commands are one line each, its links and files are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
PYTHON = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
BRIDGES = ("keras", "onnx", "torch")  # examples of these need the framework
LARGEST_PICTURE = 150_000  # bytes: a page of pictures must not outweigh the sources


# Keras's own variables; NumPy wants another signature of them.
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword")
@pytest.mark.parametrize("code", PYTHON, ids=range(len(PYTHON)))
def test_its_code_runs(code, tmp_path, monkeypatch):
    for framework in BRIDGES:
        if re.search(rf"\bimport {framework}\b|\bgk\.{framework}\b", code):
            pytest.importorskip(framework, reason=f"{framework} is not installed")
    pytest.importorskip("matplotlib.pyplot").switch_backend("Agg")
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.md", "exec"), {})


def test_the_first_example_draws_both_pictures(tmp_path, monkeypatch):
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
    assert len(files) > 5
    assert [path for path in links + files if not (ROOT / path).exists()] == []


def test_the_tests_it_names_beside_a_folder_are_there():
    rows = [row for row in README.splitlines() if row.startswith("|") and "_test.cpp" in row]
    named = {name for row in rows for name in re.findall(r"`(\w+_test\.cpp)`", row)}
    known = {path.name for path in (ROOT / "tests" / "cpp").rglob("*_test.cpp")}
    assert named
    assert named <= known


def test_its_pictures_are_small():
    pictures = list((ROOT / "docs" / "img").glob("*.png"))
    assert pictures
    for picture in pictures:
        assert picture.stat().st_size < LARGEST_PICTURE, picture

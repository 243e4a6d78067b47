"""The fuzzers' targets on a few random inputs each: what scripts/check_fuzz.sh runs for minutes."""

import os
import random
import subprocess
from pathlib import Path

import numpy as np
import pytest

import core_calls
import entry_points
import readers

pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # of strange numbers, and of what is left out
    pytest.mark.usefixtures("any_arithmetic"),
]


@pytest.fixture
def any_arithmetic():
    with np.errstate(all="ignore"):
        yield


def inputs(count):
    """Return bytes as a fuzzer might find them."""
    return [random.Random(number).randbytes(20 + 10 * number) for number in range(count)]


def test_calls_of_the_core():
    for data in inputs(300):
        core_calls.one_input(data[:400])


@pytest.mark.parametrize("name", readers.READERS)
def test_readers(name):
    framework = readers.NEEDS.get(name, "numpy")
    pytest.importorskip(framework, reason=f"{framework} is not installed")
    one_input = readers.reading(name)
    for data in inputs(12):
        one_input(data)


@pytest.mark.parametrize("name", entry_points.ENTRY_POINTS)
def test_entry_points(name):
    one_input = entry_points.calling(name)
    for data in inputs(40):
        one_input(data)


def test_targets_that_are_left_out_are_named(capsys, monkeypatch):
    absent = {"torch", "onnx"}
    monkeypatch.setattr(readers, "find_spec", lambda name: None if name in absent else name)
    names = readers.ready()
    assert set(readers.READERS) - set(names) == {"pickle", "onnx"}
    assert capsys.readouterr().err.splitlines() == [
        "onnx           left out: onnx is not installed",
        "pickle         left out: torch is not installed",
    ]


def test_a_fuzzing_run_of_nothing_fails(tmp_path):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho 'No module named numpy' >&2\nexit 1\n")
    python.chmod(0o755)
    script = Path(__file__).parents[2] / "scripts" / "check_fuzz.sh"
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run([script, "1"], env={"PATH": path}, capture_output=True, text=True)
    assert done.returncode != 0
    assert "No module named numpy" in done.stderr

"""bench/compare.py: when a build counts as slower, and which builds there are."""

import sys

import pytest

import compare
from bench.measured import LSTM
from compare import BuildError, Comparison, interpreter_of, tell
from contest.samples import Ratio


@pytest.mark.parametrize(
    ("ratio", "code", "word"),
    [
        (Ratio(1.10, 1.05, 1.15), 1, "SLOWER"),
        (Ratio(1.10, 0.99, 1.20), 0, ""),  # perhaps by chance
        (Ratio(1.02, 1.01, 1.03), 0, ""),  # surely, but by little
        (Ratio(0.90, 0.85, 0.95), 0, "faster"),
    ],
)
def test_slower_is_by_much_and_not_by_chance(capsys, ratio, code, word):
    assert tell([Comparison(LSTM, ratio, 1e-3)], 0.03) == code
    line = capsys.readouterr().out.splitlines()[1]
    assert line.startswith("infer lstm:100x32x64x64      1000.0")
    assert line.endswith(word)


def test_an_interpreter_and_a_virtual_environment_are_builds(tmp_path):
    assert interpreter_of(sys.executable, tmp_path) == sys.executable
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    assert interpreter_of(str(tmp_path), tmp_path) == str(tmp_path / "bin" / "python")


def test_a_built_revision_is_not_built_again(tmp_path, monkeypatch):
    (tmp_path / ("a" * 16)).mkdir()
    (tmp_path / ("a" * 16) / "built").touch()
    assert compare.built("a" * 40, tmp_path) == str(tmp_path / ("a" * 16) / "bin" / "python")


def test_anything_else_is_an_error(tmp_path):
    with pytest.raises(BuildError, match="'no-such-thing' is no interpreter, no virtual env"):
        interpreter_of("no-such-thing", tmp_path)


def test_a_build_beside_itself():
    cases = compare.select("lstm:5x2x3x4", ("infer",))
    (found,) = compare.compare([sys.executable, sys.executable], cases, 1, 0.01, 2)
    assert found.case == cases[0]
    assert found.ratio.low <= found.ratio.value <= found.ratio.high
    assert found.old_seconds > 0

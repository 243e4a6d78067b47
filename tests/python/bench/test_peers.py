"""bench/python/peers.py: who is asked for which row, and a short run of gatedcore alone."""

import json
import sys

import pytest

import peers
from contest.adapters import MODULES, variants
from contest.cases import Case, groups


def test_everybody_is_invited_to_plain_rows():
    for case in groups()["dense"]:
        assert all(peers.invited(case, library) for library in MODULES)


def test_options_are_measured_against_gatedcore_itself():
    case = Case("infer", "lstm", 100, 32, 128, 128, "relu")
    assert [library for library in MODULES if peers.invited(case, library)] == ["gatedcore"]
    assert variants("gatedcore", case, 1) == ["", "plain"]
    lengths = Case("train", "gru", 500, 32, 128, 128, "lengths")
    assert [name for name in MODULES if peers.invited(lengths, name)] == ["gatedcore", "torch"]


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["peers.py", *arguments])
    peers.main()


def test_rows_are_written_and_measured_only_once(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(peers, "CEILING_SECONDS", 0.01)
    path = tmp_path / "peers.json"
    options = ["--libs", "gatedcore", "--threads", "1", "--seconds", "0.01", "--json", str(path)]
    run(monkeypatch, *options, "--cases", "lstm:3x2x4x5", "--kinds", "infer")
    assert "infer lstm:3x2x4x5, 1 thread(s), us: gatedcore " in capsys.readouterr().out
    run(monkeypatch, *options, "--cases", "lstm:3x2x4x5", "--redo")
    out = capsys.readouterr().out
    assert "infer" not in out
    assert "train lstm:3x2x4x5" in out
    document = json.loads(path.read_text())
    assert [row["case"]["kind"] for row in document["rows"]] == ["infer", "train"]
    result = document["rows"][0]["results"]["gatedcore"]
    assert 0 < result["min"] <= result["q1"] <= result["median"] <= result["q3"]
    assert result["error"] == 0
    assert document["runs"][0]["ceilings"]["multiply_add"] > 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--libs", "theano"], "library 'theano' is unknown"),
        (["--cases", "tense"], "case 'tense' is no group"),
        (["--kinds", "run"], "kind 'run' is unknown"),
        (["--threads", "0"], "--threads is 0, expected numbers from 1"),
        (["--redo"], "--redo needs --json"),
    ],
)
def test_mistakes_on_the_command_line(monkeypatch, capsys, arguments, message):
    with pytest.raises(SystemExit) as leaving:
        run(monkeypatch, *arguments)
    assert leaving.value.code == 2
    assert message in capsys.readouterr().err

"""bench/python/smoothness.py: which neighbours are compared, and a short sweep."""

import sys

import pytest

import smoothness


def test_neighbours_of_as_many_vectors_are_compared():
    seconds = {7: 1.0, 8: 1.5, 9: 9.0, 10: 3.0}
    assert smoothness.steepest(seconds, 8) == [(3.0, 9), (1.5, 7)]
    assert smoothness.steepest({8: 1.0, 9: 2.0}, 8) == []


@pytest.mark.parametrize("kind", ["infer", "train"])
def test_a_short_sweep_is_printed_and_drawn(monkeypatch, capsys, tmp_path, kind):
    pytest.importorskip("matplotlib")
    monkeypatch.setattr(smoothness, "BURST", 0.0)
    picture = tmp_path / "sweep.png"
    options = ["--sizes", "2,4", "--shape", "2,3", "--rounds", "1", "--kinds", kind]
    monkeypatch.setattr(sys, "argv", ["smoothness.py", *options, "--picture", str(picture)])
    with pytest.raises(SystemExit) as leaving:
        smoothness.main()
    assert leaving.value.code in (0, 1)  # times are not asserted
    out = capsys.readouterr().out
    for cell in ("lstm", "gru"):
        assert f"{kind} {cell}: " in out
    assert "of 2 neighbours differ by more than 25%" in out
    assert picture.stat().st_size > 1000


@pytest.mark.parametrize(("seconds", "code"), [([1.0, 1.1], 0), ([1.0, 1.3], 1)])
def test_a_cliff_is_the_exit_status(monkeypatch, capsys, seconds, code):
    monkeypatch.setattr(smoothness, "sweep", lambda *_: dict(zip((2, 3), seconds, strict=True)))
    monkeypatch.setattr(sys, "argv", ["smoothness.py", "--sizes", "2,3", "--kinds", "infer"])
    with pytest.raises(SystemExit) as leaving:
        smoothness.main()
    assert leaving.value.code == code
    assert f"infer gru: {code} of 1 neighbours" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--kinds", "inference"], "--kinds: 'inference' is unknown, expected some of infer,train"),
        (["--cells", "LSTM"], "--cells: 'LSTM' is unknown, expected some of lstm,gru"),
        (["--sizes", "9,3"], "--sizes is 9,3, expected two sizes"),
    ],
)
def test_mistakes_on_the_command_line(monkeypatch, capsys, arguments, message):
    monkeypatch.setattr(sys, "argv", ["smoothness.py", *arguments])
    with pytest.raises(SystemExit) as leaving:
        smoothness.main()
    assert leaving.value.code == 2
    assert message in capsys.readouterr().err

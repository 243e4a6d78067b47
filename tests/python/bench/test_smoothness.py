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
    smoothness.main()
    out = capsys.readouterr().out
    for cell in ("lstm", "gru"):
        assert f"{kind} {cell}: " in out
    assert "of 2 neighbours differ by more than 25%" in out
    assert picture.stat().st_size > 1000

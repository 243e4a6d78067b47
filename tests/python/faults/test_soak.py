"""The soak of half an hour: one round of it, and what it takes for growth."""

from pathlib import Path

import pytest

import soak


def test_a_round_does_everything_once(tmp_path: Path) -> None:
    assert next(soak.rounds(tmp_path)) == 0


def test_memory_that_grows_is_seen_and_the_warm_up_is_not() -> None:
    shares = [i / 60 for i in range(61)]
    flat = [(share, 100 if share < 1 / 6 else 200) for share in shares]
    assert soak.growth(flat) == 0
    leaking = [(share, round(1e9 * (1 + 0.02 * share))) for share in shares]
    assert soak.growth(leaking) > soak.ALLOWED


def test_too_short_a_time_is_an_error(monkeypatch, capsys) -> None:
    monkeypatch.setattr("sys.argv", ["soak.py", "--minutes", "0.7"])
    with pytest.raises(SystemExit):
        soak.main()
    assert "--minutes is 0.7, expected at least 6" in capsys.readouterr().err

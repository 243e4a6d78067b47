"""bench/python/predict_distributed.py: a table and a picture of what machines will gain."""

import sys

import pytest

import predict_distributed


def test_a_row_has_rings_and_halves():
    table = predict_distributed.table({"LSTM 7": (250_000, 0.01)}, 1e-3)
    # Of 1e6 bytes at 1 Gb/s two machines move 8 ms, and wait for two messages either way.
    row = next(line for line in table if line.startswith("| LSTM 7 | 1.00 | 10.0 | 1 |"))
    cells = row.strip("| ").split(" | ")[4:]
    assert cells[0] == f"{10 / 20:.2f} ({10 / 20:.2f})"
    assert cells[3] == f"{10 / (10 + 15.984 + 1998):.2f} ({10 / (10 + 15.984 + 20):.2f})"
    assert cells[4] == f"{80 / (80 + 15.984 + 1998):.2f} ({80 / (80 + 15.984 + 20):.2f})"
    assert sum("LSTM 7" in line for line in table) == len(predict_distributed.GIGABITS)


def test_a_model_has_the_layers_of_its_name():
    model = predict_distributed.model_of(2, 8, 3)
    assert predict_distributed.name_of(2, 8) == "2 x LSTM 8"
    lstm = 4 * 8 * (3 + 8 + 1) + 4 * 8 * (8 + 8 + 1)
    assert model.count_params() == lstm + 8 + 1


def test_a_short_run_prints_and_draws(monkeypatch, capsys, tmp_path):
    pytest.importorskip("matplotlib")
    monkeypatch.setattr(predict_distributed, "MODELS", [(1, 2), (2, 3)])
    picture = tmp_path / "predicted.png"
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- table: predicted -->\nold\n<!-- end -->\nafter\n")
    options = ["--rows=2", "--steps=3", "--inputs=2", "--rounds=1"]
    options += [f"--out={picture}", f"--page={page}"]
    monkeypatch.setattr(sys, "argv", ["predict_distributed.py", *options])
    predict_distributed.main()
    out = capsys.readouterr().out
    assert "one core: 2 rows of 3 steps, I=2; 50 µs a message" in out
    assert "| LSTM 2 | " in out
    assert "| 2 x LSTM 3 | " in out
    assert picture.stat().st_size > 10_000
    before, table = page.read_text().split("<!-- table: predicted -->\n\n")
    assert before == "before\n"
    assert table == out.rstrip("\n") + "\n\n<!-- end -->\nafter\n"

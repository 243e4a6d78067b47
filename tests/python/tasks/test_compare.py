"""The compare task: both models come close to what the noise allows."""

import re

import pytest

from gatedcore.tasks import compare

# Four runs (seeds 0 and 1, LSTM and GRU, 100 epochs) had a best epoch at 1.08 to 1.15 times the
# noise in their validation values; the sum of 50 noisy values cannot do without some of it.
RATIO = 1.25


def table(text):
    """The table's numbers by model."""
    lines = re.findall(r"^(LSTM|GRU|the noise itself) +(.*)$", text, re.M)
    return {name: [float(cell.replace(",", "")) for cell in rest.split()] for name, rest in lines}


def test_both_models_come_close_to_the_noise(tmp_path, capsys):
    compare.main(["--no-plot", "--out", str(tmp_path), "--epochs", "60"])
    rows = table(capsys.readouterr().out)
    floor = rows["the noise itself"][-1]
    assert 0.006 < floor < 0.014
    assert rows["LSTM"][0] == 10_451
    assert rows["GRU"][0] == 8001
    for name in ("LSTM", "GRU"):
        assert floor < rows[name][-1] < RATIO * floor


def test_it_draws(tmp_path, capsys):
    pytest.importorskip("matplotlib").use("Agg")
    compare.main(["--epochs", "1", "--length", "10", "--out", str(tmp_path)])
    out = capsys.readouterr().out
    for name in ("compare-loss.png", "compare-forecast.png"):
        assert (tmp_path / name).stat().st_size > 1000
        assert f"wrote {tmp_path / name}" in out


def test_bad_options(capsys):
    with pytest.raises(SystemExit) as leaving:
        compare.main(["--length", "501"])
    assert leaving.value.code == 2
    assert "argument --length: expected at most 500" in capsys.readouterr().err

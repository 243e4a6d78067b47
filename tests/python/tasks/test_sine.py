"""The sine task learns, prints, draws and repeats itself."""

import numpy as np
import pytest

from gatedcore.tasks import sine

PNG = b"\x89PNG\r\n\x1a\n"

# Ten runs (LSTM and GRU, seeds 0 to 4, 100 epochs) ended with losses of 3.5e-6 to 4.8e-5 and had
# none above 1.0e-4 in the last twenty epochs; the value predicted was off by at most 0.0063.
LOSS = 5e-4
ERROR = 0.03


def rows(text):
    """The table's rows: name, loss, predicted, true."""
    lines = [line.split() for line in text.splitlines()]
    return {line[0]: [float(cell) for cell in line[1:]] for line in lines if len(line) == 4}


def test_both_models_learn_the_wave(tmp_path, capsys):
    sine.main(["--no-plot", "--out", str(tmp_path)])
    table = rows(capsys.readouterr().out.split("---")[-1])
    assert list(table) == ["LSTM", "GRU"]
    for loss, predicted, true in table.values():
        assert loss < LOSS
        assert true == pytest.approx(np.sin(100.0), abs=5e-5)  # printed with four digits
        assert abs(predicted - true) < ERROR


def test_it_writes_and_names_its_plots(tmp_path, capsys):
    pytest.importorskip("matplotlib").use("Agg")
    sine.main(["--epochs", "1", "--out", str(tmp_path / "plots")])
    out = capsys.readouterr().out
    for name in ("sine-loss.png", "sine-prediction.png"):
        path = tmp_path / "plots" / name
        assert path.read_bytes().startswith(PNG)
        assert f"wrote {path}" in out


def test_a_seed_repeats_a_run_and_another_does_not(capsys):
    def printed(seed):
        sine.main(["--no-plot", "--epochs", "2", "--seed", seed])
        return capsys.readouterr().out

    first = printed("1")
    assert printed("1") == first
    assert printed("2") != first

"""The vowels task tells the speakers apart."""

import re

import numpy as np
import pytest

from gatedcore.tasks import vowels
from tasks.real_data import real_data


def accuracy(text):
    return float(re.search(r"^bidirectional GRU .* ([0-9.]+)$", text, re.M)[1])


def made_up(path, seed=0):
    """Write utterances of nine speakers, each around a place of its own."""
    rng = np.random.default_rng(seed)
    places, arrays = rng.normal(size=(9, 12)), {}
    for part, each in (("train", 6), ("test", 3)):
        y = np.repeat(np.arange(9), each)
        lengths = rng.integers(7, 12, len(y))
        frames = np.repeat(places[y], lengths, axis=0)
        arrays[f"{part}_x"] = (frames + 0.3 * rng.normal(size=frames.shape)).astype("f4")
        arrays[f"{part}_offsets"] = np.concatenate([[0], np.cumsum(lengths)])
        arrays[f"{part}_y"] = y
    np.savez(path, **arrays)
    return path


def test_on_made_up_speakers(tmp_path, capsys):
    pytest.importorskip("matplotlib").use("Agg")
    path = made_up(tmp_path / "speakers.npz")
    vowels.main(["--data", str(path), "--epochs", "15", "--out", str(tmp_path)])
    assert accuracy(capsys.readouterr().out) > 0.8
    assert (tmp_path / "vowels-confusion.png").stat().st_size > 1000


def test_on_the_real_ones(tmp_path, capsys):
    # Seeds 0, 1 and 2 reach 0.978 to 0.989 of 370.
    path = real_data("japanese_vowels.npz")
    vowels.main(["--data", str(path), "--no-plot", "--out", str(tmp_path)])
    assert accuracy(capsys.readouterr().out) >= 0.97


def test_data_that_are_not_there(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as leaving:
        vowels.main([])
    assert leaving.value.code == 2
    told = capsys.readouterr().err
    assert "there is no file 'japanese_vowels.npz'; the data are Kudo, Toyama and Shimbo" in told

"""The digits task tells recordings of different lengths apart."""

import re

import numpy as np
import pytest

from gatedcore.tasks import digits
from tasks.real_data import real_data


def accuracy(text):
    return float(re.search(r"^bidirectional GRU .* ([0-9.]+)$", text, re.M)[1])


def made_up(path, seed=0):
    """Write recordings of ten digits, each a walk to a place of its own: 20 takes by 2 speakers."""
    rng = np.random.default_rng(seed)
    places = rng.normal(size=(10, 13))
    digit, take, _ = (a.ravel() for a in np.mgrid[:10, :20, :2])
    lengths = rng.integers(5, 30, len(digit))
    frames = np.repeat(places[digit], lengths, axis=0)
    np.savez(
        path,
        x=(frames + 0.5 * rng.normal(size=frames.shape)).astype("f2"),
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        digit=digit.astype("u1"),
        take=take.astype("u1"),
        is_test=take < 2,
    )
    return path


def test_on_made_up_recordings(tmp_path, capsys):
    pytest.importorskip("matplotlib").use("Agg")
    path = made_up(tmp_path / "digits.npz")
    digits.main(["--data", str(path), "--epochs", "8", "--out", str(tmp_path)])
    out = capsys.readouterr().out
    assert "accuracy on 40 unheard recordings" in out
    assert accuracy(out) > 0.9
    for name in ("digits-training.png", "digits-confusion.png"):
        assert (tmp_path / name).stat().st_size > 1000


def test_on_the_real_ones(tmp_path, capsys):
    path = real_data("spoken_digits_mfcc.npz")
    digits.main(["--data", str(path), "--epochs", "5", "--no-plot", "--out", str(tmp_path)])
    assert accuracy(capsys.readouterr().out) >= 0.97

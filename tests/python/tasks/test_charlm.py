"""The task that writes: streams of a text, a model that learns, and what it draws."""

import gzip
import re

import numpy as np
import pytest

import gatedcore as gk
from gatedcore.tasks import charlm
from tasks.real_data import real_data


def loss(text):
    return float(re.search(r"^LSTM .* ([0-9.]+)$", text, re.M)[1])


@pytest.fixture
def small(monkeypatch):
    for name, value in (("UNITS", 32), ("STREAMS", 8), ("CHUNK", 16), ("RATE", 0.02)):
        monkeypatch.setattr(charlm, name, value)


def test_streams_go_on_from_step_to_step(small):
    x, y = charlm.streams(np.arange(100))
    assert x.shape == y.shape == (8, 12)
    np.testing.assert_array_equal(y, x + 1)
    np.testing.assert_array_equal(x.ravel(), np.arange(96))


def test_a_stream_writes_what_the_model_would(small):
    gk.set_random_seed(0)
    model = charlm.network(5, gk.Embedding(5, 4))
    model.build((None, None))
    start = np.array([1, 2, 3, 4])
    written = charlm.write(model, start, 6, 1e-7, np.random.default_rng(0))
    whole = list(start)
    for _ in range(6):  # so cold, the likeliest is drawn
        whole.append(int(model(np.array([whole]))[0, -1].argmax()))
    assert written.tolist() == whole[4:]


def test_it_learns_a_text_that_repeats_itself(small, tmp_path, capsys):
    pytest.importorskip("matplotlib").use("Agg")
    line = "the quick brown fox jumps over the lazy dog. "
    path = tmp_path / "text.txt.gz"
    path.write_bytes(gzip.compress((line * 150).encode()))
    charlm.main(["--text", str(path), "--epochs", "12", "--length", "60", "--temperature", "0.1",
                 "--out", str(tmp_path)])  # fmt: skip
    out = capsys.readouterr().out
    assert loss(out) < 0.3  # each by its frequency has 3.0
    assert any(word in out.split("[...]")[1] for word in line.split()[1:])
    assert (tmp_path / "charlm.png").stat().st_size > 1000


def test_on_shakespeare(tmp_path, capsys, monkeypatch):
    # A small network for one epoch. The task itself reaches its promise in minutes:
    # docs/tasks.md.
    monkeypatch.setattr(charlm, "UNITS", 64)
    monkeypatch.setattr(charlm, "CHUNK", 32)
    monkeypatch.setattr(charlm, "RATE", 0.01)
    path = real_data("tinyshakespeare.txt.gz")
    charlm.main(["--data", str(path), "--epochs", "1", "--no-plot", "--out", str(tmp_path)])
    out = capsys.readouterr().out
    # Given the last character alone, characters have 2.484.
    assert loss(out) < 2.45
    assert float(re.search(r"frequency +([0-9.]+)$", out, re.M)[1]) == pytest.approx(3.35, abs=0.01)


def test_a_text_too_short_is_an_error(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("word " * 100)
    with pytest.raises(ValueError, match=r"the text has 500 characters, expected at least 650"):
        charlm.main(["--text", str(path), "--out", str(tmp_path)])

"""The copy task: symbols to repeat after a pause, and models that do."""

import re

import numpy as np

from gatedcore.tasks import copy_memory


def test_sequences_hold_symbols_a_pause_a_signal_and_the_symbols_as_answer():
    x, y, weights = copy_memory.sequences(50, 3, 4, np.random.default_rng(0))
    assert x.shape == y.shape == weights.shape == (50, 10)
    assert x[:, :3].min() == 1
    assert x[:, :3].max() == copy_memory.KINDS
    np.testing.assert_array_equal(x[:, 3:], [[0, 0, 0, 0, copy_memory.SIGNAL, 0, 0]] * 50)
    np.testing.assert_array_equal(y, np.pad(x[:, :3], ((0, 0), (7, 0))))
    np.testing.assert_array_equal(weights, [[0] * 7 + [1] * 3] * 50)


def test_both_models_repeat_all_at_a_short_delay(tmp_path, capsys, monkeypatch):
    # Two symbols, delay 4: both are done within 3 epochs of 5000; guessing has 0.125.
    monkeypatch.setattr(copy_memory, "SEQUENCES", 5000)
    options = ["--symbols", "2", "--delay", "4", "--epochs", "10", "--no-plot"]
    copy_memory.main([*options, "--out", str(tmp_path)])
    found = re.findall(r"^(LSTM|GRU), delay 4 .* ([0-9.]+)$", capsys.readouterr().out, re.M)
    assert [(name, float(accuracy)) for name, accuracy in found] == [("LSTM", 1.0), ("GRU", 1.0)]

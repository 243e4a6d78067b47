import re
from pathlib import Path

import numpy as np
import pytest

import gatedcore as gk
from gatedcore.progress import format_logs, printers

X, Y = np.zeros((8, 3), np.float32), np.ones((8, 1), np.float32)


@pytest.fixture
def model() -> gk.Sequential:
    model = gk.Sequential([gk.Dense(1, input_shape=(3,))])
    model.compile("sgd", "mse")
    return model


def test_silence(model: gk.Sequential, capsys: pytest.CaptureFixture[str]) -> None:
    model.fit(X, Y, verbose=0)
    model.evaluate(X, Y)
    model.evaluate(X, Y, verbose=0)
    model.predict(X)
    model.predict(X, verbose=2)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("verbose", ["auto", 1])
def test_bars(model: gk.Sequential, capsys: pytest.CaptureFixture[str], verbose: object) -> None:
    model.fit(X, Y, batch_size=4, epochs=2, verbose=verbose)
    out, err = capsys.readouterr()
    assert out == ""
    assert "Epoch 1/2" in err
    assert "Epoch 2/2: 100%" in err
    assert "2/2" in err
    assert re.search(r"loss=\d", err)


def test_bars_elsewhere(model: gk.Sequential, capsys: pytest.CaptureFixture[str]) -> None:
    model.evaluate(X, Y, verbose=1)
    assert re.search(r"evaluate: 100%.*loss=1", capsys.readouterr().err)
    model.predict(X, verbose=1)
    assert "predict: 100%" in capsys.readouterr().err


def test_lines(model: gk.Sequential, capsys: pytest.CaptureFixture[str]) -> None:
    model.fit(X, Y, epochs=2, verbose=2, validation_split=0.5)
    model.evaluate(X, Y, verbose=2)
    out, err = capsys.readouterr()
    assert err == ""
    lines = out.splitlines()
    assert re.fullmatch(r"Epoch 1/2: \d+\.\d\ds, loss=\S+, val_loss=\S+", lines[0])
    assert lines[1].startswith("Epoch 2/2: ")
    assert lines[2].startswith("evaluate, loss=")


def test_a_bar_is_closed_after_an_error(model: gk.Sequential) -> None:
    with pytest.raises(ValueError, match="loss is nan"):
        model.fit(np.full_like(X, np.nan), Y, verbose=1)


@pytest.mark.parametrize("verbose", [3, -1, "loud", None])
def test_bad_verbose(verbose: object) -> None:
    with pytest.raises(ValueError, match=r"fit: verbose is .*, expected 'auto', 0, 1 or 2"):
        printers("fit", verbose)


def test_format_logs() -> None:
    assert format_logs({"loss": 0.123456, "mae": 12345.678}) == "loss=0.1235, mae=1.235e+04"


def test_the_bar_of_an_epoch_that_goes_on_ends_full(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Crash(gk.Callback):
        def on_train_batch_end(self, batch: int, logs: object = None) -> None:
            if batch == 2:
                raise RuntimeError("crash")

    for crash in (Crash(), gk.Callback()):
        model = gk.Sequential([gk.Dense(1, input_shape=(3,))])
        model.compile("sgd", "mse")
        backup = gk.callbacks.BackupAndRestore(tmp_path, 1)
        try:
            model.fit(X, Y, batch_size=2, callbacks=[backup, crash])
        except RuntimeError:
            capsys.readouterr()
    assert "Epoch 1/1: 100%" in capsys.readouterr().err

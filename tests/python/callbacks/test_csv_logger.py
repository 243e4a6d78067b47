import csv
import pickle
import re
from pathlib import Path

import numpy as np
import pytest

import gatedcore as gk

X, Y = np.zeros((8, 3), np.float32), np.ones((8, 1), np.float32)


def run(logger: gk.CSVLogger, epochs: int = 2, **options: object) -> dict[str, list[float]]:
    model = gk.Sequential([gk.Dense(1, input_shape=(3,))])
    model.compile("sgd", "mse", metrics=["mae"])
    return model.fit(X, Y, epochs=epochs, verbose=0, callbacks=[logger], **options).history


def rows(path: Path, separator: str = ",") -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file, delimiter=separator))


def test_a_row_for_each_epoch(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    history = run(gk.CSVLogger(path), validation_split=0.5)
    head, *body = rows(path)
    assert head == ["epoch", "loss", "mae", "val_loss", "val_mae"]
    assert [row[0] for row in body] == ["0", "1"]
    for k, name in enumerate(head[1:], start=1):
        assert [float(row[k]) for row in body] == history[name]  # every digit
    run(gk.CSVLogger(path, separator=";"))
    assert rows(path, ";")[0][:3] == ["epoch", "loss", "mae"]


def test_room_for_a_validation_that_comes_later(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    logger = gk.CSVLogger(str(path))
    run(logger)
    assert rows(path)[0] == ["epoch", "loss", "mae", "val_loss", "val_mae"]
    assert rows(path)[1][3:] == ["NA", "NA"]
    run(gk.CSVLogger(path, append=True), validation_split=0.5)
    body = rows(path)[1:]
    assert [row[0] for row in body] == ["0", "1", "0", "1"]
    assert "NA" not in body[2]


def test_rows_are_written_at_once(tmp_path: Path) -> None:
    path, seen = tmp_path / "log.csv", []
    model = gk.Sequential([gk.Dense(1, input_shape=(3,))])
    model.compile("sgd", "mse")
    watch = gk.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(len(rows(path))))
    model.fit(X, Y, epochs=3, verbose=0, callbacks=[gk.CSVLogger(path), watch])
    assert seen == [2, 3, 4]


def test_append_to_nothing(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.touch()
    run(gk.CSVLogger(path, append=True))
    run(gk.CSVLogger(tmp_path / "new.csv", append=True))
    for file in (path, tmp_path / "new.csv"):
        assert rows(file)[0] == ["epoch", "loss", "mae", "val_loss", "val_mae"]
        assert len(rows(file)) == 3


def test_append_to_other_columns(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("epoch,loss\n0,1.5\n")
    message = "CSVLogger: this run has epoch, loss, mae and "
    with pytest.raises(ValueError, match=re.escape(message)):
        run(gk.CSVLogger(path, append=True))
    assert path.read_text() == "epoch,loss\n0,1.5\n"


@pytest.mark.parametrize("data", [b"\xff\xfe\x00epoch", b"x" * 200_000])
def test_append_to_what_is_no_csv_file(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"CSVLogger: .*log\.csv cannot be read .*append=False"):
        run(gk.CSVLogger(path, append=True))
    assert path.read_bytes() == data


def test_the_file_is_closed_after_an_error_too(tmp_path: Path) -> None:
    logger = gk.CSVLogger(tmp_path / "log.csv")

    def fail(epoch: int, logs: object) -> None:
        raise RuntimeError("stop")

    model = gk.Sequential([gk.Dense(1, input_shape=(3,))])
    model.compile("sgd", "mse")
    with pytest.raises(RuntimeError, match="stop"):
        model.fit(X, Y, verbose=0, callbacks=[logger, gk.LambdaCallback(on_epoch_end=fail)])
    assert logger._file is None
    assert len(rows(tmp_path / "log.csv")) == 2
    assert pickle.loads(pickle.dumps(logger)).filename == logger.filename


def test_bad_arguments(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="CSVLogger: separator is ', ', expected one character"):
        gk.CSVLogger("log.csv", separator=", ")
    with pytest.raises(TypeError, match="CSVLogger: append is 'a', expected True or False"):
        gk.CSVLogger("log.csv", append="a")
    with pytest.raises(FileNotFoundError):
        run(gk.CSVLogger(tmp_path / "none" / "log.csv"))


def test_of_several_processes_the_first_one_writes(tmp_path: Path) -> None:
    class OnRankOne(gk.CSVLogger):
        def set_params(self, params: dict[str, object]) -> None:
            super().set_params({**params, "rank": 1})

    run(OnRankOne(tmp_path / "log.csv"))
    assert list(tmp_path.iterdir()) == []

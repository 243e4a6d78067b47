import pickle

import numpy as np
import pytest

import gatedcore as gk
from gatedcore.callbacks import CallbackList, check_callbacks

X, Y = np.zeros((8, 3), np.float32), np.ones((8, 1), np.float32)


def compiled() -> gk.Sequential:
    model = gk.Sequential([gk.Dense(1, input_shape=(3,))])
    model.compile("sgd", "mse", metrics=["mae"])
    return model


class Diary(gk.Callback):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def __getattribute__(self, name: str):
        if name.startswith("on_") and "batch" not in name:
            object.__getattribute__(self, "lines").append(name)
        return object.__getattribute__(self, name)

    def on_train_batch_begin(self, batch, logs=None) -> None:
        self.lines.append(f"begin {batch}")

    def on_train_batch_end(self, batch, logs=None) -> None:
        self.lines.append(f"end {batch} {sorted(logs)}")

    def on_test_batch_end(self, batch, logs=None) -> None:
        self.lines.append(f"test {batch} {sorted(logs)}")

    def on_predict_batch_begin(self, batch, logs=None) -> None:
        self.lines.append(f"predict {batch}")


def test_hooks_in_keras_order() -> None:
    diary, model = Diary(), compiled()
    model.fit(
        X, Y, batch_size=4, epochs=1, verbose=0, callbacks=[diary], validation_data=(X[:4], Y[:4])
    )
    assert diary.lines == [
        "on_train_begin", "on_epoch_begin",
        "begin 0", "end 0 ['loss', 'mae']", "begin 1", "end 1 ['loss', 'mae']",
        "on_test_begin", "test 0 ['loss', 'mae']", "on_test_end",
        "on_epoch_end", "on_train_end",
    ]  # fmt: skip
    assert diary.model is model
    assert diary.params == {"epochs": 1, "steps": 2, "verbose": 0}
    diary.lines.clear()
    model.predict(X[:4], callbacks=[diary])
    model.evaluate(X[:4], Y[:4], callbacks=diary)
    assert diary.lines == [
        "on_predict_begin", "predict 0", "on_predict_end",
        "on_test_begin", "test 0 ['loss', 'mae']", "on_test_end",
    ]  # fmt: skip


def test_older_names_of_the_batch_hooks() -> None:
    class Old(gk.Callback):
        seen = 0

        def on_batch_end(self, batch, logs=None) -> None:
            Old.seen += 1

    compiled().fit(X, Y, batch_size=4, verbose=0, callbacks=[Old()])
    assert Old.seen == 2


def test_hooks_that_nobody_fills_in_are_not_called() -> None:
    run = CallbackList([gk.History()], None, {})
    assert not run.listens("on_train_batch_end")
    assert CallbackList([Diary()], None, {}).listens("on_train_batch_end")


def test_epoch_logs_and_history() -> None:
    logs = []

    class Watch(gk.Callback):
        def on_epoch_end(self, epoch, logs_=None, logs=logs) -> None:
            logs.append((epoch, dict(logs_)))

    history = compiled().fit(X, Y, epochs=3, verbose=0, callbacks=[Watch()], validation_split=0.25)
    assert history.epoch == [0, 1, 2]
    assert list(history.history) == ["loss", "mae", "val_loss", "val_mae"]
    for epoch, seen in logs:
        assert seen == {name: values[epoch] for name, values in history.history.items()}


def test_stop_training_ends_after_this_batch_and_validates() -> None:
    class Stop(gk.Callback):
        steps = 0

        def on_train_batch_end(self, batch, logs=None) -> None:
            Stop.steps += 1
            self.model.stop_training = True

    history = compiled().fit(
        X, Y, batch_size=2, epochs=5, verbose=0, callbacks=[Stop()], validation_split=0.25
    )
    assert Stop.steps == 1
    assert history.epoch == [0]
    assert "val_loss" in history.history


def test_check_callbacks() -> None:
    callback = gk.Callback()
    assert check_callbacks("here", None) == []
    assert check_callbacks("here", callback) == [callback]
    for wrong in ([gk.Callback], ["x"], 3):
        with pytest.raises(
            TypeError, match=r"here: callbacks holds .*, expected objects of gatedco"
        ):
            check_callbacks("here", wrong)


def test_closed_after_an_error_too() -> None:
    class Closing(gk.Callback):
        closed = 0

        def close(self) -> None:
            Closing.closed += 1

        def on_epoch_begin(self, epoch, logs=None) -> None:
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        compiled().fit(X, Y, verbose=0, callbacks=[Closing()])
    assert Closing.closed == 1


def test_history_plots_and_pickles() -> None:
    history = compiled().fit(X, Y, epochs=3, verbose=0)
    assert pickle.loads(pickle.dumps(history)).history == history.history
    matplotlib = pytest.importorskip("matplotlib", reason="the extra [plot] is not installed")
    matplotlib.use("Agg")
    assert history.plot().axes

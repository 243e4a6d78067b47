import numpy as np
import pytest

import gatedcore as gk
from gatedcore.callbacks import CallbackList, NotFiniteError, check_callbacks
from gatedcore.callbacks.base import check_verbose

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
    assert diary.params == {"epochs": 1, "steps": 2, "verbose": 0, "rank": 0}
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


def test_the_end_of_training_has_the_logs_of_the_last_epoch() -> None:
    class Ends(gk.Callback):
        seen: list[dict] = []  # noqa: RUF012  # shared on purpose

        def on_epoch_end(self, epoch, logs=None) -> None:
            self.seen.append(dict(logs))

        def on_train_end(self, logs=None) -> None:
            self.seen.append(dict(logs))

    compiled().fit(X, Y, epochs=2, verbose=0, callbacks=[Ends()])
    assert len(Ends.seen) == 3
    assert Ends.seen[2] == Ends.seen[1] != Ends.seen[0]


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


def test_hooks_without_a_default_for_their_logs() -> None:
    class Strict(gk.Callback):
        seen: list[dict] = []  # noqa: RUF012  # shared on purpose

        def on_train_begin(self, logs) -> None:
            self.seen.append(logs)

        def on_epoch_begin(self, epoch, logs) -> None:
            self.seen.append(logs)

        def on_train_batch_begin(self, batch, logs) -> None:
            self.seen.append(logs)

    compiled().fit(X, Y, verbose=0, callbacks=[Strict()])
    assert Strict.seen == [{}, {}, {}]


@pytest.mark.parametrize("verbose", [2, -1, "1", None])
def test_verbose_of_callbacks(verbose: object) -> None:
    assert check_verbose("here", True) == 1
    with pytest.raises(ValueError, match=r"here: verbose is .*, expected 0 or 1"):
        check_verbose("here", verbose)


def test_an_error_that_no_callback_takes() -> None:
    error = NotFiniteError("step")
    assert gk.Callback().on_not_finite(error) is False
    with pytest.raises(NotFiniteError, match="step"), CallbackList([gk.History()], None, {}):
        raise error


def test_who_comes_after_others_is_told_last() -> None:
    told: list[str] = []

    class Named(gk.Callback):
        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

        def on_train_begin(self, logs: object = None) -> None:
            told.append(self.name)

    class Last(Named):
        after_others = True

    CallbackList([Last("last"), Named("a"), Named("b")], None, {}).call("on_train_begin")
    assert told == ["a", "b", "last"]


def test_states() -> None:
    assert gk.Callback().get_state() == {}


def test_the_callbacks_that_save_are_here_too() -> None:
    assert issubclass(gk.callbacks.ModelCheckpoint, gk.Callback)
    assert issubclass(gk.callbacks.BackupAndRestore, gk.Callback)
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        _ = gk.callbacks.nonsense


def test_of_several_processes_the_first_one_speaks(capsys) -> None:
    callback = gk.Callback()
    for params in ({}, {"rank": 0}, {"rank": 1}):
        callback.set_params(params)
        callback.say(f"{params}, {callback.leads}")
    assert capsys.readouterr().out == "{}, True\n{'rank': 0}, True\n"

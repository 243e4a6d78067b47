import pickle

import numpy as np
import pytest

import gatedcore as gk

X, Y = np.zeros((8, 3), np.float32), np.ones((8, 1), np.float32)


def compiled() -> gk.Sequential:
    model = gk.Sequential([gk.Dense(1, input_shape=(3,))])
    model.compile("sgd", "mse", metrics=["mae"])
    return model


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


def test_history_plots_and_pickles() -> None:
    history = compiled().fit(X, Y, epochs=3, verbose=0)
    assert pickle.loads(pickle.dumps(history)).history == history.history
    matplotlib = pytest.importorskip("matplotlib", reason="the extra [plot] is not installed")
    matplotlib.use("Agg")
    assert history.plot().axes


def test_what_callbacks_add_to_the_logs_is_kept() -> None:
    def add(epoch: int, logs: dict[str, float]) -> None:
        logs["twice"] = 2 * logs["loss"]

    history = compiled().fit(
        X, Y, epochs=2, verbose=0, callbacks=gk.LambdaCallback(on_epoch_end=add)
    )
    assert history.history["twice"] == [2 * loss for loss in history.history["loss"]]


def test_states():
    history = gk.History()
    history.on_epoch_end(0, {"loss": 2.0})
    again = gk.History()
    again.set_state(history.get_state())
    assert (again.history, again.epoch) == ({"loss": [2.0]}, [0])

import re

import numpy as np
import pytest

import gatedcore as gk

X, Y = np.zeros((8, 3), np.float32), np.ones((8, 1), np.float32)


def run(values: list[float], **options: object) -> tuple[gk.Sequential, gk.EarlyStopping, int]:
    """Train for epochs whose accuracy is given; return model, callback and epochs run."""
    left = iter(values)
    weights: list[list[np.ndarray]] = []
    model = gk.Sequential([gk.Dense(1, input_shape=(3,))])
    model.compile("sgd", "mse")

    def epoch_end(epoch: int, logs: dict[str, float]) -> None:
        logs["acc"] = next(left)
        weights.append(model.get_weights())

    stopping = gk.EarlyStopping("acc", **options)
    script = gk.LambdaCallback(on_epoch_end=epoch_end)
    history = model.fit(X, Y, epochs=len(values), verbose=0, callbacks=[script, stopping])
    if stopping.restore_best_weights:
        for mine, best in zip(model.get_weights(), weights[stopping.best_epoch], strict=True):
            np.testing.assert_array_equal(mine, best)
    return model, stopping, len(history.epoch)


def keras(values: list[float], patience: int, delta: float, baseline: float | None) -> int:
    """Return how many epochs run: a plain loop after the words of Keras's documentation."""
    best, wait = None, 0
    for epoch, value in enumerate(values):
        wait += 1
        if best is None or value - delta > best:
            best = value
            if baseline is None or value - delta > baseline:
                wait = 0
        elif wait >= patience and epoch > 0:
            return epoch + 1
    return len(values)


@pytest.mark.parametrize("seed", range(20))
def test_stops_where_a_plain_loop_does(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = np.round(rng.normal(size=12), 1).tolist()
    patience, delta = int(rng.integers(4)), float(rng.choice([0.0, 0.3]))
    baseline = rng.choice([None, 0.5])
    _, stopping, epochs = run(values, patience=patience, min_delta=delta, baseline=baseline)
    assert epochs == keras(values, patience, delta, baseline)
    if epochs < 12:
        assert stopping.stopped_epoch == epochs - 1


def test_patience_counts_epochs_without_improvement() -> None:
    assert run([1, 2, 2, 2, 3], patience=1)[2] == 3
    assert run([1, 2, 2, 2, 3], patience=2)[2] == 4
    assert run([1, 2, 2, 2, 3], patience=3)[2] == 5
    assert run([1, 1], patience=0)[2] == 2  # the first epoch never ends the training
    _, stopping, epochs = run([3, 2, 1, 0], patience=2)
    assert (stopping.stopped_epoch, stopping.best_epoch, stopping.best, epochs) == (2, 0, 3, 3)


def test_best_weights_come_back_also_if_nothing_was_stopped() -> None:
    for values in ([1, 3, 2, 2, 2, 2], [1, 3, 2]):
        _, stopping, _ = run(values, patience=3, restore_best_weights=True)
        assert stopping.best_epoch == 1


def test_best_weights_below_the_baseline() -> None:
    _, stopping, epochs = run([1, 3, 2, 2], patience=2, baseline=9, restore_best_weights=True)
    assert (stopping.best_epoch, epochs) == (1, 3)


def test_epochs_before_the_start_are_not_looked_at() -> None:
    _, stopping, epochs = run([9, 9, 1, 0, 0], patience=1, start_from_epoch=2)
    assert (stopping.best, stopping.best_epoch, epochs) == (1, 2, 4)


def test_used_again_it_begins_anew() -> None:
    stopping = gk.EarlyStopping("loss", patience=1, restore_best_weights=True)
    for _ in range(2):
        model = gk.Sequential([gk.Dense(1, input_shape=(3,))])
        model.compile("sgd", "mse")
        assert len(model.fit(X, Y, epochs=3, verbose=0, callbacks=[stopping]).epoch) == 3
        assert (stopping.wait, stopping.best_epoch, stopping.stopped_epoch) == (0, 2, 0)


def test_says_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    run([2, 1, 1], patience=1, restore_best_weights=True)
    assert capsys.readouterr().out == ""
    run([2, 1, 1], patience=1, restore_best_weights=True, verbose=1)
    assert capsys.readouterr().out.splitlines() == [
        "Epoch 2: early stopping",
        "The weights are those of the best epoch: 1",
    ]


def test_a_run_goes_on_from_a_state() -> None:
    _, whole, epochs = run([3, 2, 1, 4, 3, 3], patience=4, restore_best_weights=True)
    _, half, _ = run([3, 2, 1], patience=4, restore_best_weights=True)
    again = gk.EarlyStopping("acc", patience=4, restore_best_weights=True)
    again.set_state(half.get_state())
    again.set_model(half.model)
    for epoch, value in enumerate([4, 3, 3], start=3):
        again.on_epoch_end(epoch, {"acc": value})
    assert epochs == 6
    for name in ("best", "wait", "stopped_epoch", "best_epoch"):
        assert getattr(again, name) == getattr(whole, name)
    assert len(again.best_weights) == 2


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"patience": -1}, ValueError, "patience is -1, expected an integer of at least 0"),
        ({"patience": 1.5}, TypeError, "patience is 1.5, expected an integer"),
        ({"verbose": 2}, ValueError, "verbose is 2, expected 0 or 1"),
        ({"baseline": "high"}, TypeError, "baseline is 'high', expected a number"),
        ({"restore_best_weights": 1}, TypeError, "restore_best_weights is 1, expected True or"),
        ({"start_from_epoch": -1}, ValueError, "start_from_epoch is -1, expected"),
        ({"mode": "up"}, ValueError, "mode is 'up', expected"),
    ],
)
def test_bad_arguments(change: dict, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match="EarlyStopping: " + re.escape(message)):
        gk.EarlyStopping(**change)

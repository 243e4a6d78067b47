import math
import re

import numpy as np
import pytest

import gatedcore as gk

X, Y = np.zeros((8, 3), np.float32), np.ones((8, 1), np.float32)


def compiled(rate: float = 0.5) -> gk.Sequential:
    model = gk.Sequential([gk.Dense(1, input_shape=(3,))])
    model.compile(gk.SGD(rate), "mse")
    return model


def rates(values: list[float], **options: object) -> list[float]:
    """Return the learning rate of each epoch, and the next one, for epochs of given accuracy."""
    left, model = iter(values), compiled()

    def epoch_end(epoch: int, logs: dict[str, float]) -> None:
        logs["acc"] = next(left)

    plateau = gk.ReduceLROnPlateau("acc", **options)
    script = gk.LambdaCallback(on_epoch_end=epoch_end)
    history = model.fit(X, Y, epochs=len(values), verbose=0, callbacks=[script, plateau])
    return [*history.history["learning_rate"], model.optimizer.learning_rate]


def keras(
    values: list[float], factor: float, patience: int, cooldown: int, least: float
) -> list[float]:
    """Return the same: a plain loop after the words of Keras's documentation."""
    rate, best, wait, pause, seen = 0.5, -math.inf, 0, 0, []
    for value in values:
        seen.append(rate)
        if pause:
            pause, wait = pause - 1, 0
        if value > best:
            best, wait = value, 0
        elif not pause:
            wait += 1
            if wait >= patience and rate > least:
                rate, wait, pause = max(rate * factor, least), 0, cooldown
    return [*seen, rate]


@pytest.mark.parametrize("seed", range(20))
def test_plateaus_as_a_plain_loop_finds_them(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = np.round(rng.normal(size=15), 1).tolist()
    options = {
        "factor": float(rng.choice([0.1, 0.5])),
        "patience": int(rng.integers(4)),
        "cooldown": int(rng.integers(3)),
    }
    found = rates(values, **options, min_lr=0.02, min_delta=0)
    assert found == keras(values, **options, least=0.02)


def test_small_changes_are_no_improvement() -> None:
    assert rates([1.0, 1.05, 1.09], patience=2, factor=0.5, min_delta=0.1) == [0.5, 0.5, 0.5, 0.25]
    assert rates([1.0, 1.05, 1.09], patience=2, factor=0.5) == [0.5, 0.5, 0.5, 0.5]


def test_plateaus_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    rates([2, 1, 1, 1], patience=2, factor=0.5)
    assert capsys.readouterr().out == ""
    rates([2, 1, 1, 1], patience=2, factor=0.5, verbose=1)
    assert capsys.readouterr().out == "Epoch 3: learning rate reduced to 0.25\n"


def test_a_plateau_goes_on_from_a_state() -> None:
    found = rates([3, 2, 1, 1, 1], patience=2, factor=0.5, cooldown=1)
    assert found == [0.5, 0.5, 0.5, 0.25, 0.25, 0.125]
    half, again = (gk.ReduceLROnPlateau("acc", 0.5, 2, cooldown=1) for _ in range(2))
    model = compiled()
    half.set_model(model)
    for epoch, value in enumerate([3, 2, 1]):
        half.on_epoch_end(epoch, {"acc": value})
    again.set_model(model)
    again.set_state(half.get_state())
    for epoch, value in enumerate([1, 1], start=3):
        again.on_epoch_end(epoch, {"acc": value})
    assert model.optimizer.learning_rate == found[-1]
    assert again.get_state() == {"best": 3, "wait": 0, "cooldown_counter": 1}


def test_schedule_of_epoch_and_rate() -> None:
    model, seen = compiled(), []

    def schedule(epoch: int, rate: float) -> float:
        seen.append((epoch, rate))
        return rate / 2

    history = model.fit(X, Y, epochs=3, verbose=0, callbacks=[gk.LearningRateScheduler(schedule)])
    assert seen == [(0, 0.5), (1, 0.25), (2, 0.125)]
    assert history.history["learning_rate"] == [0.25, 0.125, 0.0625]
    assert model.optimizer.learning_rate == 0.0625


def test_the_rate_is_that_of_the_epochs_steps() -> None:
    x, y = np.ones((1, 3), np.float32), np.ones((1, 1), np.float32)
    model, plain = compiled(), compiled(0.25)
    plain.set_weights(model.get_weights())
    model.fit(x, y, verbose=0, callbacks=[gk.LearningRateScheduler(lambda epoch: 0.25)])
    plain.fit(x, y, verbose=0)
    for mine, theirs in zip(model.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize(
    "schedule", [lambda epoch: 0.1 / (1 + epoch), max, lambda *given: np.float32(0.1)]
)
def test_schedules_of_many_kinds(schedule: object, capsys: pytest.CaptureFixture[str]) -> None:
    model = compiled()
    scheduler = gk.LearningRateScheduler(schedule, verbose=1)
    history = model.fit(X, Y, epochs=2, verbose=0, callbacks=scheduler)
    assert len(history.history["learning_rate"]) == 2
    first = capsys.readouterr().out.splitlines()[0]
    assert re.fullmatch(r"Epoch 1: learning rate set to [\d.]+", first)


def test_an_error_inside_the_schedule_is_seen() -> None:
    def schedule(epoch: int, rate: float) -> float:
        raise TypeError("inside")

    with pytest.raises(TypeError, match="inside"):
        compiled().fit(X, Y, verbose=0, callbacks=[gk.LearningRateScheduler(schedule)])


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (None, TypeError, "LearningRateScheduler: schedule(0,) is None, expected a number in"),
        ("0.1", TypeError, "LearningRateScheduler: schedule(0,) is '0.1', expected a number in"),
        (-0.1, ValueError, "LearningRateScheduler: schedule(0,) is -0.1, expected a number in"),
        (math.nan, ValueError, "LearningRateScheduler: schedule(0,) is nan, expected a number"),
    ],
)
def test_bad_rates_change_nothing(value: object, error: type[Exception], message: str) -> None:
    model = compiled()
    with pytest.raises(error, match=re.escape(message)):
        model.fit(X, Y, verbose=0, callbacks=[gk.LearningRateScheduler(lambda epoch: value)])
    assert model.optimizer.learning_rate == 0.5
    assert model.optimizer.iterations == 0


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"factor": 1.0}, ValueError, "factor is 1, expected a number in [0, 1)"),
        ({"factor": -0.5}, ValueError, "factor is -0.5, expected a number in [0, 1)"),
        ({"patience": -1}, ValueError, "patience is -1, expected"),
        ({"verbose": "yes"}, ValueError, "verbose is 'yes', expected 0 or 1"),
        ({"cooldown": 0.5}, TypeError, "cooldown is 0.5, expected an integer"),
        ({"min_lr": -1.0}, ValueError, "min_lr is -1, expected"),
        ({"mode": "down"}, ValueError, "mode is 'down', expected"),
    ],
)
def test_bad_plateaus(change: dict, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match="ReduceLROnPlateau: " + re.escape(message)):
        gk.ReduceLROnPlateau(**change)


def test_bad_schedulers() -> None:
    with pytest.raises(TypeError, match="LearningRateScheduler: schedule has type float, expected"):
        gk.LearningRateScheduler(0.1)
    with pytest.raises(ValueError, match="LearningRateScheduler: verbose is 3, expected 0 or 1"):
        gk.LearningRateScheduler(lambda epoch: 0.1, verbose=3)

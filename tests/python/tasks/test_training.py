"""Training of a task: what is told, timed and ended."""

import numpy as np

import gatedcore as gk
from gatedcore.tasks.training import StopWhen, keep_best, train


def ready():
    gk.set_random_seed(0)
    model = gk.Sequential([gk.Dense(1, input_shape=(3,))])
    model.compile(gk.SGD(0.01), loss="mse")
    x = np.random.default_rng(0).normal(size=(64, 3))
    return model, x, x.sum(axis=1, keepdims=True)


def test_it_returns_history_and_seconds_and_shows_one_bar(capfd):
    model, x, y = ready()
    history, seconds = train("a title", model, x, y, epochs=3, batch_size=16)
    assert len(history.history["loss"]) == 3
    assert 0 < seconds < 60
    out, err = capfd.readouterr()
    assert out == ""
    assert "a title: 100%" in err


def test_it_stops_when_a_quantity_is_good_enough():
    model, x, y = ready()
    stop = StopWhen("loss", lambda loss: loss < 1.0)
    losses = train("", model, x, y, epochs=200, callbacks=[stop])[0].history["loss"]
    assert losses[-1] < 1.0 <= min(losses[:-1])
    assert len(losses) < 200


def test_the_best_epoch_is_kept():
    model, x, y = ready()
    rise = gk.LearningRateScheduler(lambda epoch: 0.01 if epoch < 5 else 1.5)
    options = {"epochs": 20, "validation_data": (x, y), "callbacks": [rise, keep_best(3)]}
    losses = train("", model, x, y, **options)[0].history["val_loss"]
    assert len(losses) < 20
    np.testing.assert_allclose(model.evaluate(x, y, verbose=0), min(losses), rtol=1e-5)

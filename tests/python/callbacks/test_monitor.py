import math
import re

import numpy as np
import pytest

import gatedcore as gk
from gatedcore.callbacks import MonitorCallback

X, Y = np.zeros((8, 3), np.float32), np.ones((8, 1), np.float32)


def compiled(metrics: object = None) -> gk.Sequential:
    model = gk.Sequential([gk.Dense(1, input_shape=(3,))])
    model.compile("sgd", "mse", metrics=metrics)
    return model


def asked(monitor: MonitorCallback, params: dict | None = None) -> MonitorCallback:
    monitor.set_model(compiled())
    monitor.set_params(params or {})
    return monitor


@pytest.mark.parametrize(
    ("name", "rises"),
    [
        ("loss", False), ("val_loss", False), ("val_mean_absolute_error", False), ("rmse", False),
        ("sparse_categorical_crossentropy", False), ("perplexity", False), ("accuracy_loss", False),
        ("acc", True), ("val_accuracy", True), ("sparse_top_k_categorical_accuracy", True),
        ("auc_1", True), ("val_f1_score", True), ("Precision", True), ("recall", True),
        ("val_KLDivergence", False), ("RootMeanSquaredError", False), ("CosineSimilarity", True),
    ],
)  # fmt: skip
def test_the_name_tells_the_direction(name: str, rises: bool) -> None:
    monitor = MonitorCallback(name)
    assert monitor.is_improvement(2.0, 1.0) is rises
    assert monitor.is_improvement(1.0, 2.0) is not rises
    assert MonitorCallback(name, "min").is_improvement(1.0, 2.0)
    assert MonitorCallback(name, "max").is_improvement(2.0, 1.0)


@pytest.mark.parametrize("name", ["val_pace_accel", "score", "losses"])
def test_a_name_that_does_not_tell(name: str) -> None:
    message = f"MonitorCallback: monitor '{name}' with mode='auto' does not tell whether less"
    for reference in (None, 1.0):
        with pytest.raises(ValueError, match=message):
            MonitorCallback(name).is_improvement(1.0, reference)


def test_a_change_by_less_than_min_delta_is_none() -> None:
    for delta in (0.5, -0.5):
        falling = MonitorCallback("loss", min_delta=delta)
        assert not falling.is_improvement(1.5, 2.0)
        assert falling.is_improvement(1.4, 2.0)
        rising = MonitorCallback("acc", min_delta=delta)
        assert not rising.is_improvement(2.5, 2.0)
        assert rising.is_improvement(2.6, 2.0)


def test_nan_is_no_improvement() -> None:
    monitor = MonitorCallback("loss")
    assert not monitor.is_improvement(math.nan, None)
    assert not monitor.is_improvement(math.nan, 1.0)
    assert monitor.is_improvement(1.0, None)


def test_the_value() -> None:
    assert asked(MonitorCallback("mae")).get_monitor_value({"loss": 1.0, "mae": 2.0}) == 2.0


def test_epochs_without_validation() -> None:
    monitor = asked(MonitorCallback("val_loss"), {"validation_freq": 2})
    assert monitor.get_monitor_value({"loss": 1.0}) is None
    assert monitor.get_monitor_value({"loss": 1.0, "val_loss": 3.0}) == 3.0


def test_a_run_that_is_ended_within_an_epoch() -> None:
    monitor = asked(MonitorCallback("val_loss"))
    monitor.model.stop_training = True
    assert monitor.get_monitor_value({"loss": math.nan}) is None


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("val_loss", "pass validation_data or validation_split to fit"),
        ("val_acc", "name one of them, or add the metric to compile"),
        ("accuracy", "name one of them, or add the metric to compile"),
    ],
)
def test_a_missing_quantity_is_told_and_the_run_goes_on(name: str, advice: str) -> None:
    model = compiled(["mae"])
    message = (
        f"EarlyStopping: monitor is '{name}', expected one of loss, mae; the callback does "
        f"nothing without it; {advice}"
    )
    with pytest.warns(UserWarning, match=re.escape(message)) as caught:
        model.fit(X, Y, epochs=3, verbose=0, callbacks=[gk.EarlyStopping(name)])
    assert caught[0].filename == __file__
    assert model.optimizer.iterations == 3


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"monitor": None}, TypeError, "monitor is None, expected the name of a quantity"),
        ({"monitor": ""}, TypeError, "monitor is '', expected the name of a quantity"),
        ({"mode": "least"}, ValueError, "mode is 'least', expected 'auto', 'min' or 'max'"),
        ({"min_delta": "0"}, TypeError, "min_delta is '0', expected a number"),
        ({"min_delta": math.nan}, ValueError, "min_delta is nan, expected a number"),
        ({"baseline": "0"}, TypeError, "baseline is '0', expected a number"),
    ],
)
def test_bad_arguments(change: dict, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match="MonitorCallback: " + re.escape(message)):
        MonitorCallback(**change)

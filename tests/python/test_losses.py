"""Losses by name, and written down."""

import re

import numpy as np
import pytest

from gatedcore import losses


def test_names_are_functions() -> None:
    assert losses.get("mse") is losses.get("mean_squared_error") is losses.mean_squared_error
    assert losses.get("MAE") is losses.mae is losses.mean_absolute_error
    for name in ("bce", "kld", "mape", "msle", "logcosh", "pinball", "huber", "poisson"):
        assert callable(losses.get(name))
    assert losses.get(losses.mae) is losses.mae


def test_names_of_classes_and_classes_are_objects() -> None:
    assert isinstance(losses.get("Huber"), losses.Huber)
    assert isinstance(losses.get(losses.Huber), losses.Huber)
    loss = losses.Huber(2.0)
    assert losses.get(loss) is loss


@pytest.mark.parametrize(
    "loss",
    [
        losses.Huber(2.0),
        losses.BinaryCrossentropy(True, 0.1, name="mine", reduction="sum"),
        losses.SparseCategoricalCrossentropy(ignore_class=-1),
        losses.mean_squared_error,
    ],
)
def test_written_down_and_made_again(loss) -> None:
    again = losses.get(losses.serialize(loss))
    if isinstance(loss, losses.Loss):
        assert type(again) is type(loss)
        assert again.get_config() == loss.get_config()
    else:
        assert again is loss


def test_the_form_of_a_configuration() -> None:
    assert losses.serialize(losses.Huber(2.0)) == {
        "class_name": "Huber",
        "config": {"name": "huber_loss", "reduction": "sum_over_batch_size", "delta": 2.0},
    }
    assert losses.serialize(losses.mae) == "mean_absolute_error"
    assert losses.deserialize("mae") is losses.mae


def test_objects_of_functions() -> None:
    loss = losses.as_object(losses.huber)
    assert isinstance(loss, losses.Huber)
    assert loss.name == "huber"
    assert losses.as_object(lambda y, p: (0.0, p)) is None


def own(y_true: np.ndarray, y_pred: np.ndarray) -> tuple[float, np.ndarray]:
    return 0.0, y_pred


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: losses.get("dice"), ValueError, "loss is 'dice', expected one of binary_cross"),
        (
            lambda: losses.get(None),
            TypeError,
            "losses.get: loss has type NoneType, expected a name",
        ),
        (lambda: losses.get(dict), TypeError, "losses.get: loss has type type, expected a name"),
        (
            lambda: losses.get({"class_name": "Dice", "config": {}}),
            ValueError,
            "losses.deserialize: class_name is 'Dice', expected one of BinaryCrossentropy",
        ),
        (lambda: losses.get({"config": 1}), ValueError, "class_name is None, expected one of"),
        (
            lambda: losses.get({"class_name": "Huber", "config": {"slope": 1}}),
            TypeError,
            "slope",
        ),
        (lambda: losses.serialize(own), ValueError, "losses.serialize: loss is own, expected one"),
    ],
)
def test_errors(call, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        call()

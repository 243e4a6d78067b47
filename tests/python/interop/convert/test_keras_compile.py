"""What Keras's compile was told, as its files have it."""

import pytest

import gatedcore as gk
from gatedcore.interop.convert.keras_compile import compile_as

ADAM = {
    "module": "keras.optimizers",
    "class_name": "Adam",
    "config": {"name": "adam", "learning_rate": 0.01, "beta_1": 0.8, "use_ema": False},
    "registered_name": None,
}
POLICY = {"class_name": "DTypePolicy", "config": {"name": "float32"}}


def compiled(**told):
    model = gk.Sequential([gk.Dense(1, input_shape=(3,))])
    compile_as(model, told)
    return model


def test_words_of_keras_3():
    loss = {
        "module": "keras.losses",
        "class_name": "Huber",
        "config": {"name": "huber", "delta": 2.0, "dtype": POLICY},
    }
    area = {"module": "keras.metrics", "class_name": "AUC", "config": {"name": "area"}}
    model = compiled(
        optimizer=ADAM,
        loss=loss,
        metrics=["mae", area],
        weighted_metrics=None,
        loss_weights=None,
        jit_compile=True,
        run_eagerly=False,
        steps_per_execution=1,
    )
    assert (model.optimizer.learning_rate, model.optimizer.beta_1) == (0.01, 0.8)
    config = model.get_compile_config()
    assert config["loss"]["config"]["delta"] == 2.0
    assert config["metrics"][1]["config"]["name"] == "area"


def test_a_function_of_keras_goes_by_its_name():
    loss = {"module": "builtins", "class_name": "function", "config": "mean_absolute_error"}
    assert compiled(optimizer=ADAM, loss=loss).get_compile_config()["loss"] == "mean_absolute_error"


def test_words_of_keras_2():
    wrapper = {"class_name": "MeanMetricWrapper", "config": {"name": "mae", "fn": "mae"}}
    config = {"learning_rate": 0.1, "decay": 0.0, "is_legacy_optimizer": False, "jit_compile": True}
    model = compiled(
        optimizer_config={"class_name": "Custom>SGD", "config": config},
        loss="mse",
        metrics=[["accuracy", wrapper]],
    )
    assert isinstance(model.optimizer, gk.SGD)
    assert model.get_compile_config()["metrics"] == ["accuracy", "mae"]


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"optimizer": None}, "optimizer is None, expected class_name and config"),
        ({"optimizer": {"class_name": "Lion", "config": {}}}, "class_name is 'Lion'"),
        ({"optimizer": ADAM, "loss": "dice"}, "dice"),
        (
            {"optimizer": ADAM, "loss": {"class_name": "Sequential", "config": {"layers": []}}},
            "loss has 'Sequential', expected one of gatedcore.losses",
        ),
        (
            {"optimizer": ADAM, "loss": "mse", "metrics": [{"class_name": "AUC", "config": 3}]},
            "metrics: AUC has the config 3, expected a dict",
        ),
        (
            {"optimizer": {"class_name": "Adam", "config": {"decay": 0.5}}, "loss": "mse"},
            "decay",
        ),
    ],
)
def test_what_is_not_known_is_named(told, message):
    with pytest.raises((TypeError, ValueError), match=message):
        compiled(**told)


def test_what_is_no_dict_is_refused():
    with pytest.raises(TypeError, match="what compile was told is 3, expected a dict"):
        compile_as(gk.Sequential([gk.Dense(1, input_shape=(3,))]), 3)

import json

import pytest

import gatedcore as gk
from gatedcore import optimizers
from gatedcore.optimizers import schedules

MADE = [
    gk.SGD(0.5, 0.9, True, clipnorm=1.0),
    gk.RMSprop(0.5, 0.8, 0.7, 0.1, True, clipvalue=2.0),
    gk.Adam(0.5, 0.8, 0.7, 0.1, True, global_clipnorm=3.0, name="mine"),
    gk.AdamW(0.5, 0.1, 0.8, 0.7, 0.1, True, use_ema=True, ema_momentum=0.5),
    optimizers.Nadam(0.5, 0.8, 0.7, 0.1, gradient_accumulation_steps=3),
    optimizers.Adagrad(0.5, 0.8, 0.1, use_ema=True, ema_overwrite_frequency=5),
    gk.SGD(schedules.CosineDecay(0.1, 50, warmup_target=0.2, warmup_steps=5)),
]


@pytest.mark.parametrize("optimizer", MADE, ids=lambda made: type(made).__name__)
def test_configurations_go_there_and_back_as_json(optimizer) -> None:
    text = json.dumps(optimizers.serialize(optimizer))
    for again in (optimizers.deserialize(json.loads(text)), optimizers.get(json.loads(text))):
        assert type(again) is type(optimizer)
        assert again.get_config() == optimizer.get_config()
        assert again.learning_rate == optimizer.learning_rate
    assert type(optimizer).from_config(optimizer.get_config()).name == optimizer.name


def test_every_argument_is_in_the_configuration() -> None:
    changed = {
        "clipnorm", "clipvalue", "global_clipnorm", "use_ema", "ema_momentum", "weight_decay",
        "ema_overwrite_frequency", "gradient_accumulation_steps", "name", "learning_rate",
        "momentum", "nesterov", "rho", "epsilon", "centered", "beta_1", "beta_2", "amsgrad",
        "initial_accumulator_value",
    }  # fmt: skip
    assert set().union(*(made.get_config() for made in MADE)) == changed


def test_names_are_keras() -> None:
    for name, kind in {
        "sgd": gk.SGD, "RMSprop": gk.RMSprop, "rmsprop": gk.RMSprop, "Adam": gk.Adam,
        "adamw": gk.AdamW, "nadam": optimizers.Nadam, "Adagrad": optimizers.Adagrad,
    }.items():  # fmt: skip
        assert type(optimizers.get(name)) is kind
        assert type(optimizers.get({"class_name": name, "config": {}})) is kind
    own = gk.SGD()
    assert optimizers.get(own) is own


def test_a_configuration_of_keras() -> None:
    # As Keras 3 writes Adam(0.5) down.
    made = optimizers.deserialize(
        {
            "module": "keras.optimizers",
            "class_name": "Adam",
            "config": {
                "name": "adam", "learning_rate": 0.5, "weight_decay": None, "clipnorm": None,
                "global_clipnorm": None, "clipvalue": None, "use_ema": False, "ema_momentum": 0.99,
                "ema_overwrite_frequency": None, "loss_scale_factor": None,
                "gradient_accumulation_steps": None, "beta_1": 0.9, "beta_2": 0.999,
                "epsilon": 1e-07, "amsgrad": False,
            },
            "registered_name": None,
        }
    )  # fmt: skip
    assert (type(made), made.learning_rate) == (gk.Adam, 0.5)


def test_optimizers_and_schedules_of_users() -> None:
    class Halving(schedules.LearningRateSchedule):
        def __call__(self, step: int) -> float:
            return 0.5**step

        def get_config(self) -> dict:
            return {}

    class Mine(gk.SGD):
        pass

    made = optimizers.serialize(Mine(Halving()))
    with pytest.raises(ValueError, match=r"optimizers\.deserialize: class_name is 'Mine', expect"):
        optimizers.deserialize(made)
    with pytest.raises(ValueError, match=r"schedules\.deserialize: class_name is 'Halving', expe"):
        optimizers.deserialize(made, {"Mine": Mine})
    again = optimizers.deserialize(made, {"Mine": Mine, "Halving": Halving})
    assert (type(again), again.learning_rate) == (Mine, 1.0)


def test_what_is_no_optimizer() -> None:
    with pytest.raises(ValueError, match="optimizer is 'lion', expected one of sgd, rmsprop, adam"):
        optimizers.get("lion")
    with pytest.raises(TypeError, match="optimizer has type ABCMeta, expected a name, a config"):
        optimizers.get(gk.Adam)
    with pytest.raises(TypeError, match="Adam: got an unknown argument 'colour'"):
        optimizers.get({"class_name": "Adam", "config": {"colour": 1}})

import json

import pytest

from gatedcore.optimizers import schedules

MADE = [
    schedules.ExponentialDecay(0.5, 10, 0.9, True, "mine"),
    schedules.InverseTimeDecay(0.5, 10, 0.9, True, "mine"),
    schedules.PolynomialDecay(0.5, 10, 0.1, 2.0, True, "mine"),
    schedules.PiecewiseConstantDecay([3, 5], [0.5, 0.2, 0.1], "mine"),
    schedules.CosineDecay(0.5, 10, 0.1, "mine", 0.75, 3),
    schedules.CosineDecayRestarts(0.5, 3, 1.5, 0.5, 0.1, "mine"),
]


@pytest.mark.parametrize("schedule", MADE, ids=lambda made: type(made).__name__)
def test_configurations_go_there_and_back_as_json(schedule) -> None:
    again = schedules.deserialize(json.loads(json.dumps(schedules.serialize(schedule))))
    assert type(again) is type(schedule)
    assert vars(again) == vars(schedule)
    assert again.get_config() == schedule.get_config()
    assert [again(step) for step in range(30)] == [schedule(step) for step in range(30)]


def test_a_configuration_of_keras() -> None:
    config = {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5}
    made = schedules.deserialize(
        {
            "module": "keras.optimizers.schedules",
            "class_name": "ExponentialDecay",
            "config": {**config, "staircase": False, "name": "ExponentialDecay"},
            "registered_name": None,
        }
    )
    assert made(10) == 0.05


def test_what_is_unknown() -> None:
    with pytest.raises(ValueError, match=r"schedules\.deserialize: class_name is 'Linear', expect"):
        schedules.deserialize({"class_name": "Linear", "config": {}})
    with pytest.raises(
        TypeError, match=r"schedules\.deserialize: config is 'cosine', expected a d"
    ):
        schedules.deserialize("cosine")

import pytest

from gatedcore import registration
from gatedcore.optimizers.schedules import ExponentialDecay
from gatedcore.optimizers.serialization import class_and_config, to_dict


class Mine:
    def get_config(self) -> dict:
        return {"a": 1}


def test_there_and_back() -> None:
    schedule = ExponentialDecay(0.1, 10, 0.5)
    made = to_dict(schedule, "gatedcore.optimizers.schedules")
    assert made == {
        "module": "gatedcore.optimizers.schedules",
        "class_name": "ExponentialDecay",
        "config": schedule.get_config(),
        "registered_name": None,
    }
    known = {"ExponentialDecay": ExponentialDecay}
    assert class_and_config("here", made, known) == (ExponentialDecay, schedule.get_config())


def test_classes_of_users_are_found_by_name() -> None:
    made = to_dict(Mine(), "gatedcore.optimizers")
    assert (made["module"], made["registered_name"]) == (None, "Mine")
    assert class_and_config("here", made, {}, {"Mine": Mine}) == (Mine, {"a": 1})


def test_registered_classes_are_found() -> None:
    name = "Tests>Registered"
    registration.get_custom_objects()[name] = Mine
    try:
        made = to_dict(Mine(), "gatedcore.optimizers")
        assert made["registered_name"] == name
        assert class_and_config("here", made, {}) == (Mine, {"a": 1})
    finally:
        del registration.get_custom_objects()[name]


@pytest.mark.parametrize("value", [7, "adam", {}, {"class_name": "A"}, {"config": {}}])
def test_what_is_no_configuration(value: object) -> None:
    with pytest.raises(TypeError, match=r"here: config is .*, expected a dict with class_name and"):
        class_and_config("here", value, {})


def test_an_unknown_class() -> None:
    with pytest.raises(ValueError, match="here: class_name is 'B', expected one of A, C; choose"):
        class_and_config("here", {"class_name": "B", "config": {}}, {"A": Mine}, {"C": Mine})

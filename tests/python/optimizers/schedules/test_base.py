import pytest

import gatedcore as gk
from gatedcore.optimizers.schedules import LearningRateSchedule


class Halving(LearningRateSchedule):
    def __init__(self, first: float) -> None:
        self.first = first

    def __call__(self, step: int) -> float:
        return self.first * 0.5**step


def test_a_schedule_of_ones_own() -> None:
    assert gk.Adam(Halving(0.5)).learning_rate == 0.5
    assert Halving.from_config({"first": 2.0})(1) == 1.0
    with pytest.raises(NotImplementedError, match="Halving: get_config is missing, expected a met"):
        gk.Adam(Halving(0.5)).get_config()


def test_the_base_is_no_schedule() -> None:
    with pytest.raises(TypeError, match="abstract"):
        LearningRateSchedule()

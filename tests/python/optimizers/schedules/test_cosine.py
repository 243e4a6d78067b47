import math

import pytest

from gatedcore.optimizers.schedules import CosineDecay, CosineDecayRestarts


def wave(done: float) -> float:
    return 0.5 * (1 + math.cos(math.pi * done))


@pytest.mark.parametrize("step", [0, 1, 3, 4, 5, 13, 14, 15, 100])
def test_formulas_of_keras(step: int) -> None:
    # Four roundings of numbers up to 1.
    def near(value: float) -> object:
        return pytest.approx(value, rel=0.0, abs=5e-16)

    decayed = 0.9 * wave(min(step, 10) / 10) + 0.1
    assert CosineDecay(0.5, 10, 0.1)(step) == near(0.5 * decayed)
    warmed = CosineDecay(0.5, 10, 0.1, warmup_target=0.75, warmup_steps=4)(step)
    after = 0.9 * wave(min(step - 4, 10) / 10) + 0.1
    assert warmed == near(0.5 + 0.25 * step / 4 if step < 4 else 0.75 * after)


@pytest.mark.parametrize("t_mul", [1.0, 1.5, 2.0, 10.0])
def test_restarts_begin_at_the_top_of_each_period(t_mul: float) -> None:
    schedule = CosineDecayRestarts(0.5, 1000, t_mul, m_mul=0.5, alpha=0.1)
    begin, length = 0.0, 1000.0
    for period in range(5):
        top = 0.5**period
        assert schedule(begin) == pytest.approx(0.5 * (0.9 * top + 0.1), rel=1e-12)
        middle = schedule(begin + length / 2)
        assert middle == pytest.approx(0.5 * (0.9 * top / 2 + 0.1), rel=1e-12)
        assert schedule(begin + length * (1 - 1e-6)) == pytest.approx(0.5 * 0.1, rel=1e-9)
        begin, length = begin + length, length * t_mul


def test_defaults_are_keras() -> None:
    cosine, restarts = CosineDecay(0.5, 10), CosineDecayRestarts(0.5, 10)
    assert (cosine.alpha, cosine.warmup_target, cosine.warmup_steps) == (0.0, None, 0)
    assert (restarts.t_mul, restarts.m_mul, restarts.alpha) == (2.0, 1.0, 0.0)
    assert (cosine.name, restarts.name) == ("CosineDecay", "SGDRDecay")
    assert restarts(10) == 0.5


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: CosineDecay(0.1, 0), ValueError, "CosineDecay: decay_steps is 0, expected"),
        (lambda: CosineDecay(0.1, 1, -1), ValueError, "CosineDecay: alpha is -1, expected"),
        (lambda: CosineDecay(0.1, 1, warmup_steps=3), ValueError, "warmup_steps is 3 without a w"),
        (lambda: CosineDecay(0.1, 1, warmup_target="x"), TypeError, "warmup_target is 'x', expec"),
        (lambda: CosineDecayRestarts(0.1, 0), ValueError, "first_decay_steps is 0, expected"),
        (lambda: CosineDecayRestarts(0.1, 1, 0.5), ValueError, "t_mul is 0.5, expected"),
        (lambda: CosineDecayRestarts(0.1, 1, m_mul=-1), ValueError, "m_mul is -1, expected"),
    ],
)
def test_bad_arguments(make, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()

import math

import pytest

from gatedcore.optimizers.schedules import (
    ExponentialDecay,
    InverseTimeDecay,
    PiecewiseConstantDecay,
    PolynomialDecay,
)

STEPS = (0, 1, 3, 9, 10, 11, 19, 20, 21, 100)


@pytest.mark.parametrize("step", STEPS)
def test_formulas_of_keras(step: int) -> None:
    whole = step // 10
    near = lambda value: pytest.approx(value, rel=1e-15, abs=0.0)  # noqa: E731  # two roundings
    assert ExponentialDecay(0.5, 10, 0.9)(step) == near(0.5 * 0.9 ** (step / 10))
    assert ExponentialDecay(0.5, 10, 0.9, staircase=True)(step) == near(0.5 * 0.9**whole)
    assert InverseTimeDecay(0.5, 10, 0.9)(step) == near(0.5 / (1 + 0.9 * step / 10))
    assert InverseTimeDecay(0.5, 10, 0.9, staircase=True)(step) == near(0.5 / (1 + 0.9 * whole))
    left = 1 - min(step, 10) / 10
    assert PolynomialDecay(0.5, 10, 0.1, 2.0)(step) == near(0.4 * left**2 + 0.1)
    total = 10 * (math.ceil(step / 10) if step else 1)
    cycled = PolynomialDecay(0.5, 10, 0.1, 2.0, cycle=True)(step)
    assert cycled == near(0.4 * (1 - step / total) ** 2 + 0.1)


def test_pieces_end_with_their_boundary() -> None:
    schedule = PiecewiseConstantDecay([10, 20], [0.5, 0.25, 0.125])
    found = [schedule(step) for step in (0, 10, 11, 20, 21, 1000)]
    assert found == [0.5, 0.5, 0.25, 0.25, 0.125, 0.125]
    assert PiecewiseConstantDecay([], [0.5])(7) == 0.5


def test_defaults_are_keras() -> None:
    polynomial = PolynomialDecay(0.5, 10)
    assert (polynomial.end_learning_rate, polynomial.power, polynomial.cycle) == (1e-4, 1.0, False)
    assert [ExponentialDecay(1, 1, 1).name, PolynomialDecay(1, 1).name] == [
        "ExponentialDecay",
        "PolynomialDecay",
    ]
    assert PiecewiseConstantDecay([], [1]).name == "PiecewiseConstant"
    assert InverseTimeDecay(1, 1, 1).name == "InverseTimeDecay"


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: ExponentialDecay(0.1, 0, 0.9), ValueError, "ExponentialDecay: decay_steps is 0"),
        (lambda: ExponentialDecay(-1, 1, 0.9), ValueError, "Decay: initial_learning_rate is -1"),
        (lambda: ExponentialDecay(1, 1, "x"), TypeError, "ExponentialDecay: decay_rate is 'x'"),
        (lambda: InverseTimeDecay(1, 1, -1), ValueError, "InverseTimeDecay: decay_rate is -1"),
        (lambda: InverseTimeDecay(1, 1, 1, 1), TypeError, "InverseTimeDecay: staircase is 1"),
        (lambda: PolynomialDecay(1, 0), ValueError, "PolynomialDecay: decay_steps is 0, expected"),
        (lambda: PolynomialDecay(1, 1, power=-1), ValueError, "PolynomialDecay: power is -1"),
        (lambda: PolynomialDecay(1, 1, cycle="no"), TypeError, "PolynomialDecay: cycle is 'no'"),
        (lambda: PiecewiseConstantDecay([1], [1]), ValueError, "boundaries has 1 numbers, values"),
        (lambda: PiecewiseConstantDecay([2, 1], [1, 1, 1]), ValueError, "expected rising steps"),
        (lambda: PiecewiseConstantDecay(["a"], [1, 1]), TypeError, "a boundary is 'a', expected"),
        (lambda: PiecewiseConstantDecay([1], [1, -1]), ValueError, "a value is -1, expected"),
    ],
)
def test_bad_arguments(make, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()

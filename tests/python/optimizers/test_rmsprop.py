import numpy as np
import pytest

import gatedcore as gk
from descent import DTYPES, assert_same_path, descend, descend_by, descend_in_torch, vector

KINDS = [(c, m) for c in (False, True) for m in (0.0, 0.7)]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("centered", "momentum"), KINDS)
def test_every_step_is_keras_formula(dtype, centered: bool, momentum: float) -> None:
    velocity, average, moving = np.zeros(37), np.zeros(37), np.zeros(37)

    def update(p, g, t):
        nonlocal velocity, average, moving
        velocity = 0.8 * velocity + 0.2 * g**2
        average = 0.8 * average + 0.2 * g
        denominator = velocity - (average**2 if centered else 0.0) + 0.01
        moving = momentum * moving + 0.02 * g / np.sqrt(denominator)
        return p - moving

    path = descend(gk.RMSprop(0.02, 0.8, momentum, 0.01, centered), dtype)
    # In the first steps the variance is a fifth of the mean square: its roundings count five times.
    assert_same_path(path, descend_by(update, dtype), dtype, 5.0)


@pytest.mark.parametrize(("centered", "momentum"), KINDS)
def test_every_step_is_pytorchs_without_epsilon(centered: bool, momentum: float) -> None:
    optimizer = gk.RMSprop(0.02, rho=0.8, momentum=momentum, epsilon=1e-40, centered=centered)
    expected = descend_in_torch(
        lambda torch, p: torch.optim.RMSprop(
            p, 0.02, alpha=0.8, eps=0.0, momentum=momentum, centered=centered
        )
    )
    assert_same_path(descend(optimizer), expected, np.float64, 5.0)


def test_defaults_are_keras() -> None:
    made = gk.RMSprop()
    assert (made.learning_rate, made.rho, made.momentum) == (0.001, 0.9, 0.0)
    assert (made.epsilon, made.centered, made.name) == (1e-7, False, "rmsprop")


def test_slots_are_those_in_use() -> None:
    assert gk.RMSprop().slot_names() == ("v",)
    assert gk.RMSprop(momentum=0.1, centered=True).slot_names() == ("v", "m", "velocity")


def test_centered_survives_a_gradient_that_stays_the_same() -> None:
    optimizer = gk.RMSprop(centered=True)
    parameters, gradients = vector(np.zeros(5), np.float32), np.full(5, 777.7, np.float32)
    for _ in range(500):
        optimizer.step(parameters, gradients)
    assert np.isfinite(parameters).all()


def test_momentum_may_be_set_after_the_first_step() -> None:
    optimizer = gk.RMSprop(0.1, rho=0.0)
    parameters, gradients = vector(np.zeros(2)), np.ones(2)
    optimizer.step(parameters, gradients)
    optimizer.momentum = 0.5
    optimizer.step(parameters, gradients)
    optimizer.step(parameters, gradients)
    np.testing.assert_allclose(parameters, -0.1 - 0.1 - 0.15, rtol=1e-7)  # epsilon is 1e-7


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("rho", 1.0, ValueError),
        ("momentum", -0.1, ValueError),
        ("epsilon", 0.0, ValueError),
        ("centered", 1, TypeError),
    ],
)
def test_bad_arguments(name: str, value: object, error: type[Exception]) -> None:
    with pytest.raises(error, match=f"RMSprop: {name} is .*, expected "):
        gk.RMSprop(**{name: value})

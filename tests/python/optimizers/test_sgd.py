import numpy as np
import pytest

import gatedcore as gk
from descent import DTYPES, assert_same_path, descend, descend_by, descend_in_torch, vector


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("momentum", [0.0, 0.9, 1.0])
def test_every_step_is_keras_formula(dtype, momentum: float, nesterov: bool) -> None:
    velocity = np.zeros(37)

    def update(p, g, t):
        nonlocal velocity
        velocity = momentum * velocity - 0.05 * g
        if momentum == 0.0:
            return p - 0.05 * g
        return p + (momentum * velocity - 0.05 * g if nesterov else velocity)

    path = descend(gk.SGD(0.05, momentum=momentum, nesterov=nesterov), dtype)
    # Momentum 1 adds up 20 steps of 20 gradients: numbers of order 10.
    assert_same_path(path, descend_by(update, dtype), dtype, 10.0)


@pytest.mark.parametrize("nesterov", [False, True])
def test_every_step_is_pytorchs(nesterov: bool) -> None:
    path = descend(gk.SGD(0.05, momentum=0.9, nesterov=nesterov))
    expected = descend_in_torch(
        lambda torch, p: torch.optim.SGD(p, 0.05, momentum=0.9, nesterov=nesterov)
    )
    assert_same_path(path, expected, np.float64)


def test_defaults_are_keras() -> None:
    sgd = gk.SGD()
    assert (sgd.learning_rate, sgd.momentum, sgd.nesterov, sgd.name) == (0.01, 0.0, False, "sgd")
    assert sgd.weight_decay is None


def test_momentum_may_be_set_after_the_first_step() -> None:
    optimizer = gk.SGD(0.5)
    parameters, gradients = vector(np.zeros(2)), np.ones(2)
    optimizer.step(parameters, gradients)
    optimizer.momentum = 0.5
    optimizer.step(parameters, gradients)
    optimizer.step(parameters, gradients)
    # -0.5, then velocities -0.5 and -0.75.
    np.testing.assert_allclose(parameters, -1.75, rtol=1e-15)
    assert set(optimizer.get_state()["slots"]) == {"velocity"}


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("momentum", 1.1, ValueError),
        ("momentum", "much", TypeError),
        ("nesterov", "no", TypeError),
        ("learning_rate", -1.0, ValueError),
        ("learning_rate", 1e39, ValueError),
    ],
)
def test_a_bad_value_is_refused_whenever_it_is_set(name, value, error) -> None:
    made = gk.SGD()
    before = getattr(made, name)
    with pytest.raises(error, match=f"SGD: {name} is .*, expected "):
        setattr(made, name, value)
    assert getattr(made, name) == before
    with pytest.raises(error, match=f"SGD: {name} is .*, expected "):
        gk.SGD(**{name: value})

import numpy as np
import pytest

from descent import DTYPES, assert_same_path, descend, descend_by, descend_in_torch, vector
from gatedcore.optimizers import Adagrad


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_step_is_keras_formula(dtype) -> None:
    accumulator = np.full(37, 0.2)

    def update(p, g, t):
        accumulator[...] += g**2
        return p - 0.05 * g / np.sqrt(accumulator + 0.01)

    assert_same_path(descend(Adagrad(0.05, 0.2, 0.01), dtype), descend_by(update, dtype), dtype)


def test_every_step_is_pytorchs_without_epsilon() -> None:
    expected = descend_in_torch(
        lambda torch, p: torch.optim.Adagrad(p, 0.05, eps=0.0, initial_accumulator_value=0.1)
    )
    assert_same_path(descend(Adagrad(0.05, epsilon=1e-40)), expected, np.float64)


def test_defaults_are_keras() -> None:
    made = Adagrad()
    assert (made.learning_rate, made.initial_accumulator_value) == (0.001, 0.1)
    assert (made.epsilon, made.name) == (1e-7, "adagrad")


def test_a_state_from_before_the_first_step_brings_the_first_sums_back() -> None:
    optimizer, parameters = Adagrad(1.0, 0.25), vector(np.zeros(3))
    fresh = optimizer.get_state()
    optimizer.step(parameters, np.ones(3))
    optimizer.set_state(fresh)
    np.testing.assert_array_equal(optimizer.slots["squares"], [0.25] * 3)


@pytest.mark.parametrize(("name", "value"), [("initial_accumulator_value", -0.1), ("epsilon", 0.0)])
def test_bad_arguments(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"Adagrad: {name} is .*, expected "):
        Adagrad(**{name: value})

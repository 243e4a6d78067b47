import numpy as np
import pytest

import gatedcore as gk
from descent import DTYPES, assert_same_path, descend, descend_by, descend_in_torch, vector


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_step_is_keras_formula(dtype) -> None:
    m, v, u_product = np.zeros(37), np.zeros(37), 1.0

    def update(p, g, t):
        nonlocal u_product
        u_t = 0.8 * (1 - 0.5 * 0.96**t)
        u_t_1 = 0.8 * (1 - 0.5 * 0.96 ** (t + 1))
        u_product *= u_t
        m[...] += (g - m) * (1 - 0.8)
        v[...] += (g**2 - v) * (1 - 0.9)
        m_hat = u_t_1 * m / (1 - u_product * u_t_1) + (1 - u_t) * g / (1 - u_product)
        return p - m_hat * 0.01 / (np.sqrt(v / (1 - 0.9**t)) + 0.01)

    path = descend(gk.optimizers.Nadam(0.01, 0.8, 0.9, 0.01), dtype)
    assert_same_path(path, descend_by(update, dtype), dtype)


def test_every_step_is_pytorchs_with_keras_schedule_of_momenta() -> None:
    expected = descend_in_torch(
        lambda torch, p: torch.optim.NAdam(p, 0.01, (0.8, 0.9), eps=1e-3, momentum_decay=1.0)
    )
    assert_same_path(descend(gk.optimizers.Nadam(0.01, 0.8, 0.9, 1e-3)), expected, np.float64)


def test_defaults_are_keras() -> None:
    made = gk.optimizers.Nadam()
    assert (made.learning_rate, made.beta_1, made.beta_2) == (0.001, 0.9, 0.999)
    assert (made.epsilon, made.name) == (1e-7, "nadam")


def test_the_state_has_the_product_of_momenta() -> None:
    optimizer, parameters = gk.optimizers.Nadam(), vector(np.zeros(3))
    optimizer.step(parameters, np.ones(3))
    assert optimizer.get_state()["numbers"] == {"momenta": 0.9 * (1 - 0.5 * 0.96)}


@pytest.mark.parametrize(("name", "value"), [("beta_1", 1.0), ("beta_2", 1.0), ("epsilon", 0.0)])
def test_bad_arguments(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"Nadam: {name} is .*, expected "):
        gk.optimizers.Nadam(**{name: value})

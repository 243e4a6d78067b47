import numpy as np
import pytest

import gatedcore as gk
from descent import DTYPES, assert_same_path, descend, descend_by, descend_in_torch


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("amsgrad", [False, True])
@pytest.mark.parametrize("weight_decay", [None, 0.3])
def test_every_step_is_keras_formula(dtype, amsgrad: bool, weight_decay: float | None) -> None:
    m, v, v_hat = np.zeros(37), np.zeros(37), np.zeros(37)

    def update(p, g, t):
        nonlocal v_hat
        p = p - p * (weight_decay or 0.0) * 0.01
        alpha = 0.01 * np.sqrt(1 - 0.9**t) / (1 - 0.8**t)
        m[...] += (g - m) * (1 - 0.8)
        v[...] += (g**2 - v) * (1 - 0.9)
        v_hat = np.maximum(v_hat, v) if amsgrad else v
        return p - m * alpha / (np.sqrt(v_hat) + 1e-7)

    optimizer = gk.Adam(0.01, 0.8, 0.9, amsgrad=amsgrad, weight_decay=weight_decay)
    assert_same_path(descend(optimizer, dtype), descend_by(update, dtype), dtype)
    assert optimizer.iterations == 20


@pytest.mark.parametrize("amsgrad", [False, True])
def test_every_step_is_pytorchs_without_epsilon(amsgrad: bool) -> None:
    expected = descend_in_torch(
        lambda torch, p: torch.optim.Adam(p, 0.01, (0.8, 0.9), eps=0.0, amsgrad=amsgrad)
    )
    path = descend(gk.Adam(0.01, beta_1=0.8, beta_2=0.9, epsilon=1e-40, amsgrad=amsgrad))
    assert_same_path(path, expected, np.float64)


@pytest.mark.parametrize("amsgrad", [False, True])
def test_every_step_of_adamw_is_pytorchs(amsgrad: bool) -> None:
    expected = descend_in_torch(
        lambda torch, p: torch.optim.AdamW(
            p, 0.01, (0.8, 0.9), eps=0.0, weight_decay=0.3, amsgrad=amsgrad
        )
    )
    optimizer = gk.AdamW(0.01, 0.3, beta_1=0.8, beta_2=0.9, epsilon=1e-40, amsgrad=amsgrad)
    assert_same_path(descend(optimizer), expected, np.float64)


def test_defaults_are_keras() -> None:
    for made in (gk.Adam(), gk.AdamW()):
        assert (made.learning_rate, made.beta_1, made.beta_2) == (0.001, 0.9, 0.999)
        assert (made.epsilon, made.amsgrad) == (1e-7, False)
    assert (gk.Adam().name, gk.Adam().weight_decay) == ("adam", None)
    assert (gk.AdamW().name, gk.AdamW().weight_decay) == ("adamw", 0.004)


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("beta_1", 1.0, ValueError),
        ("beta_2", -0.1, ValueError),
        ("epsilon", 0.0, ValueError),
        ("learning_rate", "fast", TypeError),
    ],
)
def test_a_bad_value_is_refused_whenever_it_is_set(name, value, error) -> None:
    made = gk.Adam()
    before = getattr(made, name)
    with pytest.raises(error, match=f"Adam: {name} is .*, expected "):
        setattr(made, name, value)
    assert getattr(made, name) == before
    with pytest.raises(error, match=f"Adam: {name} is .*, expected "):
        gk.Adam(**{name: value})


def test_other_bad_arguments() -> None:
    with pytest.raises(TypeError, match="Adam: amsgrad is 1, expected True or False"):
        gk.Adam(amsgrad=1)
    with pytest.raises(TypeError, match="AdamW: weight_decay is None, expected a number"):
        gk.AdamW(weight_decay=None)

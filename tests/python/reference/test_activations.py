import math

import numpy as np
import pytest

from finite_differences import assert_gradient
from gatedcore import reference

A = np.array([-8.0, -3.5, -2.0, -0.7, -0.01, 0.02, 0.4, 1.3, 2.9, 3.6, 7.0])
EXPECTED = {
    "linear": lambda a: a,
    "tanh": math.tanh,
    "sigmoid": lambda a: 1 / (1 + math.exp(-a)),
    "hard_sigmoid": lambda a: min(max(a + 3, 0), 6) / 6,
    "relu": lambda a: max(a, 0),
    "softsign": lambda a: a / (1 + abs(a)),
    "elu": lambda a: a if a > 0 else math.exp(a) - 1,
}


def test_every_activation_is_covered() -> None:
    assert set(EXPECTED) == set(reference.ACTIVATIONS)


@pytest.mark.parametrize("name", reference.ACTIVATIONS)
def test_activate_is_the_textbook_formula(name: str) -> None:
    expected = [EXPECTED[name](a) for a in A.tolist()]
    # exp(a) - 1 of the formula above loses digits near 0: 1e-14 allows for that alone.
    np.testing.assert_allclose(reference.activate(name, A), expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", reference.ACTIVATIONS)
def test_derivative_from_the_output_is_the_slope(name: str) -> None:
    a = A.copy()  # no point lies on a corner
    y = reference.activate(name, a)
    assert_gradient(
        reference.derivative(name, y), lambda: float(reference.activate(name, a).sum()), a
    )


def test_sigmoid_of_huge_arguments_saturates_without_a_warning() -> None:
    y = reference.activate("sigmoid", np.array([-1e4, 1e4]))
    assert y.tolist() == [0.0, 1.0]


@pytest.mark.parametrize("function", [reference.activate, reference.derivative])
def test_unknown_name(function) -> None:
    with pytest.raises(ValueError, match="name is 'gelu', expected one of linear, tanh"):
        function("gelu", A)

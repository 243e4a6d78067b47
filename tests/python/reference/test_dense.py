import numpy as np
import pytest

from finite_differences import assert_gradient
from gatedcore import reference


@pytest.mark.parametrize("activation", reference.ACTIVATIONS)
def test_backward_by_finite_differences(activation: str) -> None:
    rng = np.random.default_rng(1)
    x, w, b = rng.normal(size=(4, 3)), rng.normal(size=(3, 2)), rng.normal(size=2)
    d_y = rng.normal(size=(4, 2))

    def loss() -> float:
        return float((reference.dense_forward(x, w, b, activation) * d_y).sum())

    y = reference.dense_forward(x, w, b, activation)
    gradients = reference.dense_backward(x, w, y, d_y, activation)
    for given, array in zip(gradients, (x, w, b), strict=True):
        assert_gradient(given, loss, array)


def test_without_bias() -> None:
    x, w = np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]])
    assert reference.dense_forward(x, w).tolist() == [[11.0]]

import re

import numpy as np
import pytest

from gatedcore import ops, reference
from problems import ACTIVATIONS, assert_close


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("shape", [(5, 3), (2, 4, 3), (0, 3), (2, 0, 3)])
def test_is_the_reference(dtype, activation: str, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=shape).astype(dtype)
    w, b = rng.normal(size=(3, 17)).astype(dtype), rng.normal(size=17).astype(dtype)
    y = ops.dense(x, w, b, activation=activation)
    assert y.dtype == dtype
    assert_close(y, reference.dense_forward(x.astype(float), w, b, activation))


def test_defaults_are_linear_and_without_bias() -> None:
    assert ops.dense(np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]])).tolist() == [[11.0]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.ones(3), np.ones((3, 2))), "dense: x has shape (3,), expected (..., I)"),
        (
            (np.ones((1, 3)), np.ones((2, 2))),
            "dense: kernel has shape (2, 2), expected (I, O) = (3, 2)",
        ),
        ((np.ones((1, 3)), np.ones(3)), "dense: kernel has shape (3,), expected (I, O)"),
        (
            (np.ones((1, 3)), np.ones((3, 2)), np.ones(3)),
            "dense: bias has shape (3,), expected (O,)",
        ),
    ],
)
def test_bad_arguments(arguments: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        ops.dense(*arguments)

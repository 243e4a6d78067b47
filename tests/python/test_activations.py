import numpy as np
import pytest

import gatedcore as gk
from gatedcore import activations, reference
from problems import ACTIVATIONS, assert_close

X = np.linspace(-8.0, 8.0, 67).reshape(1, 67)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_functions_are_the_reference(name: str, dtype) -> None:
    y = getattr(gk.activations, name)(X.astype(dtype))
    assert y.dtype == dtype
    assert_close(y, reference.activate(name, X))


def test_result_is_new_and_of_any_shape() -> None:
    x = np.ones((2, 3, 4), np.float32)
    y = activations.linear(x)
    assert y.shape == x.shape
    assert not np.shares_memory(x, y)
    assert activations.relu(np.float32(-1.0)).shape == ()
    assert activations.relu(np.ones((0, 3))).shape == (0, 3)
    np.testing.assert_array_equal(activations.relu(X[:, ::-2]), np.maximum(X[:, ::-2], 0))


def test_get() -> None:
    assert activations.get("tanh") is activations.tanh
    assert activations.get(None) is activations.linear
    assert activations.get(activations.elu) is activations.elu
    with pytest.raises(ValueError, match=r"activations.get: identifier is 'geluu', expected one"):
        activations.get("geluu")


def test_as_data() -> None:
    assert activations.serialize(activations.gelu) == "gelu"
    assert activations.deserialize(activations.serialize(activations.tanh)) is activations.tanh
    with pytest.raises(ValueError, match=r"activations.serialize: activation is <ufunc 'tanh'>, e"):
        activations.serialize(np.tanh)


def test_gelu_of_both_kinds() -> None:
    np.testing.assert_array_equal(activations.gelu(X), activations.UNFUSED["gelu"].value(X))
    close = activations.gelu(X, approximate=True)
    np.testing.assert_array_equal(close, activations.gelu_tanh(X))
    assert 1e-5 < np.abs(close - activations.gelu(X)).max() < 1e-3  # its known error
    layers = [gk.Dense(2, activation=name) for name in ("gelu", gk.activations.gelu, "gelu_tanh")]
    assert [layer.activation for layer in layers] == ["gelu", "gelu", "gelu_tanh"]
    with pytest.raises(TypeError, match="gelu: approximate is 'tanh', expected True or False"):
        activations.gelu(X, "tanh")


def test_names_and_help() -> None:
    assert activations.NAMES == ACTIVATIONS
    assert activations.softsign.__name__ == "softsign"
    assert "x / (1 + |x|)" in activations.softsign.__doc__


def test_bad_input() -> None:
    with pytest.raises(TypeError, match="relu: x has dtype complex128, expected real numbers"):
        activations.relu(1j * X)

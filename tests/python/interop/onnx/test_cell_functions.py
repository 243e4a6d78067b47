"""The activations of ONNX's recurrent operators by name, with their options."""

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed")

from gatedcore.interop.onnx.cell_functions import cell_functions
from gatedcore.interop.onnx.node import Node

X = np.array([-3.0, -1.0, -0.25, 0.0, 0.25, 1.0, 3.0])
FORMULAS = {
    "Relu": lambda x, a, b: np.maximum(x, 0),
    "Tanh": lambda x, a, b: np.tanh(x),
    "Sigmoid": lambda x, a, b: 1 / (1 + np.exp(-x)),
    "Affine": lambda x, a, b: a * x + b,
    "LeakyRelu": lambda x, a, b: np.where(x >= 0, x, a * x),
    "ThresholdedRelu": lambda x, a, b: np.where(x >= a, x, 0),
    "ScaledTanh": lambda x, a, b: a * np.tanh(b * x),
    "HardSigmoid": lambda x, a, b: np.minimum(np.maximum(a * x + b, 0), 1),
    "Elu": lambda x, a, b: np.where(x >= 0, x, a * (np.exp(x) - 1)),
    "Softsign": lambda x, a, b: x / (1 + np.abs(x)),
    "Softplus": lambda x, a, b: np.log(1 + np.exp(x)),
}
DEFAULTS = {
    "LeakyRelu": (0.01, 0),
    "ThresholdedRelu": (1, 0),
    "HardSigmoid": (0.2, 0.5),
    "Elu": (1, 0),
}


def functions(names, directions=1, operator="LSTM", **attributes):
    node = Node("node", operator, 14, {"activations": names, **attributes}, (), (), 10**6)
    default = ("Sigmoid", "Tanh", "Tanh") if operator == "LSTM" else ("Tanh",)
    return cell_functions(node, default, directions)


@pytest.mark.parametrize("name", FORMULAS)
def test_values_with_options(name):
    options = {}
    if name in ("Affine", "LeakyRelu", "ThresholdedRelu", "ScaledTanh", "HardSigmoid", "Elu"):
        options["activation_alpha"] = [0.25]
    if name in ("Affine", "ScaledTanh", "HardSigmoid"):
        options["activation_beta"] = [0.75]
    ((found,),) = functions([name], operator="RNN", **options)
    np.testing.assert_allclose(found(X), FORMULAS[name](X, 0.25, 0.75), atol=1e-12)
    assert found(X.astype(np.float32)).dtype == np.float32


@pytest.mark.parametrize("name", DEFAULTS)
def test_values_with_defaults(name):
    ((found,),) = functions([name], operator="RNN")
    np.testing.assert_allclose(found(X), FORMULAS[name](X, *DEFAULTS[name]), atol=1e-7)


@pytest.mark.parametrize("name", ["Affine", "ScaledTanh"])
def test_some_have_no_defaults(name):
    with pytest.raises(ValueError, match=f"{name} came without activation_alpha"):
        functions([name], operator="RNN")


@pytest.mark.parametrize(
    ("name", "alpha", "beta", "fused"),
    [
        ("Tanh", [], [], "tanh"),
        ("Elu", [1.0], [], "elu"),
        ("Elu", [0.5], [], None),
        ("Affine", [1.0], [0.0], "linear"),
        ("HardSigmoid", [float(np.float32(1 / 6))], [0.5], "hard_sigmoid"),
        ("HardSigmoid", [], [], None),
        ("Softplus", [], [], None),
    ],
)
def test_which_the_kernels_have(name, alpha, beta, fused):
    options = {"activation_alpha": alpha, "activation_beta": beta}
    assert functions([name], operator="RNN", **options)[0][0].fused == fused


def test_options_go_to_those_that_take_them():
    names = ["Tanh", "Elu", "Sigmoid", "HardSigmoid", "LeakyRelu", "Tanh"]
    (_, elu, _), (hard, leaky, _) = functions(
        names, directions=2, activation_alpha=[0.1, 0.2, 0.3], activation_beta=[0.4]
    )
    assert (elu.alpha, hard.alpha, hard.beta, leaky.alpha) == (0.1, 0.2, 0.4, 0.3)


def test_left_out_they_are_the_default_of_each_direction():
    assert [[f.name for f in one] for one in functions(None, 2)] == [
        ["Sigmoid", "Tanh", "Tanh"]
    ] * 2


def test_the_default_of_an_rnn_is_for_two_directions():
    assert [len(one) for one in functions(["Tanh", "Tanh"], operator="RNN")] == [1]

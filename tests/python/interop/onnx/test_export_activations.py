"""Activations as graphs, in two runtimes."""

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed")

import gatedcore as gk
from gatedcore.activations import _BY_NAME
from gatedcore.interop.onnx.export_activations import IN_CELLS, cell_activations
from interop.onnx.exported import assert_exports

X = np.linspace(-8, 8, 40, dtype=np.float32).reshape(8, 5)


@pytest.mark.parametrize("name", _BY_NAME)
def test_every_activation(name):
    assert_exports(gk.Sequential([gk.Input((5,)), gk.Activation(name)]), X)


def test_options_stand_in_the_order_of_those_that_have_them():
    assert cell_activations("here", ["sigmoid", "elu", "hard_sigmoid", "tanh"]) == {
        "activations": ["Sigmoid", "Elu", "HardSigmoid", "Tanh"],
        "activation_alpha": [1.0, 1 / 6],
        "activation_beta": [0.5],
    }
    assert cell_activations("here", ["tanh"]) == {"activations": ["Tanh"]}


def test_the_kernels_activations_are_all_there():
    assert set(gk.activations.NAMES) <= set(IN_CELLS)


def test_others_are_named():
    with pytest.raises(ValueError, match="here: activation 'mish', expected one that ONNX's"):
        cell_activations("here", ["tanh", "mish"])

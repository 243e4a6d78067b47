"""What layers with gates share beside their way through time."""

import numpy as np
import pytest

import gatedcore as gk
from layer_kinds import KINDS, X
from problems import ACTIVATIONS


@pytest.mark.parametrize(("kind", "form"), KINDS)
@pytest.mark.parametrize("return_sequences", [False, True])
@pytest.mark.parametrize("dropout", [0.0, 0.4])
def test_recompute_trains_with_the_same_bits_and_less_memory(
    kind, form: dict, return_sequences: bool, dropout: float
) -> None:
    d_y = np.random.default_rng(1).normal(size=(3, 5, 4) if return_sequences else (3, 4))
    layers = [
        kind(
            4,
            return_sequences=return_sequences,
            recompute=recompute,
            dropout=dropout,
            recurrent_dropout=dropout,
            zoneout_h=dropout,
            dtype="float64",
            seed=1,
            **form,
        )
        for recompute in (False, True)
    ]
    outputs, inputs, saved = [], [], []
    for layer in layers:
        layer.build(X.shape)
        outputs.append(layer.forward(X, True))
        saved.append(layer._saved.nbytes)
        inputs.append(layer.backward(d_y, True))
    np.testing.assert_array_equal(*outputs)
    np.testing.assert_array_equal(*inputs)
    for name, gradient in layers[0].gradients.items():
        np.testing.assert_array_equal(layers[1].gradients[name], gradient)
    assert saved[0] == (3 if kind is gk.LSTM else 5) * saved[1]
    np.testing.assert_array_equal(layers[1](X), layers[0](X))
    assert layers[1].trace(X).h.shape == (3, 5, 4)
    with pytest.raises(TypeError, match=f"{kind.__name__}: recompute is 1, expected True or False"):
        kind(4, recompute=1)


@pytest.mark.parametrize(("kind", "form"), KINDS)
def test_every_activation_is_accepted_as_name_and_as_function(kind, form: dict) -> None:
    for name in ACTIVATIONS:
        layer = kind(2, activation=getattr(gk.activations, name), recurrent_activation=name, **form)
        assert layer.activation == layer.recurrent_activation == name
    assert kind(2, activation=None, **form).activation == "linear"

"""Recurrent layers out of weights with PyTorch's names; no PyTorch is needed, they are arrays."""

import numpy as np
import pytest

import gatedcore as gk
from gatedcore.interop.convert.torch_weights import recurrent_layers, stack_of
from gatedcore.interop.gate_order import GATES

FEATURES, UNITS = 3, 2


def weights_of(cell, layers=1, bidirectional=False, bias=True, dtype="float32"):
    rng = np.random.default_rng(0)
    rows, inputs = GATES[cell] * UNITS, FEATURES
    found = {}
    for k in range(layers):
        for side in ("", "_reverse")[: 1 + bidirectional]:
            shapes = {"weight_ih": (rows, inputs), "weight_hh": (rows, UNITS)}
            if bias:
                shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
            for name, shape in shapes.items():
                found[f"{name}_l{k}{side}"] = rng.standard_normal(shape).astype(dtype)
        inputs = UNITS * (1 + bidirectional)
    return found


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("cell", GATES)
def test_names_and_shapes_say_what_the_module_was(cell, layers, bidirectional, bias):
    weights = weights_of(cell, layers, bidirectional, bias)
    assert stack_of(weights) == (cell, layers, bidirectional, bias)
    made = recurrent_layers(weights)
    assert len(made) == layers
    model = gk.Sequential([gk.Input((None, FEATURES)), *made])
    assert model.output_shape == (None, None, UNITS * (1 + bidirectional))
    # All but a GRU add their two biases.
    kept = [w for name, w in weights.items() if cell == "gru" or "bias_hh" not in name]
    assert model.count_params() == sum(w.size for w in kept)


def test_dropout_stands_between_layers():
    made = recurrent_layers(weights_of("gru", 3), dropout=0.2)
    assert [type(layer) for layer in made] == [gk.GRU, gk.Dropout, gk.GRU, gk.Dropout, gk.GRU]
    assert {layer.rate for layer in made[1::2]} == {0.2}


def test_options():
    weights = weights_of("simple_rnn", 2, dtype="float64")
    made = recurrent_layers(
        weights, activation="relu", return_sequences=False, trainable=False, name="rnn"
    )
    assert [layer.name for layer in made] == ["rnn_l0", "rnn_l1"]
    assert [layer.return_sequences for layer in made] == [True, False]
    assert {(layer.activation, layer.trainable, str(layer.dtype)) for layer in made} == {
        ("relu", False, "float64")
    }
    (both,) = recurrent_layers(weights_of("lstm", bidirectional=True), name="one", trainable=False)
    assert (both.name, both.trainable, both.forward_layer.trainable) == ("one", False, False)


def without(weights, name):
    return {key: value for key, value in weights.items() if key != name}


LSTM = weights_of("lstm", 2, bidirectional=True)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({}, "weights are called nothing"),
        ({**LSTM, "fc.weight": 0}, "weights are called fc.weight, expected those of one nn.LSTM"),
        ({**LSTM, "weight_hr_l0": np.ones((1, 2))}, "weight_hr_l0 projects the state"),
        (without(LSTM, "bias_hh_l1"), "weights lack bias_hh_l1, expected all of 2 layers"),
        (without(LSTM, "weight_ih_l0_reverse"), "weights lack weight_ih_l0_reverse"),
        ({**LSTM, "weight_ih_l9999": LSTM["weight_ih_l0"]}, "weights lack those of some layers"),
        ({**LSTM, "weight_hh_l0": np.ones((10, 2))}, r"weight_hh_l0 has shape \(10, 2\)"),
        ({**LSTM, "weight_hh_l0": np.ones(8)}, r"weight_hh_l0 has shape \(8,\)"),
        ({**LSTM, "weight_ih_l0": np.ones((9, 3))}, r"weight_ih has shape \(9, 3\)"),
        ({**LSTM, "bias_ih_l1": np.ones(7)}, r"bias_ih has shape \(7,\), expected"),
        (
            {
                **LSTM,
                "weight_ih_l1": np.ones((12, 4)),
                "weight_hh_l1": np.ones((12, 3)),
                "bias_ih_l1": np.ones(12),
                "bias_hh_l1": np.ones(12),
            },
            "weights of layer 1 have the shapes",
        ),
    ],
)
def test_what_are_not_the_weights_of_one_module(weights, message):
    with pytest.raises(ValueError, match=message):
        recurrent_layers(weights)


def test_layers_that_do_not_go_together():
    weights = {**weights_of("gru", 2), "weight_ih_l1": np.ones((6, 5), np.float32)}
    with pytest.raises(ValueError, match=r"expected .*5"):
        gk.Sequential([gk.Input((None, FEATURES)), *recurrent_layers(weights)])

"""Keras's arguments in the kernels' words."""

import pytest

keras = pytest.importorskip("keras")

from gatedcore.activations import NAMES
from gatedcore.interop.keras.requests import NotServedError, call_of

BACKENDS = ("torch", "tensorflow", "jax", "numpy")


def request(backend="torch", cell="lstm", **changes):
    arguments = {
        "activation": keras.activations.tanh,
        "recurrent_activation": keras.activations.sigmoid,
        "masked": False,
        "return_sequences": True,
        "go_backwards": False,
        "unroll": False,
        "zero_output_for_mask": False,
    }
    return call_of(backend, cell, **(arguments | changes))


@pytest.mark.parametrize("name", NAMES)
def test_activations_are_known_by_identity(name):
    call = request(activation=keras.activations.get(name))
    assert call.activation == name
    assert call.recurrent_activation == "sigmoid"
    if name not in ("linear",):
        assert request(recurrent_activation=getattr(keras.ops, name)).recurrent_activation == name


@pytest.mark.parametrize(
    ("activation", "described"),
    [
        (keras.activations.gelu, "gelu"),
        (lambda x: x, "<lambda>"),
        (keras.layers.LeakyReLU(), "LeakyReLU"),
    ],
)
def test_other_activations_are_not_served(activation, described):
    with pytest.raises(NotServedError, match=f"^activation {described}$"):
        request(activation=activation)
    with pytest.raises(NotServedError, match=f"^recurrent_activation {described}$"):
        request(recurrent_activation=activation)


@pytest.mark.parametrize("backend", BACKENDS)
def test_conventions_of_masked_outputs(backend):
    carries = backend in ("jax", "numpy")
    assert request(backend, masked=True).state_before_first is carries
    assert request(backend, masked=True, unroll=True).state_before_first is False
    assert request(backend, masked=True, zero_output_for_mask=True).zero_output_for_mask is True
    assert request(backend, masked=False, zero_output_for_mask=True).zero_output_for_mask is False
    unrolled = request(backend, masked=True, unroll=True, zero_output_for_mask=True)
    assert unrolled.zero_output_for_mask is not carries


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_keras_computes_in_a_way_of_its_own(backend):
    arguments = {
        "masked": True, "unroll": True, "zero_output_for_mask": True, "go_backwards": True,
    }  # fmt: skip
    if backend in ("jax", "numpy"):
        request(backend, **arguments)
    else:
        with pytest.raises(NotServedError, match="unroll with go_backwards, a mask"):
            request(backend, **arguments)


def test_layouts_that_no_layer_asks_for():
    assert request(layout={"time_major": False, "batch_first": True}) == request()
    for layout in ({"time_major": True}, {"batch_first": False}, {"colour": "red"}):
        with pytest.raises(NotServedError, match=r"^argument "):
            request(layout=layout)


def test_a_call_has_a_hash():
    assert hash(request()) == hash(request())
    assert request(cell="gru", reset_after=False) != request(cell="gru")

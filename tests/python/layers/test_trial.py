"""Shapes found by running a layer on zeros."""

import re
import threading

import numpy as np
import pytest

import gatedcore as gk
from gatedcore.layers.trial import tried_shape
from written_layers import Affine


def layer_of(function):
    class Function(gk.layers.Layer):
        def call(self, x):
            return function(x)

    return Function(name="function")


@pytest.mark.parametrize(
    ("function", "given", "expected"),
    [
        (lambda x: x, (None, None, 3), (None, None, 3)),
        (lambda x: x.sum(axis=1), (None, None, 3), (None, 3)),
        (lambda x: x[:, ::2], (None, None, 3), (None, None, 3)),
        (lambda x: x[:, ::2], (None, 10, 3), (None, 5, 3)),
        (lambda x: x[:, :4, :1], (None, None, 3), (None, 4, 1)),
        (lambda x: x.reshape(len(x), -1), (None, 5, 3), (None, 15)),
        (lambda x: x[..., 0, 0], (32, 7, 3), (None,)),
    ],
)
def test_what_follows_from_the_input_and_what_does_not(function, given, expected) -> None:
    assert tried_shape(layer_of(function), given) == expected
    assert layer_of(function).compute_output_shape(given) == (given[0], *expected[1:])


def test_the_layer_and_the_generators_stay_as_they_are() -> None:
    gk.set_random_seed(3)
    expected = Affine()
    expected.build((None, 2))
    gk.set_random_seed(3)
    layer = Affine()
    assert layer.compute_output_shape((None, 6, 2)) == (None, 6, 3)
    assert not layer.built
    assert not hasattr(layer, "kernel")
    layer.build((None, 2))
    np.testing.assert_array_equal(layer.kernel, expected.kernel)


def test_what_it_cannot_find() -> None:
    with pytest.raises(ValueError, match="function: input has shape"):
        tried_shape(layer_of(lambda x: x), (None, 3, None))
    with pytest.raises(ValueError, match=re.escape("call failed on zeros of shape (2, 16, 3)")):
        tried_shape(layer_of(lambda x: x.reshape(2, 5)), (None, None, 3))
    ranks = layer_of(lambda x: x if x.shape[1] == 16 else x[:, 0])
    with pytest.raises(ValueError, match="for inputs of one rank, expected one rank"):
        tried_shape(ranks, (None, None, 3))


def test_a_layer_that_cannot_be_copied_must_say_its_shape() -> None:
    layer = layer_of(lambda x: x)
    layer.lock = threading.Lock()
    with pytest.raises(ValueError, match=r"call failed on zeros .* write compute_output_shape"):
        layer.compute_output_shape((None, 3))


def test_a_shape_that_the_layer_says_is_taken() -> None:
    class Says(gk.layers.Layer):
        def call(self, x):
            return x[:, 20:]

        def compute_output_shape(self, input_shape):
            return (input_shape[0], None, input_shape[2])

    model = gk.Sequential([gk.Input((None, 2)), Says()])
    assert model.output_shape == (None, None, 2)
    assert model(np.ones((1, 25, 2))).shape == (1, 5, 2)


def test_a_layer_that_cannot_do_without_a_mask_is_tried_with_one() -> None:
    class Share(gk.layers.Layer):
        def call(self, x, mask=None):
            counts = mask.astype(x.dtype)[..., None]
            return (x * counts).sum(axis=1) / counts.sum(axis=1)

    model = gk.Sequential([gk.Input((None,)), gk.Embedding(5, 2, mask_zero=True), Share()])
    assert model.output_shape == (None, 2)
    tokens = np.array([[1, 2, 0]])
    table = model.layers[0].embeddings
    np.testing.assert_allclose(model(tokens)[0], table[1:3].mean(axis=0), rtol=1e-6)

    class Never(gk.layers.Layer):
        def call(self, x, mask=None):
            return x.nothing

    with pytest.raises(ValueError, match=r"call failed on zeros .* no attribute 'nothing'"):
        tried_shape(Never(), (None, 3, 2))

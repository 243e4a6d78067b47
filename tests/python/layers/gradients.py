"""Finite differences of whole layers, for tests of every kind of layer."""

import numpy as np

from finite_differences import assert_gradient


def assert_layer_gradients(layer, x, mask=None, *, of_input=True):
    """Compare backward with finite differences of forward, in float64."""
    layer.build(x.shape)
    y = layer.forward(x, False, mask)
    d_y = np.random.default_rng(7).normal(size=y.shape)

    def loss():
        return float((layer.forward(x, False, mask) * d_y).sum())

    layer.forward(x, True, mask)
    for gradient in layer.gradients.values():
        gradient.fill(0.0)
    d_x = layer.backward(d_y, of_input)
    if of_input:
        assert_gradient(d_x, loss, x)
    for name, value in layer.parameters.items():
        assert_gradient(layer.gradients[name], loss, value)

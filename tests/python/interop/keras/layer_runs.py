"""Runs Keras layers on whichever backend Keras has: outputs and gradients as NumPy arrays."""

import numpy as np
from keras import config

BACKEND = config.backend()
HAS_GRADIENTS = BACKEND != "numpy"
B, T, I, H = 2, 5, 3, 4  # noqa: E741  # the letters of the equations


def series():
    """Return an input (B, T, I) in float64, the same each time."""
    return np.random.default_rng(1).normal(size=(B, T, I))


def built(layer):
    """Return a layer with weights for such an input."""
    layer.build((B, T, I))
    return layer


def outputs_of(layer, x, **call):
    """Return what a call of the layer returns, as a list of arrays."""
    return [_numpy(y) for y in _listed(layer(x, **call))]


def gradients_of(layer, x, states=None, **call):
    """Return gradients by x, the states and the weights of a loss of all that a call returns."""
    arrays = [x, *(states or [])]
    run = {"torch": _torch, "tensorflow": _tensorflow, "jax": _jax}[BACKEND]
    return [np.asarray(g) for g in run(layer, arrays, call)]


def _numpy(tensor):
    return tensor.detach().numpy() if BACKEND == "torch" else np.asarray(tensor)


def _listed(outputs):
    return list(outputs) if isinstance(outputs, list | tuple) else [outputs]


def _call(layer, tensors, call):
    x, *states = tensors
    return _listed(layer(x, **call, **({"initial_state": states} if states else {})))


def _upstream(shape, seed):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def _torch(layer, arrays, call):
    import torch

    tensors = [torch.tensor(a, requires_grad=True) for a in arrays]
    outputs = _call(layer, tensors, call)
    loss = sum((y * torch.tensor(_upstream(y.shape, i))).sum() for i, y in enumerate(outputs))
    wanted = [*tensors, *(v.value for v in layer.trainable_variables)]
    found = torch.autograd.grad(loss, wanted, allow_unused=True)
    return [
        np.zeros(w.shape) if g is None else g.numpy() for g, w in zip(found, wanted, strict=True)
    ]


def _tensorflow(layer, arrays, call):
    import tensorflow as tf

    tensors = [tf.constant(a) for a in arrays]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        outputs = _call(layer, tensors, call)
        loss = sum(tf.reduce_sum(y * _upstream(y.shape, i)) for i, y in enumerate(outputs))
    wanted = [*tensors, *(v.value for v in layer.trainable_variables)]
    return tape.gradient(loss, wanted, unconnected_gradients=tf.UnconnectedGradients.ZERO)


def _jax(layer, arrays, call):
    import jax
    import jax.numpy as jnp

    def loss(arrays, weights):
        x, *states = arrays
        given = {"initial_state": states} if states else {}
        outputs, _ = layer.stateless_call(weights, others, x, **call, **given)
        return sum(jnp.sum(y * _upstream(y.shape, i)) for i, y in enumerate(_listed(outputs)))

    weights = [v.value for v in layer.trainable_variables]
    others = [v.value for v in layer.non_trainable_variables]
    by_arrays, by_weights = jax.grad(loss, argnums=(0, 1))(arrays, weights)
    return [*by_arrays, *by_weights]

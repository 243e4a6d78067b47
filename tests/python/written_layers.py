"""Layers and cells as a user writes them, for tests."""

import numpy as np

import gatedcore as gk
from gatedcore import ops


class Affine(gk.layers.Layer):
    """``x kernel + bias``, with a weight that nothing trains and one in a list."""

    def __init__(self, units=3, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.kernel = self.add_weight(
            (input_shape[-1], self.units), name="kernel", regularizer="l2"
        )
        self.rest = [self.add_weight((self.units,), "zeros", name="bias", constraint="non_neg")]
        self.fixed = self.add_weight((), gk.initializers.Constant(2.0), trainable=False)

    def call(self, x):
        self.x = x
        return self.fixed * (ops.matmul(x, self.kernel) + self.rest[0])

    def backward(self, d_y):
        d = self.fixed * d_y
        rows = tuple(range(d.ndim - 1))
        self.gradients["kernel"] += np.tensordot(self.x, d, (rows, rows))
        self.gradients["bias"] += d.sum(axis=rows)
        return ops.matmul(d, self.kernel.T)


class Wave(Affine):
    """A subclass that builds and goes back through its base."""

    def build(self, input_shape):
        super().build(input_shape)
        self.scale = self.add_weight((self.units,), "ones", name="scale")

    def call(self, x):
        self.y = np.tanh(super().call(x))
        return self.y * self.scale

    def backward(self, d_y):
        self.gradients["scale"] += (d_y * self.y).reshape(-1, self.units).sum(axis=0)
        return super().backward(d_y * self.scale * (1 - self.y**2))


class Shift(gk.layers.Layer):
    """What has no weights and no ``backward``."""

    def call(self, x):
        return x + 1


class TwoStates(gk.layers.Layer):
    """A cell: ``s = a s + x w``, ``h = tanh(s + h_prev u)``; the output is both side by side."""

    def __init__(self, units=2, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.state_size = [units, units]
        self.output_size = 2 * units

    def build(self, input_shape):
        self.w = self.add_weight((input_shape[-1], self.units), name="w")
        self.u = self.add_weight((self.units, self.units), name="u")
        self.a = self.add_weight((self.units,), gk.initializers.Constant(0.7), name="a")

    def call(self, x, states):
        self.x = x
        self.s_prev, self.h_prev = states
        self.s = self.a * self.s_prev + x @ self.w
        self.h = np.tanh(self.s + self.h_prev @ self.u)
        return ops.concatenate([self.s, self.h]), [self.s, self.h]

    def backward(self, d_output, d_states):
        d_s, d_h = (d + o for d, o in zip(d_states, ops.split(d_output, 2, axis=-1), strict=True))
        d_a = d_h * (1 - self.h**2)
        d_s = d_s + d_a
        self.gradients["u"] += self.h_prev.T @ d_a
        self.gradients["w"] += self.x.T @ d_s
        self.gradients["a"] += (d_s * self.s_prev).sum(axis=0)
        return d_s @ self.w.T, [d_s * self.a, d_a @ self.u.T]

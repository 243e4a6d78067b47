"""Keras on TensorFlow: layers.LSTM and GRU under tf.function, plain or compiled by XLA."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from contest.adapters import NotOfferedError, Prepared
from contest.problem import STEPS_CHECKED, Problem, reorder, restore

ORDER = {"lstm": (0, 1, 2, 3), "gru": (0, 1, 2)}  # Keras has i f c o and z r h


class KerasTf:
    """Keras in its own process."""

    def __init__(self, threads: int, *, xla: bool) -> None:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
        self._xla = xla

    def versions(self) -> dict[str, str]:
        """Return the versions of Keras and TensorFlow."""
        return {"keras": keras.__version__, "tensorflow": tf.__version__}

    def prepare(self, problem: Problem, variant: str) -> Prepared:
        """Return a layer's pass or its cell's step, batch-major as Keras is."""
        case = problem.case
        if case.option or (case.kind == "step" and case.T > 1):
            raise NotOfferedError("timed on whole dense sequences and single steps")
        kind = keras.layers.LSTM if case.cell == "lstm" else keras.layers.GRU
        layer = kind(case.H, return_sequences=True)
        layer.build((case.B, None, case.I))
        order = ORDER[case.cell]
        layer.set_weights(
            [reorder(w, order) for w in (problem.kernel, problem.recurrent, problem.bias)]
        )
        return self._step(problem, layer) if case.kind == "step" else self._pass(problem, layer)

    def _pass(self, problem: Problem, layer: Any) -> Prepared:
        order = ORDER[problem.case.cell]
        x = tf.constant(problem.x.transpose(1, 0, 2).copy())
        d_h = tf.constant(problem.d_h.transpose(1, 0, 2).copy())

        @tf.function(jit_compile=self._xla)
        def forward(x: Any) -> Any:
            return layer(x)

        @tf.function(jit_compile=self._xla)
        def training(x: Any, d_h: Any) -> Any:
            with tf.GradientTape() as tape:
                tape.watch(x)
                h = layer(x)
            weights = [w.value for w in layer.trainable_weights]
            return h, tape.gradient(h, [x, *weights], output_gradients=d_h)

        def results() -> dict[str, np.ndarray]:
            if problem.case.kind == "infer":
                return {"h": forward(x).numpy().transpose(1, 0, 2)}
            h, (d_x, *of_weights) = training(x, d_h)
            names = ("d_kernel", "d_recurrent", "d_bias")
            return {
                "h": h.numpy().transpose(1, 0, 2),
                "d_x": d_x.numpy().transpose(1, 0, 2),
                **{n: restore(g.numpy(), order) for n, g in zip(names, of_weights, strict=True)},
            }

        if problem.case.kind == "infer":
            return Prepared(lambda: forward(x), results)
        return Prepared(lambda: training(x, d_h), results)

    def _step(self, problem: Problem, layer: Any) -> Prepared:
        case = problem.case
        zeros = tf.zeros((case.B, case.H))
        first = [zeros, zeros] if case.cell == "lstm" else [zeros]

        @tf.function(jit_compile=self._xla)
        def step(x_t: Any, states: Any) -> Any:
            return layer.cell(x_t, states)

        carried = [first]

        def run(x_t: Any) -> Any:
            h, carried[0] = step(x_t, carried[0])
            return h

        def results() -> dict[str, np.ndarray]:
            carried[0] = first
            xs = map(tf.constant, problem.x[:STEPS_CHECKED])
            return {"h": np.stack([run(x_t).numpy() for x_t in xs])}

        x_0 = tf.constant(problem.x[0])
        return Prepared(lambda: run(x_0), results)


def adapter(library: str, threads: int) -> KerasTf:
    """Return the adapter."""
    return KerasTf(threads, xla=library == "keras-xla")

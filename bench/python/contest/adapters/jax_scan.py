"""JAX: a hand-written scan, the input's product ahead of it, under jit."""

from typing import Any

import jax
import jax.numpy as jnp
import jaxlib
import numpy as np

from contest.adapters import NotOfferedError, Prepared
from contest.problem import STEPS_CHECKED, Problem


class Jax:
    """JAX in its own process."""

    def versions(self) -> dict[str, str]:
        """Return the versions of JAX and its compiler."""
        return {"jax": jax.__version__, "jaxlib": jaxlib.__version__}

    def prepare(self, problem: Problem, variant: str) -> Prepared:
        """Return a compiled pass or step."""
        case = problem.case
        if case.option or (case.kind == "step" and case.T > 1):
            raise NotOfferedError("timed on whole dense sequences and single steps")
        # Weights stay (in, out): the other way round, single rows are up to 4 times slower.
        weights = tuple(map(jnp.asarray, (problem.kernel, problem.recurrent, problem.bias)))
        x, d_h = jnp.asarray(problem.x), jnp.asarray(problem.d_h)
        if case.kind == "step":
            return _step(problem, weights, x)
        layer = _lstm if case.cell == "lstm" else _gru
        forward = jax.jit(layer)

        @jax.jit
        def training(weights: Any, x: Any, d_h: Any) -> Any:
            h, pull = jax.vjp(layer, weights, x)
            return h, pull(d_h)

        def results() -> dict[str, np.ndarray]:
            if case.kind == "infer":
                return {"h": np.asarray(forward(weights, x))}
            h, ((d_kernel, d_recurrent, d_bias), d_x) = training(weights, x, d_h)
            named = {"d_kernel": d_kernel, "d_recurrent": d_recurrent, "d_bias": d_bias}
            return {k: np.asarray(v) for k, v in {"h": h, "d_x": d_x, **named}.items()}

        if case.kind == "infer":
            return Prepared(lambda: jax.block_until_ready(forward(weights, x)), results)
        return Prepared(lambda: jax.block_until_ready(training(weights, x, d_h)), results)


def _lstm_step(recurrent: Any, state: Any, a_x: Any) -> Any:
    h, c = state
    i, f, g, o = jnp.split(a_x + h @ recurrent, 4, axis=-1)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    h = jax.nn.sigmoid(o) * jnp.tanh(c)
    return (h, c), h


def _gru_step(recurrent: Any, b_h: Any, h: Any, a_x: Any) -> Any:
    z_x, r_x, n_x = jnp.split(a_x, 3, axis=-1)
    z_h, r_h, n_h = jnp.split(h @ recurrent + b_h, 3, axis=-1)
    z = jax.nn.sigmoid(z_x + z_h)
    h = z * h + (1 - z) * jnp.tanh(n_x + jax.nn.sigmoid(r_x + r_h) * n_h)
    return h, h


def _lstm(weights: Any, x: Any) -> Any:
    kernel, recurrent, bias = weights
    zeros = jnp.zeros((x.shape[1], recurrent.shape[0]), x.dtype)
    a_x = x @ kernel + bias
    return jax.lax.scan(lambda s, a: _lstm_step(recurrent, s, a), (zeros, zeros), a_x)[1]


def _gru(weights: Any, x: Any) -> Any:
    kernel, recurrent, bias = weights
    zeros = jnp.zeros((x.shape[1], recurrent.shape[0]), x.dtype)
    a_x = x @ kernel + bias[0]
    return jax.lax.scan(lambda h, a: _gru_step(recurrent, bias[1], h, a), zeros, a_x)[1]


def _step(problem: Problem, weights: Any, x: Any) -> Prepared:
    case = problem.case
    zeros = jnp.zeros((case.B, case.H), jnp.float32)
    first = (zeros, zeros) if case.cell == "lstm" else zeros

    @jax.jit
    def step(weights: Any, state: Any, x_t: Any) -> Any:
        kernel, recurrent, bias = weights
        if case.cell == "lstm":
            return _lstm_step(recurrent, state, x_t @ kernel + bias)
        return _gru_step(recurrent, bias[1], state, x_t @ kernel + bias[0])

    carried = [first]

    def run(x_t: Any) -> Any:
        carried[0], h = step(weights, carried[0], x_t)
        return jax.block_until_ready(h)

    def results() -> dict[str, np.ndarray]:
        carried[0] = first
        return {"h": np.stack([np.asarray(run(x[t])) for t in range(STEPS_CHECKED)])}

    x_0 = x[0]
    return Prepared(lambda: run(x_0), results)


def adapter(library: str, threads: int) -> Jax:
    """Return the adapter; threads are those of the processors that the process may use."""
    return Jax()

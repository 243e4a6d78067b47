"""A layer's whole work as one function: what goes in, forward and backward, and all that comes out.

``GATEDCORE_EXAMPLES`` asks for so many random examples of every property in place of the few of
each test run, which are always the same ones.
"""

import os
from typing import Any, NamedTuple

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

import gatedcore as gk
from gatedcore import reference
from problems import Problem, make_problem

_ASKED = os.environ.get("GATEDCORE_EXAMPLES")
every_property = settings(
    max_examples=int(_ASKED or 20),
    derandomize=_ASKED is None,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


class Results(NamedTuple):
    """All that a layer computes; c of the LSTM alone."""

    h: Any
    h_last: Any
    c_last: Any
    d_x: Any
    d_kernel: Any
    d_recurrent_kernel: Any
    d_bias: Any
    d_h0: Any
    d_c0: Any


class Layer(NamedTuple):
    """One of the layers that there are, of a random size."""

    cell: str  # "lstm", "gru" with the reset gate behind the product, or "gru_before"
    dtype: type
    T: int
    B: int
    I: int  # noqa: E741  # the letters of the equations
    H: int
    seed: int

    @property
    def gates(self) -> int:
        """Return how many gates a unit has."""
        return 4 if self.cell == "lstm" else 3

    def problem(self) -> Problem:
        """Return random arrays of this size."""
        two = self.cell == "gru"
        sizes = {"T": self.T, "B": self.B, "I": self.I, "H": self.H}
        drawn = make_problem(self.gates, two_biases=two, seed=self.seed, **sizes)
        return drawn.astype(self.dtype)

    def run(self, p: Problem, **options: Any) -> Results:
        """Return what the kernels compute."""
        weights = p.kernel, p.recurrent_kernel, p.bias
        if self.cell == "lstm":
            h, c, cache = gk.ops.lstm(p.x, *weights, [p.h0, p.c0], return_cache=True, **options)
            d = gk.ops.lstm_backward(cache, p.d_h, p.d_h_last, p.d_c_last)
            return Results(h, last(h, p.h0, options), c, *d)
        after = self.cell == "gru"
        h, cache = gk.ops.gru(p.x, *weights, p.h0, reset_after=after, return_cache=True, **options)
        d = gk.ops.gru_backward(cache, p.d_h, p.d_h_last)
        return Results(h, last(h, p.h0, options), None, *d, None)

    def plain(self, p: Problem) -> Results:
        """Return what plain NumPy computes in float64."""
        q = p.astype(np.float64)
        weights = q.kernel, q.recurrent_kernel, q.bias
        run: Any
        if self.cell == "lstm":
            run = reference.lstm_forward(q.x, *weights, q.h0, q.c0)
            d = [*reference.lstm_backward(run, q.d_h, q.d_h_last, q.d_c_last)]
            c_last = run.c[-1]
        else:
            run = reference.gru_forward(q.x, *weights, q.h0, reset_after=self.cell == "gru")
            d = [*reference.gru_backward(run, q.d_h, q.d_h_last), None]
            c_last = None
        return Results(np.swapaxes(run.h[1:], 0, 1), run.h[-1], c_last, *d)


def last(h: Any, h0: Any, options: dict[str, Any]) -> Any:
    """Return the last state of a sequence of states."""
    steps = h if options.get("time_major") else np.swapaxes(h, 0, 1)
    return steps[-1] if len(steps) else h0


def layers(most_steps: int = 9, least_steps: int = 0, least_rows: int = 0) -> Any:
    """Return a strategy for layers, small ones and such that are wider than a register tile."""
    return st.builds(
        Layer,
        cell=st.sampled_from(["lstm", "gru", "gru_before"]),
        dtype=st.sampled_from([np.float32, np.float64]),
        T=st.integers(least_steps, most_steps),
        B=st.one_of(st.integers(least_rows, 5), st.integers(least_rows, 40)),
        I=st.one_of(st.integers(1, 5), st.integers(1, 40)),
        H=st.one_of(st.integers(1, 5), st.integers(1, 70)),
        seed=st.integers(0, 2**32 - 1),
    )


def bits(results: Results) -> list[bytes | None]:
    """Return results as bytes."""
    return [None if r is None else np.ascontiguousarray(r).tobytes() for r in results]


def different(a: Results, b: Results) -> list[str]:
    """Return the names of results that differ in a bit."""
    pairs = zip(a._fields, bits(a), bits(b), strict=True)
    return [name for name, one, other in pairs if one != other]

"""LSTM, GRU and RNN step by step in NumPy, for what the fused kernels do not have.

Weights are as in the library: gates side by side, i f g o and z r n.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from gatedcore.interop.gate_order import KerasWeights
from gatedcore.interop.onnx.tensors import Tensor

States = tuple[Tensor, ...]


class PlainOptions(NamedTuple):
    """What a cell does beside its equations.

    Attributes
    ----------
    functions : sequence
        The activations: of gates, candidate and, of an LSTM, cell state; of an RNN the only one.
    clip : float or None
        Bound of what goes into them.
    peepholes : ndarray, (3, H), or None
        An LSTM's weights from cell state to the gates i f o.
    coupled : bool
        Whether an LSTM's forget gate is 1 - i.
    reset_after : bool
        Whether a GRU's reset gate acts after the product.
    """

    functions: Sequence[Callable[[Tensor], Tensor]]
    clip: float | None = None
    peepholes: Tensor | None = None
    coupled: bool = False
    reset_after: bool = False

    def clipped(self, a: Tensor) -> Tensor:
        """Return what goes into an activation."""
        return a if self.clip is None else np.clip(a, -self.clip, self.clip)


Step = Callable[[Tensor, States, KerasWeights, PlainOptions], States]


def run_plain(
    cell: str,
    x: Tensor,
    weights: KerasWeights,
    states: States,
    options: PlainOptions,
    counts: Tensor | None,
) -> tuple[Tensor, States]:
    """Run a cell over a sequence; the arguments are trusted.

    Parameters
    ----------
    cell : {"lstm", "gru", "simple_rnn"}
        Which.
    x : ndarray, (T, B, I)
        Input, in running order.
    weights : KerasWeights
        Of the cell.
    states : tuple of ndarray, (B, H) each
        Before the first step.
    options : PlainOptions
        What else the cell does.
    counts : ndarray of bool, (T, B, 1), or None
        Where a step counts; one that does not leaves the states, and its output is zero.

    Returns
    -------
    h : ndarray, (T, B, H)
        Outputs.
    states : tuple of ndarray
        After the last step.
    """
    step = _STEPS[cell]
    bias = weights.bias
    of_inputs = x @ weights.kernel
    if bias is not None:
        of_inputs += bias if bias.ndim == 1 else bias[0]
    h = np.zeros((*x.shape[:2], states[0].shape[1]), x.dtype)
    for t, a in enumerate(of_inputs):
        after = step(a, states, weights, options)
        if counts is not None:
            kept = zip(after, states, strict=True)
            after = tuple(np.where(counts[t], new, old) for new, old in kept)
        states = after
        h[t] = states[0] if counts is None else np.where(counts[t], states[0], x.dtype.type(0))
    return h, states


def _lstm_step(a: Tensor, states: States, weights: KerasWeights, options: PlainOptions) -> States:
    h, c = states
    of_gates, of_candidate, of_cell = options.functions
    a_i, a_f, a_g, a_o = np.split(a + h @ weights.recurrent_kernel, 4, axis=-1)
    p_i, p_f, p_o = (0, 0, 0) if options.peepholes is None else options.peepholes
    i = of_gates(options.clipped(a_i + p_i * c))
    f = 1 - i if options.coupled else of_gates(options.clipped(a_f + p_f * c))
    c = f * c + i * of_candidate(options.clipped(a_g))
    o = of_gates(options.clipped(a_o + p_o * c))
    return o * of_cell(c), c


def _gru_step(a: Tensor, states: States, weights: KerasWeights, options: PlainOptions) -> States:
    (h,) = states
    of_gates, of_candidate = options.functions
    units = h.shape[1]
    recurrent = weights.recurrent_kernel
    a_z, a_r, a_n = np.split(a, 3, axis=-1)
    bias = np.zeros(3 * units, a.dtype)
    if options.reset_after and weights.bias is not None:
        bias = weights.bias[1]
    gates = h @ recurrent[:, : 2 * units] + bias[: 2 * units]
    z = of_gates(options.clipped(a_z + gates[:, :units]))
    r = of_gates(options.clipped(a_r + gates[:, units:]))
    candidate = recurrent[:, 2 * units :]
    product = (
        r * (h @ candidate + bias[2 * units :]) if options.reset_after else (r * h) @ candidate
    )
    n = of_candidate(options.clipped(a_n + product))
    return (z * h + (1 - z) * n,)


def _rnn_step(a: Tensor, states: States, weights: KerasWeights, options: PlainOptions) -> States:
    (h,) = states
    return (options.functions[0](options.clipped(a + h @ weights.recurrent_kernel)),)


_STEPS: dict[str, Step] = {"lstm": _lstm_step, "gru": _gru_step, "simple_rnn": _rnn_step}

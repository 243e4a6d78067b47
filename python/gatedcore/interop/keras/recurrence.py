"""One call of a Keras LSTM or GRU in NumPy, forward and backward, with Keras's masked outputs."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from gatedcore import _core
from gatedcore.arrays import Array, as_array, as_contiguous
from gatedcore.ops.operands import Weights

Mask = npt.NDArray[np.bool_]


class Call(NamedTuple):
    """What of a call is no array; hashable, as a compiled function needs it.

    Attributes
    ----------
    cell : {"lstm", "gru"}
        Which equations.
    activation, recurrent_activation : str
        Names that the kernels know.
    reset_after : bool
        Of a GRU: where its reset gate acts.
    go_backwards : bool
        Whether the last step comes first; outputs stand in the order in which the steps ran.
    return_sequences : bool
        Whether every output is wanted, or the last.
    zero_output_for_mask : bool
        Whether an output is zero where the mask is False; else it repeats the one before it.
    state_before_first : bool
        What an output repeats before the first step that counts: the initial state, as Keras on
        NumPy and JAX does, or zeros, as on PyTorch and TensorFlow.
    """

    cell: str
    activation: str
    recurrent_activation: str
    reset_after: bool
    go_backwards: bool
    return_sequences: bool
    zero_output_for_mask: bool
    state_before_first: bool


class Operands(NamedTuple):
    """The arrays of a call: x (B, T, I), states (B, H), weights as in Keras, a mask (B, T)."""

    x: Array
    h0: Array
    c0: Array | None  # of an LSTM
    kernel: Array
    recurrent_kernel: Array
    bias: Array | None
    mask: Mask | None


class Results(NamedTuple):
    """What a call returns: y, (B, T, H) or the last output (B, H), and the last states (B, H)."""

    y: Array
    h: Array
    c: Array | None


class Gradients(NamedTuple):
    """Gradients by every operand but the mask."""

    x: Array | None
    h0: Array
    c0: Array | None
    kernel: Array
    recurrent_kernel: Array
    bias: Array | None


class Saved:
    """What ``forward`` keeps for one ``backward``; it refers to the operands."""

    __slots__ = ("cache", "call", "operands")

    def __init__(self, call: Call, operands: Operands, cache: Any) -> None:
        self.call = call
        self.operands = operands
        self.cache = cache

    @property
    def consumed(self) -> bool:
        """Whether a backward pass has used it up."""
        return bool(self.cache.consumed)

    @property
    def nbytes(self) -> int:
        """Memory of the saved gates and states."""
        return int(self.cache.nbytes)


def forward(call: Call, operands: Operands, *, save: bool) -> tuple[Results, Saved | None]:
    """Run a layer over a sequence.

    Parameters
    ----------
    call : Call
        Which layer, and how.
    operands : Operands
        Arrays of one dtype, float32 or float64; copied where their last axis is not contiguous.
    save : bool
        Whether ``backward`` will follow.

    Returns
    -------
    Results
        New arrays.
    Saved or None
        For ``backward``, if ``save``.

    Raises
    ------
    TypeError, ValueError
        If dtypes or shapes disagree.
    """
    operands = _ready(call.cell, operands)
    x, h0, c0, kernel, recurrent_kernel, bias, mask = operands
    time_major = False
    c: Array | None = None
    cache: Any
    if call.cell == "lstm":
        y, h, c, cache = _core.lstm_forward(
            x, kernel, recurrent_kernel, bias, h0, c0,
            call.activation, call.recurrent_activation,
            time_major, call.go_backwards, call.return_sequences, save,
            mask, call.zero_output_for_mask,
        )  # fmt: skip
    else:
        y, h, cache = _core.gru_forward(
            x, kernel, recurrent_kernel, bias, h0,
            call.activation, call.recurrent_activation, call.reset_after,
            time_major, call.go_backwards, call.return_sequences, save,
            mask, call.zero_output_for_mask,
        )  # fmt: skip
    if y is None:
        y = h if mask is None else _last_output(call, mask, h)
    elif (before := _steps_before_first(call, operands)) is not None:
        y = np.where(before[:, :, None], h0[:, None, :], y)
    return Results(y, h, c), Saved(call, operands, cache) if save else None


def backward(
    saved: Saved,
    d_y: Array | None,
    d_h: Array | None = None,
    d_c: Array | None = None,
    *,
    need_d_x: bool = True,
) -> Gradients:
    """Run backpropagation through time over one call of ``forward``.

    Parameters
    ----------
    saved : Saved
        From ``forward``. A second backward pass over it runs forward once more.
    d_y, d_h, d_c : ndarray or None
        Gradients of the loss by what ``forward`` returned, None for zeros.
    need_d_x : bool
        Whether the gradient of the input is wanted.

    Returns
    -------
    Gradients
        New arrays.

    Raises
    ------
    TypeError, ValueError
        If dtypes or shapes disagree.
    """
    call, operands = saved.call, saved.operands
    if saved.consumed:
        again = forward(call, operands, save=True)[1]
        assert again is not None
        saved = again
    where = f"{call.cell} backward"
    dtype = operands.x.dtype
    d_y = None if d_y is None else as_array(where, "d_y", d_y, dtype)
    d_h = None if d_h is None else as_contiguous(where, "d_h", d_h, dtype)
    d_c = None if d_c is None else as_contiguous(where, "d_c", d_c, dtype)
    d_before: Array | None = None  # what reaches h0 past the kernels
    if not call.return_sequences:
        if d_y is not None:
            if operands.mask is not None:
                d_y = _last_output(call, operands.mask, d_y)
            d_h = np.ascontiguousarray(d_y) if d_h is None else d_h + d_y
            d_y = None
    elif d_y is not None and (before := _steps_before_first(call, operands)) is not None:
        d_before = np.sum(d_y, axis=1, where=before[:, :, None])
    weights = Weights(operands.kernel, operands.recurrent_kernel, operands.bias).zeros_like()
    d_c0: Array | None = None
    if call.cell == "lstm":
        d_x, d_h0, d_c0 = _core.lstm_backward(saved.cache, d_y, d_h, d_c, need_d_x, *weights)
    else:
        d_x, d_h0 = _core.gru_backward(saved.cache, d_y, d_h, need_d_x, *weights)
    if d_before is not None:
        d_h0 = d_h0 + d_before
    return Gradients(d_x, d_h0, d_c0, *weights)


def _ready(cell: str, operands: Operands) -> Operands:
    """Return operands as the kernels take them, copied only where memory is laid out otherwise."""
    x, h0, c0, kernel, recurrent_kernel, bias, mask = operands
    x = as_array(cell, "inputs", x)
    dtype = x.dtype
    return Operands(
        x,
        as_contiguous(cell, "initial_state_h", h0, dtype),
        None if c0 is None else as_contiguous(cell, "initial_state_c", c0, dtype),
        as_contiguous(cell, "kernel", kernel, dtype),
        as_contiguous(cell, "recurrent_kernel", recurrent_kernel, dtype),
        None if bias is None else as_contiguous(cell, "bias", bias, dtype),
        mask,
    )


def _last_output(call: Call, mask: Mask, last: Array) -> Array:
    """Return the last state, or a gradient by it, with zeros where the last output is zero."""
    if call.zero_output_for_mask:
        final: Mask = mask[:, 0 if call.go_backwards else -1]
    elif call.state_before_first:
        return last
    else:
        final = np.any(mask, axis=1)
    return np.where(final[:, None], last, last.dtype.type(0))


def _steps_before_first(call: Call, operands: Operands) -> Mask | None:
    """Return where outputs repeat the initial state, in their own order; None for nowhere."""
    mask = operands.mask
    if mask is None or call.zero_output_for_mask or not call.state_before_first:
        return None
    running = mask[:, ::-1] if call.go_backwards else mask
    before: Mask = ~np.logical_or.accumulate(running, axis=1)
    return before if before.any() else None

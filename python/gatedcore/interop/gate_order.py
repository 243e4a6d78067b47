"""Weights of recurrent layers in the layouts of Keras (ours), PyTorch and ONNX.

Four functions, each for one direction of one layer. All take ``cell``, ``"lstm"``, ``"gru"`` or
``"simple_rnn"``, and arrays of any dtype; they return new contiguous arrays of the same dtype.

=========  =====================  =======================  ==========================
layout     Keras                  PyTorch                  ONNX
=========  =====================  =======================  ==========================
LSTM       i f g o, side by side  i f g o, stacked         i o f g, stacked
GRU        z r n, side by side    r z n, stacked           z r n, stacked
weights    (I, G H), (H, G H)     (G H, I), (G H, H)       (G H, I), (G H, H)
bias       (G H); GRU with        two of (G H), added;     (2 G H), the two of PyTorch
           reset_after (2, 3 H)   the GRU's are not one    end to end
=========  =====================  =======================  ==========================

Ways there and back lose nothing, except that the two biases of an LSTM, of a SimpleRNN and of a GRU
with ``reset_after=False`` come back as their sum and a zero: they act only through their sum.
"""

from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

# How many blocks of H columns, one for each gate, the weights of a cell have.
GATES = {"lstm": 4, "gru": 3, "simple_rnn": 1}
# Which of Keras's blocks stands at each place; none of these is its own inverse but by luck.
TORCH_ORDER = {"lstm": (0, 1, 2, 3), "gru": (1, 0, 2), "simple_rnn": (0,)}
ONNX_ORDER = {"lstm": (0, 3, 1, 2), "gru": (0, 1, 2), "simple_rnn": (0,)}
# Peepholes have one block for each gate that is not the candidate: i f o here, i o f in ONNX.
ONNX_PEEPHOLE_ORDER = (0, 2, 1)


class KerasWeights(NamedTuple):
    """The weights of one direction as Keras and gatedcore have them; ``bias`` may be None."""

    kernel: Array
    recurrent_kernel: Array
    bias: Array | None


class TorchWeights(NamedTuple):
    """The weights of one direction as ``torch.nn`` has them; the biases are both None or none."""

    weight_ih: Array
    weight_hh: Array
    bias_ih: Array | None
    bias_hh: Array | None


class OnnxWeights(NamedTuple):
    """The inputs W, R and B of an ONNX operator, without their first axis, the directions'."""

    w: Array
    r: Array
    b: Array | None


def keras_to_torch(
    cell: str,
    kernel: Array,
    recurrent_kernel: Array,
    bias: Array | None = None,
    *,
    reset_after: bool = True,
) -> TorchWeights:
    """Return Keras's weights as PyTorch's.

    Parameters
    ----------
    cell : {"lstm", "gru", "simple_rnn"}
        Whose weights they are.
    kernel, recurrent_kernel : ndarray, (I, G*H) and (H, G*H)
        Weights of inputs and of states; (P, 4*H) where an LSTM projects its state to P.
    bias : ndarray, (G*H,), of a GRU with reset_after (2, 3*H), or None
        Bias.
    reset_after : bool, optional
        Of a GRU: whether its reset gate acts after the product. PyTorch has no other.

    Returns
    -------
    TorchWeights
        An LSTM's ``bias`` is all in ``bias_ih``; ``bias_hh`` is zero.

    Raises
    ------
    ValueError
        If a shape disagrees with this table, or for a GRU with ``reset_after=False``.
    """
    where = "keras_to_torch"
    if cell == "gru" and not reset_after:
        raise ValueError(
            f"{where}: a GRU with reset_after=False, expected reset_after=True: PyTorch's GRU has "
            "no other form; train with reset_after=True, or export to ONNX, which has both"
        )
    _check_keras(where, cell, kernel, recurrent_kernel, bias, reset_after)
    order = TORCH_ORDER[cell]
    bias_ih, bias_hh = _two_biases(bias)
    return TorchWeights(
        _reordered(kernel, order).T.copy(),
        _reordered(recurrent_kernel, order).T.copy(),
        None if bias_ih is None else _reordered(bias_ih, order),
        None if bias_hh is None else _reordered(bias_hh, order),
    )


def torch_to_keras(
    cell: str,
    weight_ih: Array,
    weight_hh: Array,
    bias_ih: Array | None = None,
    bias_hh: Array | None = None,
) -> KerasWeights:
    """Return PyTorch's weights as Keras's; a GRU's are those of ``reset_after=True``.

    Parameters
    ----------
    cell : {"lstm", "gru", "simple_rnn"}
        Whose weights they are.
    weight_ih, weight_hh : ndarray, (G*H, I) and (G*H, H)
        Weights of inputs and of states; (4*H, P) of an LSTM with ``proj_size=P``.
    bias_ih, bias_hh : ndarray, (G*H,), or None
        Biases, both or neither.

    Returns
    -------
    KerasWeights
        A GRU's ``bias`` is the two, stacked; others' is their sum.

    Raises
    ------
    ValueError
        If a shape disagrees with this table, or one bias is given without the other.
    """
    where = "torch_to_keras"
    _check_stacked(where, cell, ("weight_ih", weight_ih), ("weight_hh", weight_hh))
    if (bias_ih is None) != (bias_hh is None):
        given, missing = ("bias_ih", "bias_hh") if bias_hh is None else ("bias_hh", "bias_ih")
        raise ValueError(f"{where}: {given} without {missing}, expected both or neither")
    back = inverse_order(TORCH_ORDER[cell])
    bias = None
    if bias_ih is not None and bias_hh is not None:
        rows = weight_ih.shape[0]
        _check_shape(where, "bias_ih", bias_ih, (rows,), "(G*H,)")
        _check_shape(where, "bias_hh", bias_hh, (rows,), "(G*H,)")
        both = _reordered(np.stack([bias_ih, bias_hh]), back)
        bias = both if cell == "gru" else both[0] + both[1]
    return KerasWeights(
        _reordered(np.asarray(weight_ih).T, back), _reordered(np.asarray(weight_hh).T, back), bias
    )


def keras_to_onnx(
    cell: str,
    kernel: Array,
    recurrent_kernel: Array,
    bias: Array | None = None,
    *,
    reset_after: bool = True,
) -> OnnxWeights:
    """Return Keras's weights as ONNX's, for one direction.

    Parameters
    ----------
    cell : {"lstm", "gru", "simple_rnn"}
        Whose weights they are: the operator is LSTM, GRU or RNN.
    kernel, recurrent_kernel : ndarray, (I, G*H) and (H, G*H)
        Weights of inputs and of states.
    bias : ndarray, (G*H,), of a GRU with reset_after (2, 3*H), or None
        Bias.
    reset_after : bool, optional
        Of a GRU: its operator needs ``linear_before_reset=int(reset_after)``.

    Returns
    -------
    OnnxWeights
        W (G*H, I), R (G*H, H) and B (2*G*H,), its second half zero where Keras has one bias.

    Raises
    ------
    ValueError
        If a shape disagrees with this table.
    """
    _check_keras("keras_to_onnx", cell, kernel, recurrent_kernel, bias, reset_after)
    order = ONNX_ORDER[cell]
    bias_x, bias_h = _two_biases(bias)
    b = None
    if bias_x is not None and bias_h is not None:
        b = np.concatenate([_reordered(bias_x, order), _reordered(bias_h, order)])
    return OnnxWeights(
        _reordered(kernel, order).T.copy(), _reordered(recurrent_kernel, order).T.copy(), b
    )


def onnx_to_keras(
    cell: str, w: Array, r: Array, b: Array | None = None, *, linear_before_reset: bool = False
) -> KerasWeights:
    """Return ONNX's weights of one direction as Keras's.

    Parameters
    ----------
    cell : {"lstm", "gru", "simple_rnn"}
        Whose weights they are.
    w, r : ndarray, (G*H, I) and (G*H, H)
        The direction's part of W and of R.
    b : ndarray, (2*G*H,), or None
        The direction's part of B.
    linear_before_reset : bool, optional
        The GRU's attribute of this name, which Keras calls ``reset_after``; false unless given, as
        in ONNX.

    Returns
    -------
    KerasWeights
        The ``bias`` of a GRU with ``linear_before_reset`` is the two halves, stacked; others' is
        their sum.

    Raises
    ------
    ValueError
        If a shape disagrees with this table.
    """
    where = "onnx_to_keras"
    _check_stacked(where, cell, ("W", w), ("R", r))
    back = inverse_order(ONNX_ORDER[cell])
    bias = None
    if b is not None:
        _check_shape(where, "B", b, (2 * w.shape[0],), "(2*G*H,)")
        both = _reordered(np.asarray(b).reshape(2, -1), back)
        bias = both if cell == "gru" and linear_before_reset else both[0] + both[1]
    return KerasWeights(_reordered(np.asarray(w).T, back), _reordered(np.asarray(r).T, back), bias)


def reorder_gates(array: Array, order: tuple[int, ...]) -> Array:
    """Return an array with the blocks of its last axis in another order.

    Parameters
    ----------
    array : ndarray, (..., G*H)
        Blocks side by side.
    order : tuple of int
        Which of them comes first, second and so on; ``TORCH_ORDER`` and ``ONNX_ORDER`` have those
        that lead away from Keras.

    Returns
    -------
    ndarray
        A new contiguous array.

    Raises
    ------
    ValueError
        If the last axis is not so many blocks of one length.
    """
    array = np.asarray(array)
    if array.ndim == 0 or array.shape[-1] % len(order):
        raise ValueError(
            f"reorder_gates: array has shape {array.shape}, expected a last axis of {len(order)} "
            "blocks of one length"
        )
    return _reordered(array, order)


def inverse_order(order: tuple[int, ...]) -> tuple[int, ...]:
    """Return the order that undoes another one."""
    return tuple(order.index(i) for i in range(len(order)))


def _reordered(array: Array, order: tuple[int, ...]) -> Array:
    blocks = np.split(np.asarray(array), len(order), axis=-1)
    # In one copy or two: concatenating transposed blocks gives a transposed array.
    return np.ascontiguousarray(np.concatenate([blocks[i] for i in order], axis=-1))


def _two_biases(bias: Array | None) -> tuple[Array | None, Array | None]:
    """Return Keras's bias as one of inputs and one of states, which is zero if there is but one."""
    if bias is None:
        return None, None
    bias = np.asarray(bias)
    return (bias, np.zeros_like(bias)) if bias.ndim == 1 else (bias[0], bias[1])


def _check_keras(
    where: str, cell: str, kernel: Array, recurrent: Array, bias: Array | None, reset_after: bool
) -> None:
    gates = _gates(where, cell)
    columns = _length_in_blocks(where, "kernel", kernel, 1, gates, f"(I, {gates}*H)")
    rows = _state_size(cell, columns // gates, np.shape(recurrent)[:1])
    _check_shape(where, "recurrent_kernel", recurrent, (rows, columns), f"(H, {gates}*H)")
    if bias is not None:
        two = cell == "gru" and reset_after
        expected, letters = ((2, columns), "(2, 3*H)") if two else ((columns,), f"({gates}*H,)")
        _check_shape(where, "bias", bias, expected, letters)


def _check_stacked(
    where: str, cell: str, inputs: tuple[str, Array], states: tuple[str, Array]
) -> None:
    gates = _gates(where, cell)
    rows = _length_in_blocks(where, *inputs, 0, gates, f"({gates}*H, I)")
    columns = _state_size(cell, rows // gates, np.shape(states[1])[1:2])
    _check_shape(where, *states, (rows, columns), f"({gates}*H, H)")


def _gates(where: str, cell: str) -> int:
    if cell not in GATES:
        raise ValueError(
            f"{where}: cell is {cell!r}, expected one of {', '.join(map(repr, GATES))}"
        )
    return GATES[cell]


def _state_size(cell: str, units: int, found: tuple[int, ...]) -> int:
    """Return the expected size of the state; an LSTM may project its own to less than its units."""
    return found[0] if cell == "lstm" and found and 1 <= found[0] <= units else units


def _length_in_blocks(
    where: str, name: str, array: Array, axis: int, gates: int, letters: str
) -> int:
    shape = np.shape(array)
    if len(shape) != 2 or shape[axis] % gates or not shape[axis]:
        raise ValueError(f"{where}: {name} has shape {shape}, expected {letters}")
    return int(shape[axis])


def _check_shape(
    where: str, name: str, array: Array, expected: tuple[int, ...], letters: str
) -> None:
    if np.shape(array) != expected:
        raise ValueError(
            f"{where}: {name} has shape {np.shape(array)}, expected {letters} = {expected}"
        )

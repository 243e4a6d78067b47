"""The dense layer on arrays."""

import math

from gatedcore import _core
from gatedcore.activations import name_of
from gatedcore.arrays import Array, as_array, as_contiguous, float_dtype
from gatedcore.checks import check_rank, check_shape


def dense(x: object, kernel: object, bias: object = None, *, activation: object = None) -> Array:
    """Return ``activation(x kernel + bias)`` over the last axis of ``x``.

    Parameters
    ----------
    x : array-like, (..., I)
        Input, at least two axes; no unit. Its dtype, float32 or float64, is that of the call.
    kernel : array-like, (I, O)
        Weights.
    bias : array-like, (O,), optional
        Zeros by default.
    activation : str, optional
        Linear by default.

    Returns
    -------
    ndarray, (..., O)
        Output.

    Raises
    ------
    TypeError
        If an argument does not hold real numbers.
    ValueError
        If a shape disagrees with this table or the activation is unknown.

    References
    ----------
    docs/math.md, dense layer.
    """
    inputs = as_array("dense", "x", x, float_dtype(x, kernel))
    if inputs.ndim < 2:
        raise ValueError(
            f"dense: x has shape {inputs.shape}, expected (..., I) with two axes or more; "
            "use x[None] for one row"
        )
    w = as_contiguous("dense", "kernel", kernel, inputs.dtype)
    check_rank("dense", "kernel", w, "(I, O)", "pass one column for each output")
    outputs = w.shape[1]
    advice = "pass one row for each feature of x"
    check_shape("dense", "kernel", w, (inputs.shape[-1], outputs), "(I, O)", advice)
    b = None
    if bias is not None:
        b = as_contiguous("dense", "bias", bias, inputs.dtype)
        check_shape("dense", "bias", b, (outputs,), "(O,)", "pass one number for each output")
    rows = inputs.reshape(math.prod(inputs.shape[:-1]), inputs.shape[-1])
    y = _core.dense_forward(rows, w, b, name_of("dense", "activation", activation))
    return y.reshape(*inputs.shape[:-1], outputs)

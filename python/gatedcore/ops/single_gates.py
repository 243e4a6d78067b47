"""The gates of the textbook, one at a time: ``activation(x w_x + h_prev w_h + b)``."""

from collections.abc import Callable

import numpy as np

from gatedcore import _core
from gatedcore.activations import name_of
from gatedcore.arrays import Array, as_array, as_contiguous, float_dtype
from gatedcore.checks import check_rank, check_shape


def _gate(
    where: str,
    x: object,
    h_prev: object,
    w_x: object,
    w_h: object,
    b: object,
    activation: object,
) -> Array:
    """Return one gate: one product of (x, h_prev) with w_x above w_h."""
    dtype = float_dtype(x, w_x, w_h)
    arrays = {"x": x, "h_prev": h_prev, "w_x": w_x, "w_h": w_h}
    made = {name: as_array(where, name, value, dtype) for name, value in arrays.items()}
    check_rank(where, "x", made["x"], "(B, I)", "pass one time step")
    check_rank(where, "w_h", made["w_h"], "(H, H)", "pass the weights of one gate only")
    (batch, inputs), units = made["x"].shape, made["w_h"].shape[0]
    one_gate = "pass the weights of one gate only"
    check_shape(where, "w_h", made["w_h"], (units, units), "(H, H)", one_gate)
    check_shape(where, "w_x", made["w_x"], (inputs, units), "(I, H)", one_gate)
    check_shape(
        where, "h_prev", made["h_prev"], (batch, units), "(B, H)", "pass the state before the step"
    )
    bias = None
    if b is not None:
        bias = as_contiguous(where, "b", b, dtype)
        check_shape(where, "b", bias, (units,), "(H,)", "pass the bias of one gate only")
    return _core.dense_forward(
        np.concatenate([made["x"], made["h_prev"]], axis=1),
        np.concatenate([made["w_x"], made["w_h"]], axis=0),
        bias,
        name_of(where, "activation", activation),
    )


Gate = Callable[..., Array]


def _define(name: str, what: str, default: str, note: str) -> Gate:
    def gate(
        x: object,
        h_prev: object,
        w_x: object,
        w_h: object,
        b: object = None,
        *,
        activation: object = default,
    ) -> Array:
        return _gate(name, x, h_prev, w_x, w_h, b, activation)

    gate.__name__ = gate.__qualname__ = name
    gate.__doc__ = f"""Return {what} of one step.

    {note}

    Parameters
    ----------
    x : array-like, (B, I)
        Input of the step; no unit.
    h_prev : array-like, (B, H)
        Hidden state before the step.
    w_x, w_h, b : array-like, (I, H), (H, H), (H,)
        Weights of this gate alone; ``b`` None: zeros.
    activation : str
        By default {default}.

    Returns
    -------
    ndarray, (B, H)
        ``{default}(x w_x + h_prev w_h + b)``.

    Raises
    ------
    TypeError
        If an argument does not hold real numbers.
    ValueError
        If a shape disagrees or the activation is unknown.

    References
    ----------
    docs/math.md.
    """
    return gate


input_gate = _define(
    "input_gate", "the LSTM's input gate i", "sigmoid", "How much of the candidate enters the cell."
)
forget_gate = _define(
    "forget_gate", "the LSTM's forget gate f", "sigmoid", "How much of the cell state is kept."
)
output_gate = _define(
    "output_gate", "the LSTM's output gate o", "sigmoid", "How much of the cell state is shown."
)
candidate = _define(
    "candidate",
    "the candidate: the LSTM's g, or the n of Cho's GRU",
    "tanh",
    "For the GRU of Cho et al. (``reset_after=False``) pass ``r * h_prev`` as ``h_prev``. With\n"
    "    ``reset_after=True`` the reset gate acts after the product, which this form cannot say:\n"
    "    use ``gru_cell``.",
)
update_gate = _define(
    "update_gate", "the GRU's update gate z", "sigmoid", "How much of the state is kept."
)
reset_gate = _define(
    "reset_gate",
    "the GRU's reset gate r",
    "sigmoid",
    "How much of the state the candidate sees. Where the GRU has two biases, pass their sum.",
)

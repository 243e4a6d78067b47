"""A dense layer in plain NumPy, forward and backward."""

from gatedcore.reference.activations import Array, activate, derivative


def dense_forward(x: Array, w: Array, b: Array | None = None, activation: str = "linear") -> Array:
    """Return ``activation(x w + b)`` for ``x`` (M, I), ``w`` (I, O) and ``b`` (O).

    Raises
    ------
    ValueError
        If the activation is unknown or shapes disagree.

    References
    ----------
    docs/math.md, dense layer.
    """
    a = x @ w if b is None else x @ w + b
    return activate(activation, a)


def dense_backward(
    x: Array, w: Array, y: Array, d_y: Array, activation: str = "linear"
) -> tuple[Array, Array, Array]:
    """Return the gradients (d_x, d_w, d_b) of what ``dense_forward`` computed as ``y``.

    Raises
    ------
    ValueError
        If the activation is unknown or shapes disagree.

    References
    ----------
    docs/math.md, dense layer.
    """
    d_a = d_y * derivative(activation, y)
    return d_a @ w.T, x.T @ d_a, d_a.sum(axis=0)

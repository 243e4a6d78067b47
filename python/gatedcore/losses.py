"""Loss functions: pure functions that return the loss and its gradient."""

from collections.abc import Callable

import numpy as np

from gatedcore.arrays import Array

Loss = Callable[[Array, Array], tuple[float, Array]]


def mean_squared_error(y_true: Array, y_pred: Array) -> tuple[float, Array]:
    """Return the mean of ``(y_pred - y_true)**2`` and its gradient.

    Parameters
    ----------
    y_true, y_pred : ndarray
        Targets and predictions of one shape and dtype; any unit.

    Returns
    -------
    loss : float
        Mean over all elements, in the unit squared; summed in float64.
    d_y_pred : ndarray
        Gradient of the loss by the predictions.

    Raises
    ------
    ValueError
        If the shapes disagree.
    """
    error = _error("mean_squared_error", y_true, y_pred)
    loss = float(np.add.reduce(np.square(error), axis=None, dtype=np.float64)) / error.size
    return loss, error * (2.0 / error.size)


def mean_absolute_error(y_true: Array, y_pred: Array) -> tuple[float, Array]:
    """Return the mean of ``|y_pred - y_true|`` and its gradient, 0 where the two are equal.

    Parameters
    ----------
    y_true, y_pred : ndarray
        Targets and predictions of one shape and dtype; any unit.

    Returns
    -------
    loss : float
        Mean over all elements, in the unit; summed in float64.
    d_y_pred : ndarray
        Gradient of the loss by the predictions.

    Raises
    ------
    ValueError
        If the shapes disagree.
    """
    error = _error("mean_absolute_error", y_true, y_pred)
    loss = float(np.add.reduce(np.abs(error), axis=None, dtype=np.float64)) / error.size
    return loss, np.sign(error) * (1.0 / error.size)


mse = mean_squared_error
mae = mean_absolute_error

_BY_NAME: dict[str, Loss] = {
    "mse": mean_squared_error,
    "mean_squared_error": mean_squared_error,
    "mae": mean_absolute_error,
    "mean_absolute_error": mean_absolute_error,
}


def get(identifier: object) -> Loss:
    """Return a loss by its name, or the function itself.

    Parameters
    ----------
    identifier : str or callable
        ``"mse"``, ``"mae"`` or their long names, or any ``f(y_true, y_pred)`` that returns the loss
        as a float and its gradient by ``y_pred`` as an array.

    Raises
    ------
    ValueError
        If the name is unknown.
    TypeError
        If it is neither name nor function.
    """
    if isinstance(identifier, str):
        if identifier in _BY_NAME:
            return _BY_NAME[identifier]
        raise ValueError(
            f"losses.get: loss is {identifier!r}, expected one of {', '.join(_BY_NAME)}; "
            "or pass a function that returns (loss, gradient)"
        )
    if callable(identifier):
        loss: Loss = identifier
        return loss
    raise TypeError(
        f"losses.get: loss has type {type(identifier).__name__}, expected a name or a function; "
        "pass 'mse', say"
    )


def _error(where: str, y_true: Array, y_pred: Array) -> Array:
    """Return ``y_pred - y_true``, never broadcast."""
    if y_true.shape != y_pred.shape or not y_pred.size:
        raise ValueError(
            f"{where}: y_true has shape {y_true.shape}, expected that of y_pred, {y_pred.shape}, "
            "with at least one element; reshape it"
        )
    return y_pred - y_true

"""What samples and steps count: weights, masks and weights of classes, laid beside values."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from gatedcore.arrays import Array, as_array, to_numpy
from gatedcore.checks import check_number


def aligned(
    where: str, name: str, weights: npt.NDArray[Any], shape: tuple[int, ...]
) -> npt.NDArray[Any]:
    """Return weights with as many axes as ``shape``, ready to be multiplied with such values.

    Weights of samples (B,) become (B, 1) beside values (B, T), rather than run along T as NumPy
    would have them.

    Parameters
    ----------
    where, name : str
        Public function and argument, for errors.
    weights : ndarray
        Weights or a mask whose axes are the first ones of ``shape``; one more axis of 1 may follow.
    shape : tuple
        Shape of the values.

    Raises
    ------
    ValueError
        If the axes are others.
    """
    axes = weights.ndim
    if axes == len(shape) + 1 and weights.shape[-1] == 1:
        weights, axes = weights[..., 0], axes - 1
    if not 0 < axes <= len(shape) or weights.shape != shape[:axes]:
        raise ValueError(
            f"{where}: {name} has shape {weights.shape}, expected {shape} or its first axes; "
            "pass one number for each sample, or for each step"
        )
    return weights.reshape(weights.shape + (1,) * (len(shape) - axes))


def as_weights(
    where: str, name: str, given: object, shape: tuple[int, ...], dtype: np.dtype[Any]
) -> Array:
    """Return the weights of samples or steps as an array (N,) or (N, T).

    Parameters
    ----------
    where, name : str
        Public function and argument, for errors.
    given : array-like
        Weights.
    shape : tuple
        Shape of the values that are weighed, (N, ...).
    dtype : dtype
        Of the result.

    Raises
    ------
    TypeError, ValueError
        If they are not finite numbers of that shape or of its first axes.
    """
    weights = as_array(where, name, given, dtype)
    aligned(where, name, weights, shape)
    if not np.isfinite(weights).all():
        raise ValueError(
            f"{where}: {name} holds NaN or infinity, expected finite numbers; clean the weights"
        )
    return weights[..., 0] if weights.ndim > len(shape) else weights


def as_mask(where: str, given: object) -> npt.NDArray[np.bool_]:
    """Return a mask as an array of bool.

    Raises
    ------
    TypeError
        If it does not hold truth values; 0 and 1 are such.
    """
    mask = to_numpy(where, "mask", given)
    if mask.dtype.kind != "b" and not np.isin(mask, (0, 1)).all():
        raise TypeError(
            f"{where}: mask has dtype {mask.dtype}, expected True and False; pass mask != 0, say"
        )
    return mask.astype(np.bool_, copy=False)


def weights_of_classes(
    where: str, given: object, targets: Array, labels: bool, dtype: np.dtype[Any]
) -> Array:
    """Return the weight of each target's class.

    Parameters
    ----------
    where : str
        Public function, for errors.
    given : mapping from int to float
        The argument ``class_weight``; a class that is not there weighs 1, as in Keras.
    targets : ndarray, (N, ...)
        Class numbers; or one-hot along the last axis, or 0 and 1 if that has the length 1.
    labels : bool
        Whether they are class numbers.
    dtype : dtype
        Of the result.

    Returns
    -------
    ndarray, (N,) or (N, T)
        Of targets for each step one for each step.

    Raises
    ------
    TypeError, ValueError
        If it is no such mapping, or a target is no class number.
    """
    if not isinstance(given, Mapping):
        raise TypeError(
            f"{where}: class_weight has type {type(given).__name__}, expected a dict from class "
            "numbers to weights; pass {0: 1.0, 1: 5.0}, say"
        )
    if targets.ndim > 1 and targets.shape[-1] == 1:
        targets = targets[..., 0]
    elif targets.ndim > 1 and not labels:
        targets = np.argmax(targets, axis=-1)
    whole = np.rint(targets)
    if not (whole == targets).all():
        raise ValueError(
            f"{where}: class_weight came with a target {targets[whole != targets][0]:g}, expected "
            "class numbers or one-hot rows; pass sample_weight instead"
        )
    weights = np.ones(targets.shape, dtype)
    for key, value in given.items():
        if not isinstance(key, int | np.integer) or isinstance(key, bool) or key < 0:
            raise ValueError(
                f"{where}: class_weight has the key {key!r}, expected class numbers from 0; "
                "pass {0: 1.0, 1: 5.0}, say"
            )
        weights[targets == key] = check_number(where, f"class_weight[{key}]", value, 0.0)
    return weights

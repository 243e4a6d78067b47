"""What layers of one's own are written with, beside operators: few functions, Keras's names."""

import math
from collections.abc import Callable, Sequence

import numpy as np

from gatedcore import _core, activations
from gatedcore.arrays import Array, as_array, as_contiguous, float_dtype

Axis = int | tuple[int, ...] | None


def matmul(x1: object, x2: object) -> Array:
    """Return the matrix product, of matrices by the core: the same bits with any number of threads.

    Parameters
    ----------
    x1 : array-like, (..., I)
        Rows; two axes or more.
    x2 : array-like, (I, O), or (..., I, O)
        Columns; with more than two axes the product is NumPy's.

    Returns
    -------
    ndarray, (..., O)
        Product.

    Raises
    ------
    TypeError, ValueError
        If one holds no real numbers, or the shapes do not fit.
    """
    dtype = float_dtype(x1, x2)
    a, b = as_array("matmul", "x1", x1, dtype), as_contiguous("matmul", "x2", x2, dtype)
    if a.ndim < 2 or b.ndim < 2 or a.shape[-1] != b.shape[-2]:
        raise ValueError(
            f"matmul: x1 has shape {a.shape} and x2 {b.shape}, expected (..., I) and (I, O) with "
            "two axes or more; reshape one"
        )
    if b.ndim > 2 or b.size == 0:
        product: Array = np.matmul(a, b)
        return product
    rows = np.ascontiguousarray(a.reshape(math.prod(a.shape[:-1]), a.shape[-1]))
    return _core.dense_forward(rows, b, None, "linear").reshape(*a.shape[:-1], b.shape[1])


def concatenate(xs: Sequence[object], axis: int = -1) -> Array:
    """Return arrays one behind the other along an axis.

    Parameters
    ----------
    xs : list of array-likes
        Of one shape but for the axis.
    axis : int
        The axis.

    Returns
    -------
    ndarray
        All of them.

    Raises
    ------
    TypeError, ValueError
        If one holds no real numbers, or the shapes do not fit.
    """
    dtype = float_dtype(*xs)
    return np.concatenate([as_array("concatenate", "xs", x, dtype) for x in xs], axis=axis)


def split(x: object, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Array]:
    """Return the parts of an array along an axis, as views.

    Parameters
    ----------
    x : array-like
        Any shape.
    indices_or_sections : int or list of int
        How many equal parts, or where each but the first begins.
    axis : int
        The axis.

    Returns
    -------
    list of ndarray
        The parts.

    Raises
    ------
    TypeError, ValueError
        If it holds no real numbers, or the axis has no such parts.
    """
    return np.split(as_array("split", "x", x, float_dtype(x)), indices_or_sections, axis=axis)


def softmax(x: object, axis: int = -1) -> Array:
    """Return exp(x) over its sum along an axis.

    Parameters
    ----------
    x : array-like
        Any shape.
    axis : int
        The axis.

    Returns
    -------
    ndarray
        The same shape.

    Raises
    ------
    TypeError
        If x does not hold real numbers.
    """
    array = np.moveaxis(as_array("softmax", "x", x, float_dtype(x)), axis, -1)
    return np.moveaxis(activations.softmax(array), -1, axis)


def where(condition: object, x1: object, x2: object) -> Array:
    """Return elements of one array where a condition holds, and of another elsewhere.

    Parameters
    ----------
    condition : array-like of bool
        Which.
    x1, x2 : array-like
        Of shapes that go together with the condition's.

    Returns
    -------
    ndarray
        The elements.

    Raises
    ------
    TypeError, ValueError
        If one holds no real numbers, or the shapes do not fit.
    """
    dtype = float_dtype(x1, x2)
    chosen: Array = np.where(
        np.asarray(condition),
        as_array("where", "x1", x1, dtype),
        as_array("where", "x2", x2, dtype),
    )
    return chosen


def _of_elements(name: str, formula: str, function: Callable[..., Array]) -> Callable[..., Array]:
    def of_elements(x: object) -> Array:
        return function(as_array(name, "x", x, float_dtype(x)))

    of_elements.__name__ = of_elements.__qualname__ = name
    of_elements.__doc__ = f"""Return {formula} of every element.

    Parameters
    ----------
    x : array-like
        Any shape.

    Returns
    -------
    ndarray of float32, or of float64 if x is
        The same shape.

    Raises
    ------
    TypeError
        If x does not hold real numbers.
    """
    return of_elements


def _of_pairs(name: str, formula: str, function: Callable[..., Array]) -> Callable[..., Array]:
    def of_pairs(x1: object, x2: object) -> Array:
        dtype = float_dtype(x1, x2)
        return function(as_array(name, "x1", x1, dtype), as_array(name, "x2", x2, dtype))

    of_pairs.__name__ = of_pairs.__qualname__ = name
    of_pairs.__doc__ = f"""Return {formula} of every two elements.

    Parameters
    ----------
    x1, x2 : array-like
        Of shapes that go together.

    Returns
    -------
    ndarray
        Element by element.

    Raises
    ------
    TypeError, ValueError
        If one holds no real numbers, or the shapes do not fit.
    """
    return of_pairs


def _along(name: str, what: str, function: Callable[..., Array]) -> Callable[..., Array]:
    def along(x: object, axis: Axis = None, keepdims: bool = False) -> Array:
        return function(as_array(name, "x", x, float_dtype(x)), axis=axis, keepdims=keepdims)

    along.__name__ = along.__qualname__ = name
    along.__doc__ = f"""Return the {what} along axes.

    Parameters
    ----------
    x : array-like
        Any shape.
    axis : int or tuple of int, optional
        The axes; all by default.
    keepdims : bool
        Whether they stay, with size 1.

    Returns
    -------
    ndarray
        Without the axes.

    Raises
    ------
    TypeError
        If x does not hold real numbers.
    """
    return along


sigmoid, tanh, relu = activations.sigmoid, activations.tanh, activations.relu
exp = _of_elements("exp", "e to the power", np.exp)
log = _of_elements("log", "the natural logarithm", np.log)
sqrt = _of_elements("sqrt", "the square root", np.sqrt)
square = _of_elements("square", "the square", np.square)
absolute = _of_elements("absolute", "the absolute value", np.abs)
maximum = _of_pairs("maximum", "the larger one", np.maximum)
minimum = _of_pairs("minimum", "the smaller one", np.minimum)
sum = _along("sum", "sum", np.sum)  # noqa: A001  # Keras's names
mean = _along("mean", "mean", np.mean)
max = _along("max", "largest element", np.max)  # noqa: A001

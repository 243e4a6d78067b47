"""Class numbers as vectors."""

import numpy as np
import numpy.typing as npt

from gatedcore.arrays import to_numpy
from gatedcore.checks import check_count


def to_categorical(x: object, num_classes: int | None = None) -> npt.NDArray[np.float32]:
    """Return a vector for each class number: 1 at its place, 0 elsewhere.

    Parameters
    ----------
    x : array-like of integers, (...) or (..., 1)
        Classes from 0 on.
    num_classes : int, optional
        How many there are; by default the largest plus one.

    Returns
    -------
    ndarray of float32, (..., num_classes)
        One vector for each number. Keras returns float64.

    Raises
    ------
    TypeError
        If ``x`` holds no numbers.
    ValueError
        If one is no class: a fraction, negative, or too large. Keras counts negative ones from the
        end.

    References
    ----------
    ``keras.utils.to_categorical``.

    Examples
    --------
    >>> to_categorical([0, 2], num_classes=3).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    where = "to_categorical"
    given = to_numpy(where, "x", x)
    if given.dtype.kind not in "fiub":
        raise TypeError(
            f"{where}: x has dtype {given.dtype}, expected integers; number the classes from 0 on"
        )
    count = None if num_classes is None else check_count(where, "num_classes", num_classes)
    shape = given.shape[:-1] if given.ndim > 1 and given.shape[-1] == 1 else given.shape
    if count is None and not given.size:
        raise ValueError(f"{where}: x is empty, expected a class at least; pass num_classes")
    least, largest = (given.min(), given.max()) if given.size else (0, 0)
    whole = given.dtype.kind in "iub" or bool((np.trunc(given) == given).all())
    if not (whole and least >= 0 and (largest < count if count else np.isfinite(largest))):
        raise ValueError(
            f"{where}: x holds numbers from {least} to {largest}{'' if whole else ', not whole'}, "
            f"expected integers from 0 to {'num_classes - 1' if count is None else count - 1}; "
            "number the classes from 0 on"
        )
    width = int(largest) + 1 if count is None else count
    vectors = np.zeros((given.size, width), np.float32)
    vectors[np.arange(given.size), given.reshape(-1).astype(np.intp)] = 1.0
    return vectors.reshape(*shape, width)

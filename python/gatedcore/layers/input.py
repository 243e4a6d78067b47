"""The shape of a model's input, for models that name it first, as Keras's do."""

from collections.abc import Sequence

from gatedcore.arrays import Shape, as_dtype
from gatedcore.layers.building import check_sample_shape


class Input:
    """Shape of one sample, to put in front of a ``Sequential``'s layers.

    Parameters
    ----------
    shape : tuple
        Shape of one sample, None for any size: ``(None, 1)`` for sequences of one feature.
    dtype : str or dtype, optional
        float32 or float64, for layers that name none.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range.
    """

    def __init__(self, shape: Sequence[int | None], *, dtype: object = None) -> None:
        self.sample_shape: Shape = check_sample_shape("Input", shape)
        self.dtype = None if dtype is None else as_dtype("Input", dtype)

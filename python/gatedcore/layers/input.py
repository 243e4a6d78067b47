"""The shape of a model's input, for models that name it first, as Keras's do."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from gatedcore import keras_arguments
from gatedcore.arrays import Shape, as_dtype
from gatedcore.configs import Configurable, decode, encode
from gatedcore.keras_arguments import reject_unsupported
from gatedcore.layers.building import check_sample_shape
from gatedcore.registration import add_library_class

InputKind = TypeVar("InputKind", bound="Input")


class Input(Configurable):
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

    def get_config(self) -> dict[str, Any]:
        """Return shape, with an axis for the batch, and dtype, as Keras's ``InputLayer``."""
        return {
            "batch_shape": [None, *self.sample_shape],
            "dtype": encode(self.dtype, "Input.get_config: dtype"),
        }

    @classmethod
    def from_config(cls: type[InputKind], config: Mapping[str, Any]) -> InputKind:
        """Return an input from what ``get_config`` returned, or from a Keras ``InputLayer``'s.

        Raises
        ------
        TypeError, ValueError
            If it is neither, or asks for what is not supported.
        """
        given = {name: decode(value) for name, value in config.items()}
        shape = given.pop("batch_shape", None)
        if not isinstance(shape, list) or not shape:
            raise TypeError(
                f"Input.from_config: batch_shape is {shape!r}, expected a list such as "
                "[None, None, 1]; pass what get_config returned"
            )
        dtype = given.pop("dtype", None)
        given.pop("name", None)  # which names nothing here
        reject_unsupported("Input.from_config", {**given, "batch": shape[0]}, keras_arguments.INPUT)
        return cls(tuple(shape[1:]), dtype=dtype)


add_library_class(Input, "InputLayer")  # Keras's name

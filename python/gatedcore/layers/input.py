"""A model's input: the first line of a ``Sequential``, or the tensor that a graph starts from."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from gatedcore import keras_arguments
from gatedcore.arrays import Array, Shape, as_dtype
from gatedcore.checks import check_name
from gatedcore.configs import Configurable, decode, encode
from gatedcore.keras_arguments import reject_unsupported
from gatedcore.layers.building import check_sample_shape, unique_name, warn_of_batch_size
from gatedcore.layers.tensor import Tensor
from gatedcore.registration import add_library_class

InputKind = TypeVar("InputKind", bound="Input")


class Input(Tensor, Configurable):
    """Shape of one sample: put in front of a ``Sequential``'s layers, or called by layers.

    Parameters
    ----------
    shape : tuple
        Shape of one sample, None for any size: ``(None, 1)`` for sequences of one feature,
        ``(None,)`` for tokens.
    batch_size : int, optional
        Taken with a warning and of no effect: a batch may have any size, that of a ``stateful``
        layer too until states are carried.
    dtype : str or dtype, optional
        float32 or float64, for layers that name none; int32 or int64 for tokens, which says nothing
        to layers.
    name : str, optional
        By default one made from the class; a ``Model`` takes a dict of arrays by these names.
    batch_shape : tuple, optional
        In place of ``shape`` and ``batch_size``: ``(batch_size, *shape)``. ``input_shape`` and
        ``batch_input_shape`` are older names of Keras for the two shapes.
    **keras
        Other arguments of Keras are refused unless they ask for nothing.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range.
    """

    def __init__(
        self,
        shape: Sequence[int | None] | None = None,
        batch_size: int | None = None,
        *,
        dtype: object = None,
        name: str | None = None,
        batch_shape: Sequence[int | None] | None = None,
        **keras: Any,
    ) -> None:
        shape = keras.pop("input_shape", None) if shape is None else shape
        batch_shape = keras.pop("batch_input_shape", None) if batch_shape is None else batch_shape
        reject_unsupported("Input", keras, keras_arguments.INPUT)
        if batch_shape is not None:
            shape, batch_size = _apart(shape, batch_size, batch_shape)
        warn_of_batch_size("Input", batch_size)
        self.sample_shape: Shape = check_sample_shape("Input", shape, features=False)
        self.name = check_name("Input", name) or unique_name("InputLayer")
        self._tokens = _integers(dtype)
        given = None if dtype is None or self._tokens else as_dtype("Input", dtype)
        super().__init__((None, *self.sample_shape), given)

    def get_config(self) -> dict[str, Any]:
        """Return shape, with an axis for the batch, dtype and name, as Keras's ``InputLayer``."""
        return {
            "batch_shape": [None, *self.sample_shape],
            "dtype": self._tokens or encode(self.dtype, "Input.get_config: dtype"),
            "name": self.name,
        }

    # Of a layer it has as much as loops over the layers of a graph ask for: Keras counts inputs in.

    built = True
    trainable = True

    @property
    def weights(self) -> list[Array]:
        """None: an empty list."""
        return []

    variables = trainable_weights = non_trainable_weights = weights
    trainable_variables = non_trainable_variables = weights

    def get_weights(self) -> list[Array]:
        """Return an empty list."""
        return []

    def set_weights(self, weights: Sequence[object]) -> None:
        """Do nothing; raise if there are weights.

        Raises
        ------
        ValueError
            If so.
        """
        if len(list(weights)):
            raise ValueError(
                f"{self.name}.set_weights: weights came for an Input, expected none, as it has "
                "none; leave it out"
            )

    def count_params(self) -> int:
        """Return 0."""
        return 0

    def reset_states(self) -> None:
        """Do nothing: there are none."""

    reset_state = reset_states

    @property
    def input(self) -> Tensor:
        """The tensor itself."""
        return self

    @property
    def output(self) -> Tensor:
        """The tensor itself."""
        return self

    def __repr__(self) -> str:
        return f"<Input {self.name!r} {self.shape}>"

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
        name = given.pop("name", None)
        reject_unsupported("Input.from_config", given, keras_arguments.INPUT)
        return cls(batch_shape=shape, dtype=dtype, name=name)


def _apart(
    shape: object, batch_size: object, batch_shape: object
) -> tuple[Sequence[int | None], int | None]:
    """Return the shape of a sample and the size of the batch, of a batch's shape."""
    if shape is not None or batch_size is not None:
        raise ValueError(
            "Input: batch_shape came with shape or batch_size, expected it alone; leave them out"
        )
    if not isinstance(batch_shape, list | tuple) or not batch_shape:
        raise TypeError(
            f"Input: batch_shape is {batch_shape!r}, expected a tuple such as (None, None, 1); "
            "pass the shape of a batch"
        )
    return batch_shape[1:], batch_shape[0]


def _integers(dtype: object) -> str | None:
    """Return the name of a dtype of tokens, None for others."""
    name = getattr(dtype, "name", None) or getattr(dtype, "__name__", None) or dtype
    return name if name in ("int32", "int64") else None


add_library_class(Input, "InputLayer")  # Keras's name

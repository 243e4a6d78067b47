"""Checks what fit, evaluate and predict are fed, and makes batches of it."""

from typing import Any, Protocol, cast

import numpy as np

from gatedcore.arrays import Array, Shape, as_array
from gatedcore.batches import ArrayBatches, Batches, split_last
from gatedcore.checks import check_count


class Eater(Protocol):
    """What must be known of a model here."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Dtype of inputs and outputs."""

    def as_input(self, where: str, x: object) -> Array:
        """Return anything array-like as an input, of whatever shape."""

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the output's shape for an input's; raise if it does not fit."""


def training_arrays(where: str, model: Eater, x: object, y: object) -> tuple[Array, Array]:
    """Return inputs and targets in the model's dtype, of matching shapes.

    Raises
    ------
    TypeError, ValueError
        If they do not suit the model or each other.
    """
    if y is None:
        raise TypeError(f"{where}: y is missing, expected targets; pass them, or a dataset as x")
    inputs = model.as_input(where, x)
    targets = as_array(where, "y", y, model.dtype)
    out = model.compute_output_shape(cast(Shape, inputs.shape))
    if not len(inputs):
        raise ValueError(f"{where}: x has no samples, expected at least one; pass some data")
    if not targets.ndim or len(targets) != len(inputs):
        raise ValueError(
            f"{where}: y has {targets.shape[0] if targets.ndim else 'no'} samples, expected "
            f"{len(inputs)} as x; pass one target for each sample"
        )
    if lacks_last_axis(cast(Shape, targets.shape), out):
        targets = targets[..., None]
    check_targets(where, cast(Shape, targets.shape), out)
    return inputs, targets


def lacks_last_axis(targets: Shape, output: Shape) -> bool:
    """Return whether targets are (N, ...) for outputs (N, ..., 1), which counts as the same."""
    return len(targets) == len(output) - 1 and output[-1] == 1


def check_targets(where: str, shape: Shape, output: Shape) -> None:
    """Raise unless targets of this shape fit the model's output.

    Raises
    ------
    ValueError
        If they do not.
    """
    if shape[1:] != output[1:]:
        raise ValueError(
            f"{where}: y has shape {shape}, expected {output} as the model's output; reshape y, or "
            "change the last layer"
        )


def training_batches(
    where: str, model: Eater, x: object, y: object, batch_size: int | None
) -> Batches:
    """Return batches of inputs and targets, from arrays or from a dataset.

    Raises
    ------
    TypeError, ValueError
        If they do not suit the model or each other.
    """
    if not isinstance(x, Batches):
        size = 32 if batch_size is None else check_count(where, "batch_size", batch_size)
        return ArrayBatches(*training_arrays(where, model, x, y), size)
    dataset = take_dataset(where, model, x, batch_size)
    if y is not None:
        raise ValueError(
            f"{where}: y came with a dataset as x, expected None; the dataset has the targets"
        )
    if dataset.target_shape is None:
        raise ValueError(
            f"{where}: x is a dataset without targets, expected one with them; make it with targets"
        )
    output = model.compute_output_shape(dataset.input_shape)
    if lacks_last_axis(dataset.target_shape, output):
        dataset = dataset.with_target_axis()
    assert dataset.target_shape is not None
    check_targets(where, dataset.target_shape, output)
    return dataset


def prediction_batches(where: str, model: Eater, x: object, batch_size: int | None) -> Batches:
    """Return batches of inputs, from an array or from a dataset.

    Raises
    ------
    TypeError, ValueError
        If they do not suit the model.
    """
    if isinstance(x, Batches):
        return take_dataset(where, model, x, batch_size)
    size = 32 if batch_size is None else check_count(where, "batch_size", batch_size)
    inputs = model.as_input(where, x)
    model.compute_output_shape(cast(Shape, inputs.shape))
    return ArrayBatches(inputs, None, size)


def validation_batches(where: str, model: Eater, given: object, batch_size: int) -> Batches:
    """Return batches of the argument ``validation_data``.

    Raises
    ------
    TypeError, ValueError
        If it does not suit the model.
    """
    if isinstance(given, Batches):
        return training_batches(where, model, given, None, None)
    if not isinstance(given, list | tuple) or len(given) != 2:
        raise TypeError(
            f"{where}: validation_data is a {type(given).__name__}"
            f"{f' of {len(given)}' if isinstance(given, list | tuple) else ''}, expected (x, y) or "
            "a dataset; "
            "pass both arrays in a tuple"
        )
    try:
        return training_batches(where, model, given[0], given[1], batch_size)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{error} (in validation_data)") from None


def take_dataset(where: str, model: Eater, dataset: Batches, batch_size: int | None) -> Batches:
    """Return a dataset in the model's dtype.

    Raises
    ------
    ValueError
        If it does not suit the model, or ``batch_size`` came with it.
    """
    if batch_size is not None:
        raise ValueError(
            f"{where}: batch_size={batch_size} came with a dataset, expected None; the dataset has "
            f"batches of {dataset.batch_size}"
        )
    model.compute_output_shape(dataset.input_shape)
    return dataset.as_dtype(model.dtype)


def hold_out(
    where: str, model: Eater, train: Batches, validation_split: float, validation_data: object
) -> tuple[Batches, Batches | None]:
    """Return what to train on and what to validate on.

    Raises
    ------
    TypeError, ValueError
        If ``validation_data`` does not suit the model, or ``validation_split`` the data.
    """
    if validation_data is not None:
        if validation_split:
            raise ValueError(
                f"{where}: validation_split={validation_split} came with validation_data, expected "
                "one of the two; leave one out"
            )
        return train, validation_batches(where, model, validation_data, train.batch_size)
    if isinstance(train, ArrayBatches):
        assert train.y is not None
        first, last = split_last(where, train.x, train.y, validation_split)
        rest = None if last is None else ArrayBatches(*last, train.batch_size)
        return ArrayBatches(*first, train.batch_size), rest
    if validation_split:
        raise ValueError(
            f"{where}: validation_split={validation_split} came with a dataset, expected arrays; "
            "make a second dataset and pass it as validation_data"
        )
    return train, None

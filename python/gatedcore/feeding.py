"""Checks what fit, evaluate and predict are fed, and makes batches of it."""

from collections.abc import Mapping
from typing import Any, Protocol, cast

import numpy as np

from gatedcore.arrays import Array, Shape, as_array, to_numpy
from gatedcore.batches import ArrayBatches, Batches, Feed, Step, split_last
from gatedcore.checks import check_count
from gatedcore.columns import Columns
from gatedcore.objectives import of_each
from gatedcore.sample_weights import as_weights, weights_of_classes
from gatedcore.sources import SourceBatches, is_source, unpacked


class Eater(Protocol):
    """What must be known of a model here."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Dtype of inputs and outputs."""

    def as_input(self, where: str, x: object) -> Array:
        """Return anything array-like as an input, of whatever shape."""

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the output's shape for an input's; raise if it does not fit."""


def training_arrays(
    where: str, model: Eater, x: object, y: object, labels: bool = False
) -> tuple[Array, Array]:
    """Return inputs and targets in the model's dtype, of matching shapes.

    With ``labels`` targets are class numbers: perhaps integers, without the outputs' last axis. Of
    several outputs it is a list.

    Raises
    ------
    TypeError, ValueError
        If they do not suit the model or each other.
    """
    if y is None:
        raise TypeError(f"{where}: y is missing, expected targets; pass them, or a dataset as x")
    inputs = model.as_input(where, x)
    out: Any = model.compute_output_shape(cast(Shape, inputs.shape))
    if not len(inputs):
        raise ValueError(f"{where}: x has no samples, expected at least one; pass some data")
    count = len(inputs)
    if not is_several(out):
        return inputs, target_array(where, model.dtype, y, count, out, labels)
    each = zip(cast(Any, model).as_targets(where, y), out, cast(Any, labels), strict=True)
    arrays = [
        target_array(f"{where} ({name})", model.dtype, of_one, count, shape, of_classes)
        for (name, of_one), shape, of_classes in each
    ]
    return inputs, cast(Array, Columns(arrays))


def is_several(shape: Any) -> bool:
    """Return whether what should be a shape is several, of a model with several outputs."""
    return isinstance(shape[0], tuple)


def target_array(
    where: str, dtype: np.dtype[Any], y: object, count: int, out: Shape, labels: bool
) -> Array:
    """Return the targets of one output of a shape, for so many samples.

    Raises
    ------
    TypeError, ValueError
        If they do not suit it.
    """
    targets = as_targets(where, y, dtype, labels)
    if not targets.ndim or len(targets) != count:
        raise ValueError(
            f"{where}: y has {targets.shape[0] if targets.ndim else 'no'} samples, expected "
            f"{count} as x; pass one target for each sample"
        )
    if labels:
        check_labels(where, cast(Shape, targets.shape), out)
    else:
        if lacks_last_axis(cast(Shape, targets.shape), out):
            targets = targets[..., None]
        check_targets(where, cast(Shape, targets.shape), out)
    return targets


def as_targets(where: str, y: object, dtype: np.dtype[Any], labels: bool) -> Array:
    """Return targets as an array of a dtype; class numbers that are integers stay so.

    Raises
    ------
    TypeError, ValueError
        If they are no real numbers.
    """
    if labels:
        numbers = to_numpy(where, "y", y)
        if numbers.dtype.kind in "iu":
            return cast(Array, numbers)
    return as_array(where, "y", y, dtype)


def check_labels(where: str, shape: Shape, output: Shape) -> None:
    """Raise unless class numbers of this shape fit the model's output.

    Raises
    ------
    ValueError
        If they do not.
    """
    if shape[1:] not in (output[1:-1], (*output[1:-1], 1)):
        raise ValueError(
            f"{where}: y has shape {shape}, expected {output[:-1]}, a class number for each of the "
            f"model's outputs {output}; of one-hot rows take categorical_crossentropy as loss"
        )


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
        advice = "reshape y, or change the last layer"
        if shape[1:] in (output[1:-1], (*output[1:-1], 1)):
            advice = "of class numbers take sparse_categorical_crossentropy as loss, or reshape y"
        raise ValueError(
            f"{where}: y has shape {shape}, expected {output} as the model's output; {advice}"
        )


def training_batches(
    where: str,
    model: Eater,
    x: object,
    y: object,
    batch_size: int | None,
    labels: bool = False,
    sample_weight: object = None,
) -> Feed:
    """Return batches of inputs, targets and weights, from arrays or from what gives batches.

    Raises
    ------
    TypeError, ValueError
        If they do not suit the model or each other.
    """
    if not isinstance(x, Batches) and not is_source(x):
        size = 32 if batch_size is None else check_count(where, "batch_size", batch_size)
        inputs, targets = training_arrays(where, model, x, y, labels)
        weights = weights_for(where, model, inputs, sample_weight)
        return ArrayBatches(inputs, targets, size, weights=weights)
    for name, given in (("y", y), ("sample_weight", sample_weight)):
        if given is not None:
            raise ValueError(
                f"{where}: {name} came with a dataset as x, expected None; the dataset has the "
                "targets, and weights if there are any"
            )
    if not isinstance(x, Batches):
        refuse_batch_size(where, batch_size, "its own")

        def prepare(batch: object) -> Step:
            inputs, targets, weights = unpacked(where, batch)
            x, y = training_arrays(where, model, inputs, targets, labels)
            return x, y, weights_for(where, model, x, weights)

        return SourceBatches(where, x, prepare)
    dataset = take_dataset(where, model, x, batch_size)
    if dataset.target_shape is None:
        raise ValueError(
            f"{where}: x is a dataset without targets, expected one with them; make it with targets"
        )
    output = model.compute_output_shape(dataset.input_shape)
    refuse_several(where, "a dataset", is_several(output))
    if labels:
        check_labels(where, dataset.target_shape, output)
        return dataset
    if lacks_last_axis(dataset.target_shape, output):
        dataset = dataset.with_target_axis()
    assert dataset.target_shape is not None
    check_targets(where, dataset.target_shape, output)
    return dataset


def refuse_several(where: str, name: str, several: bool) -> None:
    """Raise if the model has several outputs, as this comes for one.

    Raises
    ------
    ValueError
        If it has.
    """
    if several:
        raise ValueError(
            f"{where}: {name} came to a model with several outputs, expected one; pass "
            "sample_weight, a list with one array for each output, or make batches yourself"
        )


def weights_for(where: str, model: Eater, inputs: Array, given: object) -> Array | None:
    """Return the argument ``sample_weight`` as an array (N,) or (N, T), None if it is None.

    Of several outputs columns with one for each: an array alone is that of all.

    Raises
    ------
    TypeError, ValueError
        If it does not suit the model's outputs.
    """
    if given is None:
        return None
    out: Any = model.compute_output_shape(cast(Shape, inputs.shape))
    if not is_several(out):
        return as_weights(where, "sample_weight", given, out[:-1], model.dtype)
    names = cast(Any, model).output_names
    if not isinstance(given, list | tuple | Mapping):
        given = [given] * len(names)
    each = zip(names, of_each("sample_weight", given, names, where), out, strict=True)
    weights = [
        np.ones(len(inputs), model.dtype)
        if one is None
        else as_weights(f"{where} ({name})", "sample_weight", one, shape[:-1], model.dtype)
        for name, one, shape in each
    ]
    return cast(Array, Columns(weights))


def weigh_classes(where: str, train: Feed, given: object, labels: bool) -> None:
    """Give batches the weights of the argument ``class_weight``.

    Raises
    ------
    TypeError, ValueError
        If it is no mapping from class numbers to weights, or there are weights already.
    """
    if given is None:
        return
    refuse_several(where, "class_weight", not isinstance(labels, bool))
    if isinstance(train, ArrayBatches):
        if train.weights is not None:
            raise ValueError(
                f"{where}: class_weight came with sample_weight, expected one of the two; multiply "
                "them into sample_weight"
            )
        assert train.y is not None
        train.weights = weights_of_classes(where, given, train.y, labels, train.x.dtype)
        return
    weights_of_classes(where, given, np.zeros(1), True, np.dtype(np.float32))  # refuse it now
    train.weigh = lambda y: weights_of_classes(where, given, y, labels, np.dtype(np.float32))


def prediction_batches(where: str, model: Eater, x: object, batch_size: int | None) -> Feed:
    """Return batches of inputs, from an array or from what gives batches.

    Raises
    ------
    TypeError, ValueError
        If they do not suit the model.
    """
    if isinstance(x, Batches):
        return take_dataset(where, model, x, batch_size)
    if is_source(x):
        refuse_batch_size(where, batch_size, "its own")

        def prepare(batch: object) -> Step:
            inputs = model.as_input(where, unpacked(where, batch)[0])
            model.compute_output_shape(cast(Shape, inputs.shape))
            return inputs, None, None

        return SourceBatches(where, x, prepare)
    size = 32 if batch_size is None else check_count(where, "batch_size", batch_size)
    inputs = model.as_input(where, x)
    model.compute_output_shape(cast(Shape, inputs.shape))
    return ArrayBatches(inputs, None, size)


def validation_batches(
    where: str, model: Eater, given: object, batch_size: int, labels: bool = False
) -> Feed:
    """Return batches of the argument ``validation_data``.

    Raises
    ------
    TypeError, ValueError
        If it does not suit the model.
    """
    if isinstance(given, Batches) or is_source(given):
        return training_batches(where, model, given, None, None, labels)
    if not isinstance(given, list | tuple) or len(given) not in (2, 3):
        raise TypeError(
            f"{where}: validation_data is a {type(given).__name__}"
            f"{f' of {len(given)}' if isinstance(given, list | tuple) else ''}, expected (x, y), "
            "(x, y, sample_weight) or a dataset; pass the arrays in a tuple"
        )
    try:
        return training_batches(where, model, given[0], given[1], batch_size, labels, *given[2:])
    except (TypeError, ValueError) as error:
        raise type(error)(f"{error} (in validation_data)") from None


def take_dataset(where: str, model: Eater, dataset: Batches, batch_size: int | None) -> Batches:
    """Return a dataset in the model's dtype.

    Raises
    ------
    ValueError
        If it does not suit the model, or ``batch_size`` came with it.
    """
    refuse_batch_size(where, batch_size, f"batches of {dataset.batch_size}")
    model.compute_output_shape(dataset.input_shape)
    return dataset.as_dtype(model.dtype)


def refuse_batch_size(where: str, batch_size: int | None, own: str) -> None:
    """Raise if ``batch_size`` came with what has batches already.

    Raises
    ------
    ValueError
        If it did.
    """
    if batch_size is not None:
        raise ValueError(
            f"{where}: batch_size={batch_size} came with a dataset, expected None; the dataset has "
            f"{own}"
        )


def hold_out(
    where: str,
    model: Eater,
    train: Feed,
    validation_split: float,
    validation_data: object,
    labels: bool = False,
    validation_batch_size: int | None = None,
) -> tuple[Feed, Feed | None]:
    """Return what to train on and what to validate on.

    Raises
    ------
    TypeError, ValueError
        If ``validation_data`` does not suit the model, or ``validation_split`` the data.
    """
    size = train.batch_size
    if validation_batch_size is not None:
        size = check_count(where, "validation_batch_size", validation_batch_size)
    if validation_data is not None:
        if validation_split:
            raise ValueError(
                f"{where}: validation_split={validation_split} came with validation_data, expected "
                "one of the two; leave one out"
            )
        return train, validation_batches(where, model, validation_data, size, labels)
    if isinstance(train, ArrayBatches):
        assert train.y is not None
        first, last = split_last(where, train.x, train.y, validation_split)
        if last is None:
            return train, None
        weights, cut = train.weights, len(first[0])
        before, after = (None, None) if weights is None else (weights[:cut], weights[cut:])
        return (
            ArrayBatches(*first, train.batch_size, weights=before),
            ArrayBatches(*last, size, weights=after),
        )
    if validation_split:
        raise ValueError(
            f"{where}: validation_split={validation_split} came with a dataset, expected arrays; "
            "make a second dataset and pass it as validation_data"
        )
    return train, None

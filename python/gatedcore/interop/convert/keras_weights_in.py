"""Weights out of Keras's files for a model of ours that has the same layers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gatedcore import configs
from gatedcore.archive import SavedFileError
from gatedcore.arrays import Array
from gatedcore.interop.convert.filling import check_fit
from gatedcore.interop.convert.hdf5 import Stored
from gatedcore.interop.convert.keras_file import Opened, opened
from gatedcore.interop.convert.keras_model import model_from
from gatedcore.interop.convert.keras_versions import is_old, modernised
from gatedcore.interop.convert.keras_weights import LegacyWeights, Weights, keys_of
from gatedcore.layers import Normalization
from gatedcore.layers.base import Layer
from gatedcore.random import generator_left_alone


def load_keras_weights(where: str, path: str, layers: Sequence[Layer]) -> None:
    """Take over the weights in one of Keras's files, all or none.

    Parameters
    ----------
    where : str
        Public function, for errors.
    path : str
        ``.weights.h5``, ``.keras``, or ``.h5`` of Keras 2, with weights alone or a whole model.
    layers : sequence of Layer
        Built; those of Keras's model in the same order. Their names may differ.

    Raises
    ------
    ModuleNotFoundError
        If h5py is not installed.
    SavedFileError
        If the file is damaged, or of another model; the weights then stay.
    OSError
        If it cannot be read.
    """
    with opened(where, path) as file, generator_left_alone():
        try:
            values = _values(file, layers)
        except SavedFileError:
            raise
        except (TypeError, ValueError, KeyError, RecursionError) as error:
            raise SavedFileError(
                f"{where}: {path}: {error}; use the file of a model of the same layers"
            ) from None
    for layer, new in zip(layers, values, strict=True):
        if isinstance(layer, Normalization):
            if new:
                layer.scaler.take_moments(*new)
            continue
        for value, array in zip(layer.parameters.values(), new, strict=True):
            value[...] = array


def _values(file: Opened, layers: Sequence[Layer]) -> list[list[Array]]:
    """Return what each layer is to get."""
    if file.config is not None:
        config = modernised(file.config) if is_old(file.version) else file.config
        found = _of_model(model_from(config, file.weights).computing_layers, layers)
    elif isinstance(file.weights, LegacyWeights):
        found = _in_order(file.weights.all(), layers)
    else:
        data = [configs.serialize(layer) for layer in layers]
        keys = keys_of(data)
        found = [file.weights.of(key, one) for key, one in zip(keys, data, strict=True)]
    values = []
    for layer, stored in zip(layers, found, strict=True):
        if isinstance(layer, Normalization):
            stored = stored[:2]  # the third counts samples
        else:
            shapes = {name: value.shape for name, value in layer.parameters.items()}
            check_fit(layer.name, shapes, stored)
        values.append([_read(file.weights, one) for one in stored])
    return values


def _read(weights: Weights, stored: Stored) -> Array:
    if isinstance(stored.handle, np.ndarray):  # of a model that was made of the file
        return stored.handle
    return np.asarray(weights.read(stored))


def _of_model(theirs: Sequence[Layer], layers: Sequence[Layer]) -> list[list[Stored]]:
    """Return the weights of a model's layers, for layers in the same order.

    Raises
    ------
    ValueError
        If their number differs.
    """
    states = [state for one in theirs if (state := _state(one))]
    count = sum(bool(_state(layer)) for layer in layers)
    if len(states) != count:
        raise ValueError(f"the file has {len(states)} layers with weights, expected {count}")
    rest = iter(states)
    return [next(rest) if _state(layer) else [] for layer in layers]


def _state(layer: Layer) -> list[Stored]:
    """Return what a layer has learned: its weights, or its moments."""
    if isinstance(layer, Normalization):
        moments = {"mean": layer.mean, "variance": layer.variance}
        return [Stored(n, np.shape(v), v) for n, v in moments.items() if v is not None]
    return [Stored(n, np.shape(v), v) for n, v in layer.parameters.items()]


def _in_order(found: list[Stored], layers: Sequence[Layer]) -> list[list[Stored]]:
    """Return weights that come one after the other, for layers in the same order.

    Raises
    ------
    ValueError
        If their number differs.
    """
    counts = [3 if isinstance(layer, Normalization) else len(layer.parameters) for layer in layers]
    if sum(counts) != len(found):
        raise ValueError(f"the file has {len(found)} weights, expected {sum(counts)}")
    rest = iter(found)
    return [[next(rest) for _ in range(count)] for count in counts]

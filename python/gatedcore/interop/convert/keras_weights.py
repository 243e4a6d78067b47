"""Where the weights of a Keras model lie: in a Keras 3 store, an older HDF5 file, or the model."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from gatedcore.interop.convert.hdf5 import Hdf5, Stored
from gatedcore.interop.convert.keras_config import Config, class_of


class Weights(Protocol):
    """The weights of the layers of one model."""

    def of(self, key: str, data: Config) -> list[Stored]:
        """Return a layer's weights in Keras's order.

        Parameters
        ----------
        key : str
            What Keras 3's files call the layer.
        data : mapping
            Its config.
        """

    def within(self, key: str, data: Config) -> Weights:
        """Return the weights of a model that stands among the layers."""

    def read(self, stored: Stored) -> npt.NDArray[Any]:
        """Return the values."""


def keys_of(configs: Iterable[Config]) -> list[str]:
    """Return what Keras 3's files call layers: their classes, numbered in order."""
    counts: Counter[str] = Counter()
    keys = []
    for data in configs:
        name = snake_case(class_of(data))
        keys.append(f"{name}_{counts[name]}" if counts[name] else name)
        counts[name] += 1
    return keys


def snake_case(name: str) -> str:
    """Return ``lstm_cell`` for ``LSTMCell``, as Keras does."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def places_of(data: Config) -> list[str]:
    """Return where within a layer's group Keras 3 keeps the layer's weights, in order."""
    kind, config = class_of(data), data["config"]
    if kind == "Bidirectional":
        forward = config.get("layer", {})
        both = {"forward_layer": forward, "backward_layer": config.get("backward_layer", forward)}
        return [f"{name}/{place}" for name, one in both.items() for place in places_of(one)]
    if kind == "TimeDistributed":
        return [f"layer/{place}" for place in places_of(config.get("layer", {}))]
    if kind in ("LSTM", "GRU", "SimpleRNN"):
        return ["cell/vars"]
    if kind == "RNN":
        cell = config.get("cell", {})
        if isinstance(cell, Mapping):
            return [f"cell/{place}" for place in places_of(cell)]
        return [f"cell/{place}" for place in _places_of_cells(cell)]
    if kind == "StackedRNNCells":
        return _places_of_cells(config.get("cells", ()))
    return ["vars"]


def _places_of_cells(cells: list[Config]) -> list[str]:
    return [f"cells/{key}/vars" for key in keys_of(cells)]


class Keras3Weights:
    """Those in ``model.weights.h5``.

    Parameters
    ----------
    file : Hdf5
        The file.
    prefix : str
        Path of the model's group.
    """

    def __init__(self, file: Hdf5, prefix: str = "") -> None:
        self._file = file
        self._prefix = prefix

    def of(self, key: str, data: Config) -> list[Stored]:
        groups = [f"{self._prefix}/layers/{key}/{place}" for place in places_of(data)]
        return [stored for group in groups for stored in self._file.arrays(group)]

    def within(self, key: str, data: Config) -> Keras3Weights:
        return Keras3Weights(self._file, f"{self._prefix}/layers/{key}")

    def read(self, stored: Stored) -> npt.NDArray[Any]:
        return self._file.read(stored)


class LegacyWeights:
    """Those in an HDF5 file as Keras 2 writes it, by the names of layers.

    Parameters
    ----------
    file : Hdf5
        The file.
    root : str
        Path of the group that has the layers.
    group : str, optional
        The model's own group, of a model that stands among the layers of another.
    """

    def __init__(self, file: Hdf5, root: str, group: str | None = None) -> None:
        self._file = file
        self._root = root
        self._group = group

    def of(self, key: str, data: Config) -> list[Stored]:
        name = str(data["config"].get("name"))
        group = f"{self._root}/{self._group or name}"
        paths = self._file.texts(group, "weight_names") or []
        if self._group is not None:  # all weights of the model in one list
            paths = [path for path in paths if name in path.split("/")[:-1]]
        found = [self._file.array(f"{group}/{path}") for path in paths]
        return [stored for stored in found if stored is not None]

    def all(self) -> list[Stored]:
        """Return the weights of all layers in the order of the file."""
        names = self._file.texts(self._root, "layer_names") or []
        return [stored for name in names for stored in self.of("", {"config": {"name": name}})]

    def within(self, key: str, data: Config) -> LegacyWeights:
        return LegacyWeights(self._file, self._root, self._group or str(data["config"].get("name")))

    def read(self, stored: Stored) -> npt.NDArray[Any]:
        return self._file.read(stored)


class LiveWeights:
    """Those of a Keras model in memory.

    Parameters
    ----------
    model : keras.Model
        The model.
    """

    def __init__(self, model: Any) -> None:
        self._layers = {layer.name: layer for layer in model.layers}

    def of(self, key: str, data: Config) -> list[Stored]:
        layer = self._layers.get(data["config"].get("name"))
        arrays = [] if layer is None else layer.get_weights()
        # Version 2 has the path as name.
        weights = [] if layer is None else layer.weights
        names = [getattr(weight, "path", weight.name) for weight in weights]
        return [Stored(n, np.shape(a), a) for n, a in zip(names, arrays, strict=True)]

    def within(self, key: str, data: Config) -> LiveWeights:
        return LiveWeights(self._layers[data["config"]["name"]])

    def read(self, stored: Stored) -> npt.NDArray[Any]:
        return np.asarray(stored.handle)


class NoWeights:
    """None: of a config alone."""

    def of(self, key: str, data: Config) -> list[Stored]:
        return []

    def within(self, key: str, data: Config) -> NoWeights:
        return self

    def read(self, stored: Stored) -> npt.NDArray[Any]:
        return np.asarray(stored.handle)

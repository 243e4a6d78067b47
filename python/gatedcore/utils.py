"""Keras's namespace of this name: helpers that live elsewhere in the package."""

from typing import TYPE_CHECKING

from gatedcore.data import timeseries_dataset_from_array
from gatedcore.keras_names import absent
from gatedcore.layers.building import clear_session
from gatedcore.plot import plot_model
from gatedcore.preprocessing import pad_sequences, to_categorical
from gatedcore.preprocessing.unit_vectors import normalize
from gatedcore.random import set_random_seed
from gatedcore.saving import (
    CustomObjectScope,
    custom_object_scope,
    deserialize_keras_object,
    get_custom_objects,
    register_keras_serializable,
    serialize_keras_object,
)
from gatedcore.sources import PyDataset

Sequence = PyDataset  # its name before Keras 3

__all__ = [
    "CustomObjectScope",
    "PyDataset",
    "Sequence",
    "clear_session",
    "custom_object_scope",
    "deserialize_keras_object",
    "get_custom_objects",
    "normalize",
    "pad_sequences",
    "plot_model",
    "register_keras_serializable",
    "serialize_keras_object",
    "set_random_seed",
    "timeseries_dataset_from_array",
    "to_categorical",
]

if not TYPE_CHECKING:  # to which an absent name is an error already
    __getattr__ = absent(__name__)

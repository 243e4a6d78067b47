"""Keras's namespace of this name: helpers that live elsewhere in the package."""

from gatedcore.data import timeseries_dataset_from_array
from gatedcore.plot import plot_model
from gatedcore.preprocessing import pad_sequences, to_categorical
from gatedcore.random import set_random_seed

__all__ = [
    "pad_sequences",
    "plot_model",
    "set_random_seed",
    "timeseries_dataset_from_array",
    "to_categorical",
]

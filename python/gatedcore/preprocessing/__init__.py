"""What becomes of data before a model sees them: lengths, words, classes, scales."""

from typing import Any

from gatedcore.keras_names import absent
from gatedcore.preprocessing import sequence, text
from gatedcore.preprocessing.categories import to_categorical
from gatedcore.preprocessing.normalization import Normalization
from gatedcore.preprocessing.sequence import pad_sequences
from gatedcore.preprocessing.text import TextVectorization

__all__ = [
    "Normalization",
    "TextVectorization",
    "pad_sequences",
    "sequence",
    "text",
    "to_categorical",
]


def __getattr__(name: str) -> Any:
    """Return the windows of a series that Keras has here; they stand on batches."""
    if name == "timeseries_dataset_from_array":
        from gatedcore.data import timeseries_dataset_from_array

        return timeseries_dataset_from_array
    return absent(__name__)(name)

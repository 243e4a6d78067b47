"""What becomes of data before a model sees them: lengths, words, classes, scales."""

from typing import TYPE_CHECKING

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

if not TYPE_CHECKING:  # to which an absent name is an error already
    __getattr__ = absent(__name__)

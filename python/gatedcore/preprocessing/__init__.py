"""What becomes of data before a model sees them: lengths, words, classes, scales."""

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

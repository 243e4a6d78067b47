"""Data sets that tutorials use, read from files; nothing is downloaded."""

from typing import TYPE_CHECKING

from gatedcore.datasets import imdb
from gatedcore.keras_names import absent

__all__ = ["imdb"]

if not TYPE_CHECKING:  # to which an absent name is an error already
    __getattr__ = absent(__name__)

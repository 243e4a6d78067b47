"""Data sets that tutorials use, read from files; nothing is downloaded."""

from gatedcore.datasets import imdb

__all__ = ["imdb"]

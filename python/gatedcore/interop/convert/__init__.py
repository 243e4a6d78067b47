"""Whole models from other frameworks and to them."""

from gatedcore.interop.convert.keras_in import from_keras

__all__ = ["from_keras"]

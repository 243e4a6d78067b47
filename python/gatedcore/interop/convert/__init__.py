"""Whole models from other frameworks and to them."""

from gatedcore.interop.convert.keras_in import from_keras
from gatedcore.interop.convert.keras_out import to_keras
from gatedcore.interop.convert.torch_in import from_torch
from gatedcore.interop.convert.torch_out import to_torch

__all__ = ["from_keras", "from_torch", "to_keras", "to_torch"]

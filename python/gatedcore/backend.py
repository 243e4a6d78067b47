"""Keras's namespace of this name: what scripts use of it that has a meaning here."""

from typing import TYPE_CHECKING

from gatedcore.arrays import FLOAT32
from gatedcore.keras_names import absent
from gatedcore.layers.building import clear_session
from gatedcore.losses.base import EPSILON
from gatedcore.random import set_random_seed

__all__ = ["clear_session", "epsilon", "floatx", "set_random_seed"]


def epsilon() -> float:
    """Return how far losses stay from what cannot be divided by: 1e-7."""
    return EPSILON


def floatx() -> str:
    """Return the dtype of layers that name none: ``"float32"``."""
    return FLOAT32.name


if not TYPE_CHECKING:  # to which an absent name is an error already
    __getattr__ = absent(__name__)

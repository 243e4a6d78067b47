"""Optimizers: each step is one fused pass of the core over the flat vector of parameters."""

from typing import TYPE_CHECKING

from gatedcore.keras_names import absent
from gatedcore.optimizers import schedules
from gatedcore.optimizers.adagrad import Adagrad
from gatedcore.optimizers.adam import Adam, AdamW
from gatedcore.optimizers.base import Optimizer
from gatedcore.optimizers.lookup import deserialize, get, serialize
from gatedcore.optimizers.nadam import Nadam
from gatedcore.optimizers.rmsprop import RMSprop
from gatedcore.optimizers.sgd import SGD

__all__ = [
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "Nadam",
    "Optimizer",
    "RMSprop",
    "deserialize",
    "get",
    "schedules",
    "serialize",
]

if not TYPE_CHECKING:  # to which an absent name is an error already
    __getattr__ = absent(__name__)

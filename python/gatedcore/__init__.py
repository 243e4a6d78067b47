"""LSTM and GRU on the CPU: fused kernels under a Keras-shaped API; ``import gatedcore as gk``."""

from typing import TYPE_CHECKING, Any

from gatedcore import (
    activations,
    callbacks,
    constraints,
    data,
    initializers,
    layers,
    losses,
    metrics,
    ops,
    optimizers,
    random,
    regularizers,
)
from gatedcore._core import __version__
from gatedcore.callbacks import Callback, History
from gatedcore.layers import (
    GRU,
    LSTM,
    Activation,
    Bidirectional,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GRUCell,
    Input,
    LayerNormalization,
    LSTMCell,
    Masking,
    RepeatVector,
    Reshape,
    SpatialDropout1D,
    TimeDistributed,
)
from gatedcore.model import Sequential
from gatedcore.ops import get_num_threads, set_num_threads
from gatedcore.optimizers import SGD, Adam
from gatedcore.random import set_random_seed
from gatedcore.streaming import Stream

if TYPE_CHECKING:
    from gatedcore import plot, reference

__all__ = [
    "GRU",
    "LSTM",
    "SGD",
    "Activation",
    "Adam",
    "Bidirectional",
    "Callback",
    "Dense",
    "Dropout",
    "Embedding",
    "Flatten",
    "GRUCell",
    "History",
    "Input",
    "LSTMCell",
    "LayerNormalization",
    "Masking",
    "RepeatVector",
    "Reshape",
    "Sequential",
    "SpatialDropout1D",
    "Stream",
    "TimeDistributed",
    "__version__",
    "activations",
    "callbacks",
    "constraints",
    "data",
    "get_num_threads",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "ops",
    "optimizers",
    "plot",
    "random",
    "reference",
    "regularizers",
    "set_num_threads",
    "set_random_seed",
]

_LAZY = ("plot", "reference")  # what a plain import need not pay for


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        import importlib

        return importlib.import_module(f"gatedcore.{name}")
    raise AttributeError(f"module 'gatedcore' has no attribute {name!r}")

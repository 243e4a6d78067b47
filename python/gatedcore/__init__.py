"""LSTM and GRU on the CPU: fused kernels under a Keras-shaped API; ``import gatedcore as gk``."""

from typing import TYPE_CHECKING, Any

from gatedcore import (
    activations,
    callbacks,
    constraints,
    data,
    distributed,
    initializers,
    layers,
    losses,
    metrics,
    models,
    ops,
    optimizers,
    preprocessing,
    random,
    regularizers,
    saving,
)
from gatedcore._core import __version__
from gatedcore.callbacks import (
    Callback,
    CSVLogger,
    EarlyStopping,
    History,
    LambdaCallback,
    LearningRateScheduler,
    ReduceLROnPlateau,
    TerminateOnNaN,
)
from gatedcore.graph import Model
from gatedcore.initializers import Initializer
from gatedcore.keras_names import absent
from gatedcore.layers import (
    GRU,
    LSTM,
    RNN,
    Activation,
    Add,
    Average,
    Bidirectional,
    Concatenate,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GRUCell,
    Input,
    Layer,
    LayerNormalization,
    LSTMCell,
    Masking,
    Maximum,
    Minimum,
    Multiply,
    RepeatVector,
    Reshape,
    SimpleRNN,
    SimpleRNNCell,
    SpatialDropout1D,
    StackedRNNCells,
    Subtract,
    TimeDistributed,
)
from gatedcore.losses import Loss
from gatedcore.metrics import Metric
from gatedcore.model import Sequential
from gatedcore.ops import get_num_threads, set_num_threads
from gatedcore.optimizers import SGD, Adam, AdamW, Optimizer, RMSprop
from gatedcore.random import set_random_seed
from gatedcore.regularizers import Regularizer
from gatedcore.saving import load_model
from gatedcore.streaming import Stream

if TYPE_CHECKING:
    from gatedcore import backend, datasets, plot, reference, utils
    from gatedcore.interop.convert import from_keras, from_torch, to_keras, to_torch

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "SGD",
    "Activation",
    "Adam",
    "AdamW",
    "Add",
    "Average",
    "Bidirectional",
    "CSVLogger",
    "Callback",
    "Concatenate",
    "Dense",
    "Dropout",
    "EarlyStopping",
    "Embedding",
    "Flatten",
    "GRUCell",
    "History",
    "Initializer",
    "Input",
    "LSTMCell",
    "LambdaCallback",
    "Layer",
    "LayerNormalization",
    "LearningRateScheduler",
    "Loss",
    "Masking",
    "Maximum",
    "Metric",
    "Minimum",
    "Model",
    "Multiply",
    "Optimizer",
    "RMSprop",
    "ReduceLROnPlateau",
    "Regularizer",
    "RepeatVector",
    "Reshape",
    "Sequential",
    "SimpleRNN",
    "SimpleRNNCell",
    "SpatialDropout1D",
    "StackedRNNCells",
    "Stream",
    "Subtract",
    "TerminateOnNaN",
    "TimeDistributed",
    "__version__",
    "activations",
    "backend",
    "callbacks",
    "constraints",
    "data",
    "datasets",
    "distributed",
    "from_keras",
    "from_torch",
    "get_num_threads",
    "initializers",
    "layers",
    "load_model",
    "losses",
    "metrics",
    "models",
    "ops",
    "optimizers",
    "plot",
    "preprocessing",
    "random",
    "reference",
    "regularizers",
    "saving",
    "set_num_threads",
    "set_random_seed",
    "to_keras",
    "to_torch",
    "utils",
]

# What a plain import need not pay for; bridges stand here alone, as each needs its framework.
_LAZY = ("backend", "datasets", "keras", "onnx", "plot", "reference", "torch", "utils")
_CONVERSIONS = ("from_keras", "from_torch", "to_keras", "to_torch")


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        import importlib

        return importlib.import_module(f"gatedcore.{name}")
    if name in _CONVERSIONS:
        from gatedcore.interop import convert

        return getattr(convert, name)
    return absent(__name__)(name)

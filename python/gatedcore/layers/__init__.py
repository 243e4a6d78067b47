"""The layers."""

from typing import TYPE_CHECKING

from gatedcore.configs import deserialize, serialize
from gatedcore.keras_names import absent
from gatedcore.layers.activation import Activation, Softmax
from gatedcore.layers.base import Layer
from gatedcore.layers.bidirectional import Bidirectional
from gatedcore.layers.dense import Dense
from gatedcore.layers.dot import Dot, dot
from gatedcore.layers.embedding import Embedding
from gatedcore.layers.function import Lambda
from gatedcore.layers.gru import GRU, GRUCell
from gatedcore.layers.input import Input
from gatedcore.layers.lstm import LSTM, LSTMCell
from gatedcore.layers.merging import (
    Add,
    Average,
    Concatenate,
    Maximum,
    Minimum,
    Multiply,
    Subtract,
    add,
    average,
    concatenate,
    maximum,
    minimum,
    multiply,
    subtract,
)
from gatedcore.layers.noise import GaussianDropout, GaussianNoise
from gatedcore.layers.normalization import LayerNormalization
from gatedcore.layers.pooling import GlobalAveragePooling1D, GlobalMaxPooling1D
from gatedcore.layers.rectifiers import ELU, LeakyReLU, ReLU
from gatedcore.layers.regularization import Dropout, Masking, SpatialDropout1D
from gatedcore.layers.rnn import RNN, StackedRNNCells
from gatedcore.layers.scaling import Normalization
from gatedcore.layers.shaping import Flatten, Permute, RepeatVector, Reshape
from gatedcore.layers.simple_rnn import SimpleRNN, SimpleRNNCell
from gatedcore.layers.trace import GRUTrace, LSTMTrace, SimpleRNNTrace, Trace
from gatedcore.layers.wrappers import TimeDistributed, Wrapper
from gatedcore.preprocessing.text import TextVectorization

GlobalAvgPool1D = GlobalAveragePooling1D
GlobalMaxPool1D = GlobalMaxPooling1D
InputLayer = Input

__all__ = [
    "ELU",
    "GRU",
    "LSTM",
    "RNN",
    "Activation",
    "Add",
    "Average",
    "Bidirectional",
    "Concatenate",
    "Dense",
    "Dot",
    "Dropout",
    "Embedding",
    "Flatten",
    "GRUCell",
    "GRUTrace",
    "GaussianDropout",
    "GaussianNoise",
    "GlobalAveragePooling1D",
    "GlobalAvgPool1D",
    "GlobalMaxPool1D",
    "GlobalMaxPooling1D",
    "Input",
    "InputLayer",
    "LSTMCell",
    "LSTMTrace",
    "Lambda",
    "Layer",
    "LayerNormalization",
    "LeakyReLU",
    "Masking",
    "Maximum",
    "Minimum",
    "Multiply",
    "Normalization",
    "Permute",
    "ReLU",
    "RepeatVector",
    "Reshape",
    "SimpleRNN",
    "SimpleRNNCell",
    "SimpleRNNTrace",
    "Softmax",
    "SpatialDropout1D",
    "StackedRNNCells",
    "Subtract",
    "TextVectorization",
    "TimeDistributed",
    "Trace",
    "Wrapper",
    "add",
    "average",
    "concatenate",
    "deserialize",
    "dot",
    "maximum",
    "minimum",
    "multiply",
    "serialize",
    "subtract",
]

if not TYPE_CHECKING:  # to which an absent name is an error already
    __getattr__ = absent(__name__)

"""The layers."""

from gatedcore.layers.activation import Activation
from gatedcore.layers.base import Layer
from gatedcore.layers.bidirectional import Bidirectional
from gatedcore.layers.dense import Dense
from gatedcore.layers.embedding import Embedding
from gatedcore.layers.gru import GRU, GRUCell
from gatedcore.layers.input import Input
from gatedcore.layers.lstm import LSTM, LSTMCell
from gatedcore.layers.normalization import LayerNormalization
from gatedcore.layers.regularization import Dropout, Masking, SpatialDropout1D
from gatedcore.layers.rnn import RNN, StackedRNNCells
from gatedcore.layers.shaping import Flatten, RepeatVector, Reshape
from gatedcore.layers.simple_rnn import SimpleRNN, SimpleRNNCell
from gatedcore.layers.trace import GRUTrace, LSTMTrace, Trace
from gatedcore.layers.wrappers import TimeDistributed

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "Activation",
    "Bidirectional",
    "Dense",
    "Dropout",
    "Embedding",
    "Flatten",
    "GRUCell",
    "GRUTrace",
    "Input",
    "LSTMCell",
    "LSTMTrace",
    "Layer",
    "LayerNormalization",
    "Masking",
    "RepeatVector",
    "Reshape",
    "SimpleRNN",
    "SimpleRNNCell",
    "SpatialDropout1D",
    "StackedRNNCells",
    "TimeDistributed",
    "Trace",
]

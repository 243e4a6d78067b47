"""The layers."""

from gatedcore.layers.base import Layer
from gatedcore.layers.dense import Dense
from gatedcore.layers.gru import GRU, GRUCell
from gatedcore.layers.input import Input
from gatedcore.layers.lstm import LSTM, LSTMCell
from gatedcore.layers.trace import GRUTrace, LSTMTrace, Trace

__all__ = [
    "GRU",
    "LSTM",
    "Dense",
    "GRUCell",
    "GRUTrace",
    "Input",
    "LSTMCell",
    "LSTMTrace",
    "Layer",
    "Trace",
]

"""Functions on arrays, without state; each recurrent one is one call into the compiled core."""

from typing import TYPE_CHECKING

from gatedcore.keras_names import absent
from gatedcore.ops.array_functions import (
    absolute,
    concatenate,
    exp,
    log,
    matmul,
    max,  # noqa: A004  # Keras's name
    maximum,
    mean,
    minimum,
    relu,
    sigmoid,
    softmax,
    split,
    sqrt,
    square,
    sum,  # noqa: A004  # Keras's name
    tanh,
    where,
)
from gatedcore.ops.dense_calls import dense
from gatedcore.ops.gru_calls import GRUCache, GRUGates, GRUGradients, gru, gru_backward, gru_cell
from gatedcore.ops.lstm_calls import lstm, lstm_backward, lstm_cell
from gatedcore.ops.lstm_results import LSTMCache, LSTMGates, LSTMGradients
from gatedcore.ops.single_gates import (
    candidate,
    forget_gate,
    input_gate,
    output_gate,
    reset_gate,
    update_gate,
)
from gatedcore.ops.stack_calls import (
    StackCache,
    StackGradients,
    stack,
    stack_backward,
)
from gatedcore.ops.stack_layers import StackedGRU, StackedLSTM
from gatedcore.ops.threads import get_num_threads, set_num_threads

__all__ = [
    "GRUCache",
    "GRUGates",
    "GRUGradients",
    "LSTMCache",
    "LSTMGates",
    "LSTMGradients",
    "StackCache",
    "StackGradients",
    "StackedGRU",
    "StackedLSTM",
    "absolute",
    "candidate",
    "concatenate",
    "dense",
    "exp",
    "forget_gate",
    "get_num_threads",
    "gru",
    "gru_backward",
    "gru_cell",
    "input_gate",
    "log",
    "lstm",
    "lstm_backward",
    "lstm_cell",
    "matmul",
    "max",
    "maximum",
    "mean",
    "minimum",
    "output_gate",
    "relu",
    "reset_gate",
    "set_num_threads",
    "sigmoid",
    "softmax",
    "split",
    "sqrt",
    "square",
    "stack",
    "stack_backward",
    "sum",
    "tanh",
    "update_gate",
    "where",
]

if not TYPE_CHECKING:  # to which an absent name is an error already
    __getattr__ = absent(__name__)

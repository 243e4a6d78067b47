"""Functions on arrays, without state; each is one call into the compiled core."""

from gatedcore.ops.dense_calls import dense
from gatedcore.ops.gru_calls import GRUCache, GRUGates, GRUGradients, gru, gru_backward, gru_cell
from gatedcore.ops.lstm_calls import (
    LSTMCache,
    LSTMGates,
    LSTMGradients,
    lstm,
    lstm_backward,
    lstm_cell,
)
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
    "candidate",
    "dense",
    "forget_gate",
    "get_num_threads",
    "gru",
    "gru_backward",
    "gru_cell",
    "input_gate",
    "lstm",
    "lstm_backward",
    "lstm_cell",
    "output_gate",
    "reset_gate",
    "set_num_threads",
    "stack",
    "stack_backward",
    "update_gate",
]

"""LSTM, GRU and dense layers in plain NumPy, in the order of the equations, for tests and readers.

Nothing here is fast and nothing is shared with the compiled kernels: each function is what the
kernel of the same name must compute. The arithmetic runs in the dtype of its inputs; float64 in,
float64 out.

Letters: ``T`` time steps, ``B`` batch rows, ``I`` inputs, ``H`` units. Row 0 of ``h`` and ``c`` is
the initial state, so step ``t`` reads row ``t`` and writes row ``t + 1``. ``a_i`` is a gate before
its activation, ``d_foo`` the gradient of the loss with respect to ``foo``.

References
----------
docs/math.md; Hochreiter and Schmidhuber (1997); Gers, Schmidhuber and Cummins (2000);
Cho et al. (2014).
"""

from gatedcore.reference.activations import ACTIVATIONS, activate, derivative
from gatedcore.reference.dense import dense_backward, dense_forward
from gatedcore.reference.gru import GRUGradients, GRUPass, gru_backward, gru_forward
from gatedcore.reference.lstm import LSTMGradients, LSTMPass, lstm_backward, lstm_forward

__all__ = [
    "ACTIVATIONS",
    "GRUGradients",
    "GRUPass",
    "LSTMGradients",
    "LSTMPass",
    "activate",
    "dense_backward",
    "dense_forward",
    "derivative",
    "gru_backward",
    "gru_forward",
    "lstm_backward",
    "lstm_forward",
]

"""``gatedcore.torch``: PyTorch's recurrent modules on gatedcore's kernels."""

from gatedcore.frameworks import require

require("gatedcore.torch", "torch", extra="torch")

from gatedcore.interop.torch import (  # noqa: E402
    GRU,
    LSTM,
    GRUCell,
    LSTMCell,
    Report,
    accelerate,
    restore,
)

__all__ = ["GRU", "LSTM", "GRUCell", "LSTMCell", "Report", "accelerate", "restore"]

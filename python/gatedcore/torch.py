"""``gatedcore.torch``: PyTorch's recurrent modules on gatedcore's kernels."""

from gatedcore.interop.frameworks import require

require("gatedcore.torch", "torch", extra="torch")

from gatedcore.interop.torch import GRU, LSTM, Report, accelerate, restore  # noqa: E402

__all__ = ["GRU", "LSTM", "Report", "accelerate", "restore"]

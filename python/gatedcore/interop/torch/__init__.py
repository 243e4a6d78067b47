"""PyTorch's recurrent modules on gatedcore's kernels, and models that are given them."""

from gatedcore.interop.torch.cell_modules import GRUCell, LSTMCell
from gatedcore.interop.torch.replacing import Report, accelerate, restore
from gatedcore.interop.torch.sequence_modules import GRU, LSTM

__all__ = ["GRU", "LSTM", "GRUCell", "LSTMCell", "Report", "accelerate", "restore"]

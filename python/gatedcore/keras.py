"""Keras's own LSTM and GRU layers on gatedcore's kernels; see docs/keras.md."""

from gatedcore.interop.keras import Stats, accelerated, disable, enable, stats

__all__ = ["Stats", "accelerated", "disable", "enable", "stats"]

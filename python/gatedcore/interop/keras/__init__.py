"""Keras's own LSTM and GRU layers, computed by gatedcore."""

from gatedcore.interop.keras.counts import Stats
from gatedcore.interop.keras.switch import accelerated, disable, enable, stats

__all__ = ["Stats", "accelerated", "disable", "enable", "stats"]

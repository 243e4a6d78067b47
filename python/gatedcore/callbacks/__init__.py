"""Callbacks: who watches a run, steers it or writes it down."""

from typing import Any

from gatedcore.callbacks.base import Callback, CallbackList, Logs, NotFiniteError, check_callbacks
from gatedcore.callbacks.csv_logger import CSVLogger
from gatedcore.callbacks.early_stopping import EarlyStopping
from gatedcore.callbacks.history import History
from gatedcore.callbacks.lambda_callback import LambdaCallback
from gatedcore.callbacks.learning_rate import LearningRateScheduler, ReduceLROnPlateau
from gatedcore.callbacks.monitor import MonitorCallback
from gatedcore.callbacks.swap_ema_weights import SwapEMAWeights
from gatedcore.callbacks.terminate_on_nan import TerminateOnNaN
from gatedcore.keras_names import absent

__all__ = [
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "Logs",
    "MonitorCallback",
    "NotFiniteError",
    "ReduceLROnPlateau",
    "SwapEMAWeights",
    "TerminateOnNaN",
    "check_callbacks",
]


def __getattr__(name: str) -> Any:
    """Return a callback that saves; these stand on top of models."""
    if name == "ModelCheckpoint":
        from gatedcore.checkpoints import ModelCheckpoint

        return ModelCheckpoint
    if name == "BackupAndRestore":
        from gatedcore.backup import BackupAndRestore

        return BackupAndRestore
    return absent(__name__)(name)

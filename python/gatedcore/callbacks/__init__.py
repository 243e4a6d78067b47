"""Callbacks: who watches a run, steers it or writes it down."""

from gatedcore.callbacks.base import Callback, CallbackList, Logs, NotFiniteError, check_callbacks
from gatedcore.callbacks.csv_logger import CSVLogger
from gatedcore.callbacks.early_stopping import EarlyStopping
from gatedcore.callbacks.history import History
from gatedcore.callbacks.lambda_callback import LambdaCallback
from gatedcore.callbacks.learning_rate import LearningRateScheduler, ReduceLROnPlateau
from gatedcore.callbacks.monitor import MonitorCallback
from gatedcore.callbacks.terminate_on_nan import TerminateOnNaN

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
    "TerminateOnNaN",
    "check_callbacks",
]

"""Keras 3 on the backend that KERAS_BACKEND names: models as its guides write them."""

import importlib
import itertools
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from contest.job_problem import FitJob, StepJob, first_weights, tokens, windows
from contest.trainers import Losses, Steps


class Mark(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """Tells the end of each epoch."""

    def __init__(self, mark: Callable[[], None]) -> None:
        super().__init__()
        self._mark = mark

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Call what was given."""
        self._mark()


class Listener(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """Reads the loss of each batch."""

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Keep the last loss."""
        self.loss = logs["loss"]


class KerasFit:
    """Keras in its own process."""

    def __init__(self, threads: int) -> None:
        self._backend = keras.backend.backend()
        if self._backend == "tensorflow":
            import tensorflow as tf

            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(1)

    def versions(self) -> dict[str, str]:
        """Return the versions of Keras and its backend."""
        backend = importlib.import_module(self._backend)
        return {"keras": keras.__version__, self._backend: backend.__version__}

    def fit(self, job: FitJob) -> Callable[[int, Callable[[], None]], Losses]:
        """Return a run of a new model."""
        keras.backend.clear_session()  # what earlier runs left must not slow this one
        x, y = windows(job)
        kind = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}[job.cell]
        layers = [
            keras.Input((job.T, 1)),
            kind(job.H, activation=job.activation),
            keras.layers.Dense(1),
        ]
        model = keras.Sequential(layers)
        model.compile(optimizer="adam", loss="mse")
        model.set_weights(first_weights(job))

        def run(epochs: int, mark: Callable[[], None]) -> Losses:
            history: Losses = model.fit(
                x,
                y,
                batch_size=job.batch,
                epochs=epochs,
                validation_split=job.validation_split,
                shuffle=False,
                verbose=1 if job.told else 0,
                callbacks=[Mark(mark), *([Listener()] if job.told else [])],
            ).history
            return history

        return run

    def steps(self, job: StepJob) -> Steps:
        """Return a new model."""
        batches = tokens(job)
        model = keras.Sequential(
            [
                keras.Input((job.T,), dtype="int32"),
                keras.layers.Embedding(job.words, job.width),
                keras.layers.LSTM(job.H, dropout=job.rate, recurrent_dropout=job.rate),
                keras.layers.Dense(1, activation="sigmoid"),
            ]
        )
        model.compile(optimizer="adam", loss="binary_crossentropy")
        model.set_weights(first_weights(job))
        following = itertools.cycle(batches)

        def predict() -> np.ndarray:
            return np.asarray(model.predict_on_batch(batches[0][0]))

        return Steps(lambda: model.train_on_batch(*next(following)), predict)


def trainer(library: str, threads: int) -> KerasFit:
    """Return the trainer; load has chosen the backend."""
    return KerasFit(threads)

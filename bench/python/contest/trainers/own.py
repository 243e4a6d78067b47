"""gatedcore: its models, with Keras's calls."""

import itertools
from collections.abc import Callable

import numpy as np

import gatedcore as gk
from contest.job_problem import FitJob, StepJob, first_weights, tokens, windows
from contest.trainers import Losses, Steps
from gatedcore import _core


class Mark(gk.callbacks.Callback):
    """Tells the end of each epoch."""

    def __init__(self, mark: Callable[[], None]) -> None:
        super().__init__()
        self._mark = mark

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Call what was given."""
        self._mark()


class Listener(gk.callbacks.Callback):
    """Reads the loss of each batch."""

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Keep the last loss."""
        assert logs is not None
        self.loss = logs["loss"]


class Own:
    """gatedcore in its own process."""

    def __init__(self, threads: int) -> None:
        gk.ops.set_num_threads(threads)

    def versions(self) -> dict[str, str]:
        """Return version, instruction set and compiler."""
        info = _core.info()
        return {"gatedcore": info["version"], "isa": info["isa"], "compiler": info["compiler"]}

    def fit(self, job: FitJob) -> Callable[[int, Callable[[], None]], Losses]:
        """Return a run of a new model."""
        x, y = windows(job)
        kind = {"lstm": gk.LSTM, "gru": gk.GRU}[job.cell]
        layer = kind(job.H, activation=job.activation, input_shape=(job.T, 1))
        model = gk.Sequential([layer, gk.Dense(1)])
        model.compile(optimizer="adam", loss="mse")
        model.set_weights(first_weights(job))

        def run(epochs: int, mark: Callable[[], None]) -> Losses:
            return model.fit(
                x,
                y,
                batch_size=job.batch,
                epochs=epochs,
                validation_split=job.validation_split,
                shuffle=False,
                verbose=1 if job.told else 0,
                callbacks=[Mark(mark), *([Listener()] if job.told else [])],
            ).history

        return run

    def steps(self, job: StepJob) -> Steps:
        """Return a new model."""
        batches = tokens(job)
        model = gk.Sequential(
            [
                gk.Embedding(job.words, job.width),
                gk.LSTM(job.H, dropout=job.rate, recurrent_dropout=job.rate),
                gk.Dense(1, activation="sigmoid"),
            ]
        )
        model.compile(optimizer="adam", loss="binary_crossentropy")
        model.build(batches[0][0].shape)
        model.set_weights(first_weights(job))
        following = itertools.cycle(batches)

        def predict() -> np.ndarray:
            return np.asarray(model.predict(batches[0][0], batch_size=job.batch))

        return Steps(lambda: model.train_on_batch(*next(following)), predict)


def trainer(library: str, threads: int) -> Own:
    """Return the trainer."""
    return Own(threads)

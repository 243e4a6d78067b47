"""A training with everything that a backup must keep; as a program, one that may be killed.

    python interrupted_training.py BACKUP_DIR RESULT SAVE_FREQ PAUSE

It trains with a pause after each batch, prints a line for each, and writes the result as JSON.
"""

import json
import sys
import time
from typing import Any

import numpy as np

import gatedcore as gk
from gatedcore.random import library_generator

EPOCHS, STEPS = 5, 7


class Shrinking(gk.callbacks.Callback):
    """Lowers the learning rate with each epoch, and keeps what it has seen."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[float] = []

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.model.optimizer.learning_rate *= 0.9

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.seen.append(logs["val_loss"])

    def get_state(self) -> dict[str, Any]:
        return {"seen": self.seen}

    def set_state(self, state: dict[str, Any]) -> None:
        self.seen = state["seen"]


class StopsEarly(gk.callbacks.Callback):
    def __init__(self, epoch: int) -> None:
        super().__init__()
        self.epoch = epoch

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if epoch == self.epoch:
            self.model.stop_training = True


def train(*callbacks: gk.callbacks.Callback, stop_after: int = EPOCHS) -> dict[str, Any]:
    """Train from the beginning, or from where a backup stands; return all that came out."""
    gk.set_random_seed(1)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4 * STEPS - 1, 6, 2)).astype(np.float32)
    model = gk.Sequential(
        [
            gk.LSTM(5, return_sequences=True, dropout=0.3, input_shape=(None, 2)),
            gk.LSTM(4, return_sequences=True, recurrent_dropout=0.3, seed=7),
            gk.GRU(3, zoneout_h=0.2, seed=np.random.default_rng(8)),
            gk.Dense(1),
        ]
    )
    model.compile(gk.Adam(0.01), "mse", metrics=["mae"])
    shrinking = Shrinking()
    history = model.fit(
        x,
        x.sum(axis=(1, 2))[:, None],
        batch_size=4,
        epochs=EPOCHS,
        verbose=0,
        callbacks=[*callbacks, shrinking, StopsEarly(stop_after)],
        validation_data=(x[:5], np.ones((5, 1))),
    )
    state = model.optimizer.get_state()
    return {
        "weights": [weight.tolist() for weight in model.weights],
        "iterations": state["iterations"],
        "learning_rate": state["learning_rate"],
        "slots": {name: slot.tolist() for name, slot in state["slots"].items()},
        "history": history.history,
        "epoch": history.epoch,
        "seen": shrinking.seen,
        "next": [float(library_generator().random()), float(np.random.random())],  # noqa: NPY002  # the legacy one is seeded too
        "draws": [getattr(layer, "_draws", None) for layer in model.layers],
        "generator": model.layers[2].seed.random(),
    }


class Slow(gk.callbacks.Callback):
    """Leaves time to be killed, and tells where it is."""

    def __init__(self, pause: float) -> None:
        super().__init__()
        self.pause = pause

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        sys.stdout.write(f"batch {batch}\n")
        sys.stdout.flush()
        time.sleep(self.pause)


def main(backup_dir: str, result: str, save_freq: str, pause: str) -> None:
    freq = save_freq if save_freq == "epoch" else int(save_freq)
    found = train(gk.callbacks.BackupAndRestore(backup_dir, freq), Slow(float(pause)))
    with open(result, "w") as file:
        json.dump(found, file)


if __name__ == "__main__":
    main(*sys.argv[1:])

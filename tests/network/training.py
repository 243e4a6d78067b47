"""What the ranks of ``several_hosts.py`` run: the same training, whatever their number.

    python training.py RESULT BACKUP PAUSE

Writes the final weights and the losses to RESULT; goes on from BACKUP if a run before this one
left something there; waits PAUSE seconds after each batch.
"""

import os
import sys
import time
from pathlib import Path

import numpy as np

import gatedcore as gk

ROWS, BATCH, EPOCHS = 320, 32, 10
TIMEOUT = 5.0  # seconds: how long ranks wait for one another


class Pause(gk.Callback):
    """Leaves time to cut a host off; says when an epoch begins."""

    def __init__(self, seconds: float, rank: int) -> None:
        super().__init__()
        self._seconds, self._rank = seconds, rank

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        if self._rank == 0:
            print(f"epoch {epoch} begins", flush=True)

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:
        time.sleep(self._seconds)


def main() -> None:
    result, backup, pause = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
    comm = gk.distributed.init(timeout=TIMEOUT)
    gk.set_random_seed(3)
    model = gk.Sequential([gk.LSTM(64, dropout=0.1, input_shape=(20, 8)), gk.Dense(1)])
    model.compile(optimizer="adam", loss="mse", metrics=["mae"])
    rng = np.random.default_rng(5)
    x = rng.standard_normal((ROWS, 20, 8), np.float32)
    y = x.sum(axis=(1, 2))[:, None] / 10
    history = model.fit(
        x,
        y,
        batch_size=BATCH,
        epochs=EPOCHS,
        verbose=0,
        validation_split=0.2,
        callbacks=[gk.callbacks.BackupAndRestore(backup), Pause(pause, comm.rank)],
        distributed=comm,
    )
    if comm.rank == 0:
        weights = {str(k): w for k, w in enumerate(model.get_weights())}
        np.savez(result, val_loss=history.history["val_loss"], **weights)
    if "torch" in sys.modules:
        sys.stdout.flush()
        os._exit(0)  # threads of PyTorch's own abort one exit in a hundred


if __name__ == "__main__":
    main()

"""A rank that is killed in the middle of training ends the job, which goes on from its backup."""

import re
import time

import numpy as np
import pytest

import gatedcore as gk
import ranks
from shared_training import plain

# The rank that its arguments name kills itself after so many batches.
PROGRAM = """
import os
import signal
import sys

import numpy as np

import gatedcore as gk
from shared_training import plain

folder, victim, batches = sys.argv[1], *map(int, sys.argv[2:])
comm = gk.distributed.init(timeout=10)


class Killed(gk.Callback):
    def __init__(self):
        super().__init__()
        self.left = batches

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        if not self.left and comm.rank == victim:
            os.kill(os.getpid(), signal.SIGKILL)


gk.set_random_seed(5)
model, data, options = plain()
backup = gk.callbacks.BackupAndRestore(folder + "/backup", save_freq=3)
history = model.fit(*data, batch_size=8, epochs=4, verbose=2, distributed=comm, **options,
                    callbacks=[Killed(), backup, gk.CSVLogger(folder + "/log.csv", append=True)])
if comm.rank == 0:
    np.savez(folder + "/weights.npz", *model.get_weights())
    print("epochs done:", history.epoch)
"""


@pytest.mark.parametrize("engine", ranks.ENGINES)
def test_a_killed_job_goes_on_with_another_number_of_ranks(engine, tmp_path) -> None:
    # Of gloo the first rank, which the others met through.
    before, after, victim = (3, 2, 1) if engine == "mpi" else (2, 1, 0)
    begin = time.perf_counter()
    died = ranks.run(engine, before, PROGRAM, tmp_path, victim, 10, check=False)
    assert died.returncode != 0
    assert time.perf_counter() - begin < 45  # the start of the ranks included
    assert "epochs done" not in died.stdout
    assert [path.name for path in (tmp_path / "backup").iterdir()] == ["backup.safetensors"]
    went_on = ranks.run(engine, after, PROGRAM, tmp_path, 0, 0).stdout
    assert "epochs done: [0, 1, 2, 3]" in went_on
    # A line for each epoch, printed once: those from the backup on, of batch 9 in epoch 3.
    assert re.findall(r"^Epoch (\d)/4", went_on, re.M) == ["3", "4"]
    assert not (tmp_path / "backup").exists()
    rows = (tmp_path / "log.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows] == ["epoch", "0", "1", "2", "3"]

    gk.set_random_seed(5)
    model, data, options = plain()
    model.fit(*data, batch_size=8, epochs=4, verbose=0, **options)
    with np.load(tmp_path / "weights.npz") as saved:
        for name, expected in zip(saved.files, model.get_weights(), strict=True):
            np.testing.assert_allclose(saved[name], expected, rtol=1e-4, atol=1e-6)

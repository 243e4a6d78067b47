"""Backups of several ranks: written and read by the first, gone on from by any number of them."""

import os
from typing import Any

import numpy as np
import pytest

import forked_ranks
import gatedcore as gk
from gatedcore.callbacks import BackupAndRestore
from small_model import X, Y, make
from test_backup import Crash

OPTIONS = {"batch_size": 6, "epochs": 4, "verbose": 0, "validation_split": 0.25}  # 15: 6, 6, 3


def train(comm: Any, *callbacks: gk.Callback, **options: Any) -> tuple[Any, ...]:
    gk.set_random_seed(7)
    model = make(recurrent_dropout=0.1)
    made = gk.optimizers.Adam(0.02)
    model.compile(made, "mse", metrics=["mae"])
    history = model.fit(X, Y, distributed=comm, callbacks=list(callbacks), **OPTIONS, **options)
    return model.get_weights(), history.history, model.optimizer.iterations


def killed(size: int, folder: Any, batches: int, save_freq: Any, **options: Any) -> None:
    """Train until every rank is after so many batches."""

    def program(comm: Any) -> Any:
        return train(comm, BackupAndRestore(folder, save_freq), Crash(batches), **options)

    for error in forked_ranks.run(size, program):
        assert isinstance(error, RuntimeError)
        assert "crash" in str(error)
    assert os.listdir(folder) == ["backup.safetensors"]


def resumed(size: int, folder: Any, save_freq: Any, **options: Any) -> tuple[Any, ...]:
    outcomes = forked_ranks.run(
        size, lambda comm: train(comm, BackupAndRestore(folder, save_freq), **options)
    )
    for outcome in outcomes[1:]:
        assert repr(outcome) == repr(outcomes[0])
    assert not os.path.exists(folder)
    return outcomes[0]


@pytest.fixture(scope="module")
def unbroken() -> tuple[Any, ...]:
    return forked_ranks.run(2, train)[0]


@pytest.mark.parametrize(("batches", "save_freq"), [(5, "epoch"), (5, 1), (7, 2), (8, 2)])
def test_as_many_ranks_end_with_the_same_bits(tmp_path, batches, save_freq, unbroken) -> None:
    folder = tmp_path / "backup"
    killed(2, folder, batches, save_freq)
    weights, history, iterations = resumed(2, folder, save_freq)
    for found, expected in zip(weights, unbroken[0], strict=True):
        np.testing.assert_array_equal(found, expected)
    assert iterations == unbroken[2]
    for name, values in unbroken[1].items():
        # Sums over an epoch that was broken off are made of two parts.
        np.testing.assert_allclose(history[name], values, rtol=1e-12)


@pytest.mark.parametrize(("before", "after"), [(2, 4), (3, 2), (2, 1), (1, 2)])
def test_another_number_of_ranks_goes_on_at_the_same_place(
    tmp_path, before, after, unbroken
) -> None:
    folder = tmp_path / "backup"
    killed(before, folder, 5, 1)
    weights, history, iterations = resumed(after, folder, 1)
    for found, expected in zip(weights, unbroken[0], strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)  # sums in another order
    assert iterations == unbroken[2]
    for name, values in unbroken[1].items():
        np.testing.assert_allclose(history[name], values, rtol=1e-4)


@pytest.mark.parametrize("options", [{"accumulate": 2}, {"average_every": 2}])
def test_a_backup_waits_until_all_ranks_have_the_same_weights(tmp_path, options) -> None:
    folder = tmp_path / "backup"
    expected = forked_ranks.run(2, lambda comm: train(comm, **options))[0]
    killed(2, folder, 5, 1, **options)
    weights, _, iterations = resumed(2, folder, 1, **options)
    for found, wanted in zip(weights, expected[0], strict=True):
        np.testing.assert_array_equal(found, wanted)
    assert iterations == expected[2]


def test_a_damaged_backup_is_an_error_on_all_ranks(tmp_path) -> None:
    killed(2, tmp_path, 2, 1)
    path = tmp_path / "backup.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    errors = forked_ranks.run(2, lambda comm: train(comm, BackupAndRestore(tmp_path, 1)))
    assert all("backup.safetensors is damaged or cut off" in str(error) for error in errors)
    path.chmod(0)
    path.unlink()
    path.mkdir()
    errors = forked_ranks.run(2, lambda comm: train(comm, BackupAndRestore(tmp_path, 1)))
    assert isinstance(errors[0], IsADirectoryError)
    assert "rank 0 failed: IsADirectoryError" in str(errors[1])


class Own(gk.utils.PyDataset):
    """Batches of a rank; the second one has one more, and so draws other orders."""

    def __init__(self, rank: int) -> None:
        self.begin, self.count = 9 * rank, 3 + (rank == 1)

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, k: int) -> tuple[Any, Any]:
        rows = slice(self.begin + 3 * k, self.begin + 3 * k + 2)
        return X[rows], Y[rows]


def test_ranks_with_batches_of_their_own_go_on_with_these(tmp_path) -> None:
    def program(comm: Any, *callbacks: gk.Callback) -> Any:
        gk.set_random_seed(7)
        model = make()
        model.fit(Own(comm.rank), epochs=3, verbose=0, distributed=comm, callbacks=list(callbacks))
        return model.get_weights()

    def resume(comm: Any) -> Any:
        return program(comm, BackupAndRestore(tmp_path, 1))

    expected = forked_ranks.run(2, program)[0]
    for error in forked_ranks.run(
        2, lambda comm: program(comm, BackupAndRestore(tmp_path, 1), Crash(5))
    ):
        assert "crash" in str(error)
    for error in forked_ranks.run(3, resume):
        assert "it has 2 ranks with batches of their own, expected 3" in str(error)
    for found, wanted in zip(forked_ranks.run(2, resume)[0], expected, strict=True):
        np.testing.assert_array_equal(found, wanted)

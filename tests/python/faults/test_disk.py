"""Disks that are full, processes killed while they save, damaged files beside whole ones."""

import errno
import os
import re
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import gatedcore as gk
from gatedcore.callbacks import BackupAndRestore, ModelCheckpoint
from gatedcore.saving import SavedFileError
from small_model import X, Y, make


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KiB, or a limit of as much for each file where nobody may mount."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    command = [mount or "mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder]
    mounted = os.geteuid() == 0 and mount and not subprocess.run(command, check=False).returncode
    kept = resource.getrlimit(resource.RLIMIT_FSIZE)
    if not mounted:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, kept[1]))
    yield folder
    resource.setrlimit(resource.RLIMIT_FSIZE, kept)
    if mounted:
        subprocess.run(["umount", folder], check=True)


def large() -> gk.Sequential:
    model = gk.Sequential([gk.LSTM(100, input_shape=(None, 2)), gk.Dense(1)])
    model.compile("adam", "mse")
    return model


def test_a_save_on_a_full_disk_leaves_the_old_file(full: Path) -> None:
    path = full / "model.safetensors"
    make().save(path)
    before = path.read_bytes()
    for save in (large().save, large().save_weights):
        with pytest.raises(OSError, match=re.escape(str(path))) as caught:
            save(path)
        assert caught.value.errno in (errno.ENOSPC, errno.EFBIG)
    assert path.read_bytes() == before
    assert os.listdir(full) == ["model.safetensors"]
    gk.load_model(path)


@pytest.mark.parametrize("kind", [ModelCheckpoint, BackupAndRestore])
def test_training_that_cannot_save_says_so_and_keeps_its_weights(full: Path, kind: type) -> None:
    path = full if kind is BackupAndRestore else full / "model.safetensors"
    model, other = large(), large()
    other.set_weights(model.get_weights())
    with pytest.raises(OSError, match=re.escape(str(full))):
        model.fit(X, Y, batch_size=20, epochs=3, shuffle=False, verbose=0, callbacks=[kind(path)])
    assert os.listdir(full) == []
    other.fit(X, Y, batch_size=20, shuffle=False, verbose=0)
    for one, expected in zip(model.weights, other.weights, strict=True):
        np.testing.assert_array_equal(one, expected)
    model.fit(X, Y, verbose=0)


SAVING = """
import sys
import gatedcore as gk
first = gk.Sequential([gk.LSTM(100, input_shape=(None, 2)), gk.Dense(1)])
first.save(sys.argv[1])
print("saved", flush=True)
while True:
    first.save(sys.argv[1])
"""


def test_a_process_killed_while_it_saves_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    rng = np.random.default_rng(0)
    for _ in range(6):
        child = subprocess.Popen([sys.executable, "-c", SAVING, path], stdout=subprocess.PIPE)
        assert child.stdout is not None
        with child.stdout as output:
            assert output.readline() == b"saved\n"
        time.sleep(rng.uniform(0, 0.05))
        child.kill()
        child.wait()
        assert gk.load_model(path).predict(X).shape == (20, 1)
    others = [name for name in os.listdir(tmp_path) if name != path.name]
    assert all(name.startswith(".model.safetensors.unfinished-") for name in others)
    make().save(path)  # what the killed ones left is in nobody's way
    gk.load_model(path)


def test_a_damaged_checkpoint_beside_a_whole_one(tmp_path: Path) -> None:
    callback = ModelCheckpoint(tmp_path / "{epoch}.safetensors")
    model = make()
    model.fit(X, Y, epochs=2, verbose=0, callbacks=[callback])
    damaged, whole = tmp_path / "2.safetensors", tmp_path / "1.safetensors"
    data = bytearray(damaged.read_bytes())
    data[-1] ^= 1
    damaged.write_bytes(data)
    with pytest.raises(SavedFileError, match=rf"{damaged} is damaged.*save it again"):
        gk.load_model(damaged)
    other = make()
    before = other.get_weights()
    with pytest.raises(SavedFileError, match=str(damaged)):
        other.load_weights(damaged)
    for one, expected in zip(other.weights, before, strict=True):
        np.testing.assert_array_equal(one, expected)
    gk.load_model(whole).fit(X, Y, verbose=0)


def test_a_damaged_backup_says_how_to_go_on(tmp_path: Path) -> None:
    backup = BackupAndRestore(tmp_path, delete_checkpoint=False)
    make().fit(X, Y, verbose=0, callbacks=[backup])
    path = tmp_path / "backup.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(SavedFileError, match=rf"{path} is damaged .*remove it to start anew"):
        make().fit(X, Y, verbose=0, callbacks=[backup])
    path.unlink()
    make().fit(X, Y, verbose=0, callbacks=[backup])

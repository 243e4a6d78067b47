"""Damaged and hostile files: an error or a model, no crash, and no more memory than a few files.

Each mutation is drawn from its number, so a failure repeats with the number in its message.
"""

import random
import resource
import tracemalloc

import numpy as np
import pytest

import gatedcore as gk
from damage import damaged, damaged_tree
from gatedcore.interop.convert.foreign import FACTOR, SLACK
from gatedcore.interop.gate_order import keras_to_torch
from keras_files import archive_of, config_of, legacy_of, store_of

MUTATIONS = 100  # of each kind of file
# Of what HDF5 allocates outside of Python's count: far above what these files need, far below the
# gigabytes that a damaged length asks for.
MOST_OUTSIDE = 64 << 20


def model():
    return gk.Sequential(
        [
            gk.Bidirectional(gk.LSTM(4, return_sequences=True), input_shape=(5, 3), name="both"),
            gk.TimeDistributed(gk.Dense(3, name="inner"), name="steps"),
            gk.GRU(2, name="gru"),
            gk.Dense(1, name="out", kernel_regularizer="l2"),
        ]
    )


def torch_weights(layer):
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    return dict(zip(names, keras_to_torch("gru", *layer.get_weights()), strict=True))


@pytest.fixture
def h5py():
    return pytest.importorskip("h5py", reason="h5py is not installed")


def attack(path, files, read):
    """Read each file; return how many were refused."""
    refused, before = 0, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number, data in enumerate(files):
        path.write_bytes(data)
        said = None
        tracemalloc.start()
        try:
            read(path)
        except ValueError as error:
            said = str(error)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak <= FACTOR * len(data) + SLACK, f"mutation {number} took {peak} bytes"
        assert said is None or said.startswith(("from_keras: ", "from_torch: ", "load_weights: "))
        refused += said is not None
    outside = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert outside * 1024 <= MOST_OUTSIDE
    return refused


def mutations(data):
    return (damaged(data, random.Random(number)) for number in range(MUTATIONS))


def read_keras(path):
    gk.from_keras(path)


# Numbers within weights may be anything, so some of the damaged files are models.


@pytest.mark.filterwarnings("ignore:from_keras. the model is not compiled:UserWarning")
@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
class TestKeras:
    def test_whole_files_are_what_is_damaged(self, h5py, tmp_path):
        ours = model()
        path = tmp_path / "a.keras"
        path.write_bytes(archive_of(config_of(ours), store_of(h5py, ours)))
        found = gk.from_keras(path)
        for a, b in zip(found.get_weights(), ours.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
        path = tmp_path / "a.h5"
        path.write_bytes(legacy_of(h5py, ours))
        assert gk.from_keras(path).optimizer is not None

    def test_archives(self, h5py, tmp_path):
        data = archive_of(config_of(model()), store_of(h5py, model()))
        assert attack(tmp_path / "a.keras", mutations(data), read_keras) > MUTATIONS // 2

    def test_stores_within_archives(self, h5py, tmp_path):
        config, store = config_of(model()), store_of(h5py, model())
        files = (archive_of(config, data) for data in mutations(store))
        assert attack(tmp_path / "a.keras", files, read_keras) > MUTATIONS // 4

    def test_configs_within_archives(self, h5py, tmp_path):
        config, store = config_of(model()), store_of(h5py, model())
        rngs = map(random.Random, range(MUTATIONS))
        files = (archive_of(damaged_tree(config, rng), store) for rng in rngs)
        assert attack(tmp_path / "a.keras", files, read_keras) > MUTATIONS // 4

    def test_old_files(self, h5py, tmp_path):
        data = legacy_of(h5py, model())
        assert attack(tmp_path / "a.h5", mutations(data), read_keras) > MUTATIONS // 4

    def test_weights_alone(self, h5py, tmp_path):
        target = model()
        data = store_of(h5py, model())
        refused = attack(tmp_path / "a.weights.h5", mutations(data), target.load_weights)
        assert refused > MUTATIONS // 4


def test_safetensors(tmp_path):
    from safetensors.numpy import save

    data = save(torch_weights(gk.Sequential([gk.GRU(8, input_shape=(None, 3))]).layers[0]))
    assert attack(tmp_path / "a.safetensors", mutations(data), gk.from_torch) > MUTATIONS // 4


def test_state_dicts(tmp_path):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    torch.save(torch.nn.GRU(3, 8).state_dict(), tmp_path / "a.pt")
    data = (tmp_path / "a.pt").read_bytes()
    assert attack(tmp_path / "b.pt", mutations(data), gk.from_torch) > MUTATIONS // 4

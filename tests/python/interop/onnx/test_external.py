"""Elements in files beside the model: read from there, from nowhere else, and not twice."""

import os
import tracemalloc

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed")

from onnx import TensorProto

import gatedcore as gk
from gatedcore.interop.onnx.external import Beside

DATA = np.arange(6, dtype=np.float32)


def tensor(**entries):
    made = TensorProto(name="t", data_type=TensorProto.FLOAT, dims=[3])
    for key, value in entries.items():
        made.external_data.add(key=key, value=str(value))
    return made


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "data").write_bytes(DATA.tobytes())
    (tmp_path / "outside").write_bytes(DATA.tobytes())
    (tmp_path / "inside" / "link").symlink_to(tmp_path / "outside")
    os.mkfifo(tmp_path / "inside" / "pipe")
    return tmp_path / "inside"


def read(folder, size=12, **entries):
    return np.frombuffer(Beside(folder).read("here", tensor(**entries), size), np.float32)


def test_elements_are_where_it_is_said(folder):
    assert read(folder, location="data").tolist() == [0, 1, 2]
    assert read(folder, location="data", offset=8, length=12).tolist() == [2, 3, 4]
    assert read(folder, 0, location="data").size == 0


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "..", ".", "", "a/../data", "a\\b"])
def test_nothing_is_read_elsewhere(folder, name):
    with pytest.raises(ValueError, match=r"here: elements stand in .*, expected a file beside"):
        read(folder, location=name)


def test_where_there_are_no_flags_for_it_links_are_not_followed(folder, monkeypatch):
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC"):
        monkeypatch.delattr(os, name)
    assert read(folder, location="data").tolist() == [0, 1, 2]
    with pytest.raises(OSError, match="link"):
        read(folder, location="link")


def test_links_and_pipes_are_not_followed(folder):
    with pytest.raises(OSError, match="link"):
        read(folder, location="link")
    with pytest.raises(ValueError, match="expected such as are there"):
        read(folder, location="pipe")
    with pytest.raises((ValueError, OSError)):
        read(folder.parent, location="inside")
    with pytest.raises(FileNotFoundError):
        read(folder, location="absent")


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"offset": 16}, "bytes 16 to 28 of .* which has 24"),
        ({"length": 8}, "8 bytes in 'data', expected 12 for its shape"),
        ({"offset": -4}, "offset is '-4', expected a number"),
        ({"offset": "9" * 30}, "offset is '9+', expected a number"),
        ({"checksum": "0"}, r"come with \['checksum', 'location'\], expected length, location"),
    ],
)
def test_what_does_not_fit_is_named(folder, entries, message):
    with pytest.raises(ValueError, match=f"here: .*{message}"):
        read(folder, location="data", **entries)
    twice = tensor(location="data")
    twice.external_data.add(key="location", value="data")
    with pytest.raises(ValueError, match="once each"):
        Beside(folder).read("here", twice, 12)


def test_no_bytes_are_taken_for_several_tensors(folder):
    beside = Beside(folder)
    beside.read("here", tensor(location="data"), 12)
    beside.read("here", tensor(location="data", offset=12), 12)
    with pytest.raises(ValueError, match="which has 24, 0 of them not taken yet"):
        beside.read("here", tensor(location="data"), 12)


def saved(tmp_path):
    model = gk.Sequential([gk.Input((None, 3)), gk.LSTM(40), gk.Dense(1)])
    path = tmp_path / "model.onnx"
    onnx.save(gk.onnx.export(model), path, save_as_external_data=True, size_threshold=0)
    return model, path


def test_models_with_their_elements_beside_them(tmp_path):
    model, path = saved(tmp_path)
    assert len(list(tmp_path.iterdir())) > 1
    x = np.ones((2, 5, 3), np.float32)
    np.testing.assert_array_equal(gk.onnx.load(path)(x), model(x))
    with pytest.raises(ValueError, match="pass the path of the model"):
        gk.onnx.load(path.read_bytes())


def test_a_model_that_claims_one_file_many_times_takes_no_more_than_it(tmp_path):
    _, path = saved(tmp_path)
    made = onnx.load(path, load_external_data=False)
    largest = max(made.graph.initializer, key=lambda one: np.prod(one.dims))
    for k in range(1000):
        made.graph.initializer.add().CopyFrom(largest)
        made.graph.initializer[-1].name = f"copy_{k}"
    path.write_bytes(made.SerializeToString())
    size = sum(one.stat().st_size for one in tmp_path.iterdir())
    tracemalloc.start()
    with pytest.raises(ValueError, match="no other tensor has"):
        gk.onnx.load(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6 * size + 200_000

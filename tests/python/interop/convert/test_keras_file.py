"""Files of Keras, whole and damaged."""

import io
import json
import zipfile

import numpy as np
import pytest

from gatedcore.archive import SavedFileError
from gatedcore.interop.convert.foreign import FACTOR, SLACK
from gatedcore.interop.convert.keras_file import opened

h5py = pytest.importorskip("h5py", reason="h5py is not installed")

CONFIG = {"class_name": "Sequential", "config": {"layers": []}, "compile_config": {"loss": "mse"}}
OTHERS = {"metadata.json": '{"keras_version": "3.15.1"}'}
DENSE = {"class_name": "Dense", "config": {"name": "d"}}


def store():
    data = io.BytesIO()
    with h5py.File(data, "w") as file:
        file["layers/dense/vars/0"] = np.float32(3)
    return data.getvalue()


def archive(path, members, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return str(path)


def whole(path, compression=zipfile.ZIP_STORED):
    members = {"config.json": json.dumps(CONFIG), **OTHERS, "model.weights.h5": store()}
    return archive(path, members, compression)


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_an_archive_of_keras_3(tmp_path, compression):
    with opened("from_x", whole(tmp_path / "m.keras", compression)) as file:
        assert file.config == CONFIG
        assert file.compiled == {"loss": "mse"}
        assert file.version == "3.15.1"
        assert [file.weights.read(s) for s in file.weights.of("dense", DENSE)] == [3]


def test_weights_of_keras_3(tmp_path):
    path = tmp_path / "m.weights.h5"
    path.write_bytes(store())
    with opened("from_x", str(path)) as file:
        assert file.config is None
        assert [file.weights.read(s) for s in file.weights.of("dense", DENSE)] == [3]


def test_a_whole_model_of_keras_2(tmp_path):
    path = str(tmp_path / "m.h5")
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(CONFIG)
        file.attrs["training_config"] = '{"loss": "mae"}'
        file.attrs["keras_version"] = "2.15.0"
        file["model_weights/d/d/kernel:0"] = np.float32(5)
        file["model_weights/d"].attrs["weight_names"] = ["d/kernel:0"]
    with opened("from_x", path) as file:
        assert file.config == CONFIG
        assert file.compiled == {"loss": "mae"}
        assert file.version == "2.15.0"
        assert [file.weights.read(s) for s in file.weights.of("dense", DENSE)] == [5]


def refuse(path, message):
    with pytest.raises(SavedFileError, match=message), opened("from_x", str(path)):
        pass


def test_members_must_be_there_once(tmp_path):
    path = archive(tmp_path / "a.keras", {"config.json": "{}", **OTHERS})
    refuse(path, r"has 0 members model\.weights\.h5")
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as file:
        file.writestr("config.json", "{}")
    refuse(path, r"has 2 members config\.json")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", r"config\.json: .*expected JSON"),
        ("[]", r"has no dict in config\.json"),
        ("[" * 100_000, r"is damaged or no such file \(config\.json: "),
        (b"\xff\xfe\x00", r"config\.json: "),
    ],
)
def test_configs_that_are_none(tmp_path, text, message):
    refuse(
        archive(tmp_path / "a.keras", {"config.json": text, **OTHERS, "model.weights.h5": store()}),
        message,
    )


def test_an_archive_that_unfolds_is_refused(tmp_path):
    bomb = b" " * (SLACK + FACTOR * 100_000)
    members = {"config.json": bomb, **OTHERS, "model.weights.h5": store()}
    path = archive(tmp_path / "a.keras", members, zipfile.ZIP_DEFLATED)
    refuse(path, r"claims \d+ bytes of config\.json, expected at most .* made to fill the memory")


def test_a_member_that_lies_about_its_size_is_refused(tmp_path):
    path = whole(tmp_path / "a.keras", zipfile.ZIP_DEFLATED)
    data = bytearray((tmp_path / "a.keras").read_bytes())
    place = data.find(b"PK\x01\x02")  # the directory, whose first entry is the config
    data[place + 24 : place + 28] = (5).to_bytes(4, "little")
    (tmp_path / "a.keras").write_bytes(data)
    refuse(path, "is damaged or no such file")


def test_a_file_that_is_cut_off(tmp_path):
    data = (whole(tmp_path / "a.keras"), (tmp_path / "a.keras").read_bytes())[1]
    for size in range(0, len(data), 97):
        (tmp_path / "b.keras").write_bytes(data[:size])
        refuse(tmp_path / "b.keras", "is damaged or no such file")


def test_hdf5_of_something_else(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"] = 1.0
    refuse(tmp_path / "a.h5", "holds neither, expected a model or weights of Keras")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError), opened("from_x", str(tmp_path / "a.keras")):
        pass


def test_what_keras_2_called_so_is_not_read_as_keras_3_does(tmp_path):
    import gatedcore as gk

    config = {"class_name": "LSTM", "config": {"name": "a", "units": 2, "activation": "tanh"}}
    config["config"] |= {"batch_input_shape": [None, 5, 3], "recurrent_activation": "hard_sigmoid"}
    rows = {"class_name": "Sequential", "config": {"name": "m", "layers": [config]}}
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.attrs["keras_version"] = "2.2.4"
        file.attrs["model_config"] = json.dumps(rows)
        shapes = {"kernel": (3, 8), "recurrent_kernel": (2, 8), "bias": (8,)}
        for name, shape in shapes.items():
            file[f"model_weights/a/{name}"] = np.zeros(shape, np.float32)
        file["model_weights/a"].attrs["weight_names"] = list(shapes)
    for read in (gk.from_keras, gk.Sequential([gk.LSTM(2, input_shape=(5, 3))]).load_weights):
        with pytest.raises(SavedFileError, match="recurrent_activation='hard_sigmoid', which is"):
            read(tmp_path / "a.h5")
    with h5py.File(tmp_path / "a.h5", "a") as file:
        file.attrs["keras_version"] = "3.0.0"
    assert gk.from_keras(tmp_path / "a.h5").layers[0].recurrent_activation == "hard_sigmoid"

"""Where Keras's files keep weights."""

import io

import numpy as np
import pytest

from gatedcore.interop.convert.foreign import Budget
from gatedcore.interop.convert.hdf5 import Hdf5
from gatedcore.interop.convert.keras_weights import (
    Keras3Weights,
    LegacyWeights,
    keys_of,
    places_of,
    snake_case,
)


def config(kind, name="one", **options):
    return {"class_name": kind, "config": {"name": name, **options}}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("LSTM", "lstm"),
        ("LSTMCell", "lstm_cell"),
        ("GRUCell", "gru_cell"),
        ("SimpleRNN", "simple_rnn"),
        ("TimeDistributed", "time_distributed"),
        ("SpatialDropout1D", "spatial_dropout1d"),
        ("GlobalAveragePooling1D", "global_average_pooling1d"),
        ("ReLU", "re_lu"),
        ("RNN", "rnn"),
    ],
)
def test_classes_in_snake_case(name, expected):
    assert snake_case(name) == expected


def test_keys_are_numbered_by_class():
    kinds = ["Dense", "LSTM", "Dense", "LSTMCell", "Dense"]
    expected = ["dense", "lstm", "dense_1", "lstm_cell", "dense_2"]
    assert keys_of([config(kind) for kind in kinds]) == expected


CELLS = [config("LSTMCell"), config("GRUCell"), config("LSTMCell")]
STACKED = [f"cell/cells/{key}/vars" for key in ("lstm_cell", "gru_cell", "lstm_cell_1")]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (config("Dense"), ["vars"]),
        (config("LSTM"), ["cell/vars"]),
        (config("RNN", cell=config("GRUCell")), ["cell/vars"]),
        (config("RNN", cell=CELLS), STACKED),
        (config("RNN", cell=config("StackedRNNCells", cells=CELLS)), STACKED),
        (config("TimeDistributed", layer=config("Dense")), ["layer/vars"]),
        (
            config("Bidirectional", layer=config("LSTM")),
            ["forward_layer/cell/vars", "backward_layer/cell/vars"],
        ),
        (
            config("Bidirectional", layer=config("LSTM"), backward_layer=config("Dense")),
            ["forward_layer/cell/vars", "backward_layer/vars"],
        ),
    ],
)
def test_places_within_a_layer(data, expected):
    assert places_of(data) == expected


def file_with(values, attributes=()):
    h5py = pytest.importorskip("h5py", reason="h5py is not installed")
    data = io.BytesIO()
    with h5py.File(data, "w") as file:
        for path, value in values.items():
            file[path] = np.float32(value)
        for path, name, value in attributes:
            file.require_group(path).attrs[name] = value
    return Hdf5(data, Budget("from_x", "x.h5", 10_000))


def test_a_store_of_keras_3():
    weights = Keras3Weights(
        file_with(
            {
                "layers/lstm/cell/vars/0": 1,
                "layers/lstm/cell/vars/1": 2,
                "layers/lstm/cell/seed_generator/vars/0": 9,
                "layers/sequential/layers/dense/vars/0": 3,
            }
        )
    )
    found = weights.of("lstm", config("LSTM"))
    assert [float(weights.read(stored)) for stored in found] == [1, 2]
    within = weights.within("sequential", config("Sequential"))
    assert [float(within.read(s)) for s in within.of("dense", config("Dense"))] == [3]
    assert weights.of("absent", config("Dense")) == []


def test_a_file_of_keras_2():
    paths = ["two/b/kernel:0", "two/a/kernel:0"]
    weights = LegacyWeights(
        file_with(
            {
                "model_weights/one/one/x/kernel:0": 1,
                "model_weights/two/two/a/kernel:0": 2,
                "model_weights/two/two/b/kernel:0": 3,
            },
            [
                ("model_weights/one", "weight_names", ["one/x/kernel:0"]),
                ("model_weights/two", "weight_names", paths),
            ],
        ),
        "model_weights",
    )
    assert [float(weights.read(s)) for s in weights.of("", config("Dense", "one"))] == [1]
    within = weights.within("", config("Sequential", "two"))
    assert [float(within.read(s)) for s in within.of("", config("Dense", "a"))] == [2]
    assert [float(within.read(s)) for s in within.of("", config("Dense", "b"))] == [3]
    assert weights.of("", config("Dense", "absent")) == []


@pytest.mark.filterwarnings("default")  # Keras is not made for the newest NumPy
def test_a_model_in_memory():
    from keras_models import made

    keras = pytest.importorskip("keras", reason="Keras is not installed")
    from gatedcore.interop.convert.keras_weights import LiveWeights

    model, _ = made(keras, "lstm")
    weights = LiveWeights(model)
    found = weights.of("", config("LSTM", model.layers[0].name))
    for stored, array in zip(found, model.get_weights(), strict=True):
        np.testing.assert_array_equal(weights.read(stored), array)
    assert found[0].name.endswith("lstm_cell/kernel")

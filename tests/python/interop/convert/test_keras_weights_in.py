"""Weights alone out of Keras's files."""

import numpy as np
import pytest

import gatedcore as gk
from gatedcore.archive import SavedFileError
from keras_models import GRAPHS, MODELS, made

pytestmark = pytest.mark.filterwarnings("default")  # other frameworks warn as they like

keras = pytest.importorskip("keras", reason="Keras is not installed")
h5py = pytest.importorskip("h5py", reason="h5py is not installed")

# In the other ones a model stands among the layers, which a file of weights tells by no name.
FLAT = [*MODELS, *GRAPHS]
for nested in ("rows-within", "encoder_decoder", "graph_in_a_row", "models_called_twice"):
    FLAT.remove(nested)


def zeroed(model):
    for weight in model.weights:
        weight[...] = 0
    return model


def assert_same_weights(ours, expected):
    for a, b in zip(ours.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", FLAT)
def test_a_file_of_weights(name, tmp_path):
    theirs, _ = made(keras, name)
    theirs.save_weights(tmp_path / "a.weights.h5")
    expected = gk.from_keras(theirs)
    ours = zeroed(gk.from_keras(theirs))
    ours.load_weights(tmp_path / "a.weights.h5")
    assert_same_weights(ours, expected)


@pytest.mark.parametrize("ending", ["keras", "h5"])
@pytest.mark.parametrize("name", ["encoder_decoder", "normalization"])
def test_a_whole_model_may_have_others_within_it(name, ending, tmp_path):
    theirs, _ = made(keras, name)
    path = tmp_path / f"a.{ending}"
    theirs.save(path)
    ours = zeroed(gk.from_keras(theirs))
    ours.load_weights(path)
    assert_same_weights(ours, gk.from_keras(theirs))


def test_moments_come_with_the_weights(tmp_path):
    theirs, _ = made(keras, "normalization")
    theirs.save_weights(tmp_path / "a.weights.h5")
    ours = gk.from_keras(theirs)
    adapted = ours.layers[1]
    before = adapted.mean.copy()
    adapted.adapt(np.zeros((2, 3)))
    ours.load_weights(tmp_path / "a.weights.h5")
    np.testing.assert_array_equal(adapted.mean, before)


def test_weights_as_keras_2_writes_them(tmp_path):
    ours = gk.Sequential([gk.LSTM(2, input_shape=(None, 3)), gk.Dropout(0.1), gk.Dense(1)])
    arrays = [np.full_like(w, k) for k, w in enumerate(ours.get_weights())]
    names = ["lstm_7/lstm_cell/kernel:0", "lstm_7/lstm_cell/recurrent_kernel:0"]
    names += ["lstm_7/lstm_cell/bias:0", "dense_7/kernel:0", "dense_7/bias:0"]
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.attrs["layer_names"] = ["lstm_7", "dropout_7", "dense_7"]
        for name, array in zip(names, arrays, strict=True):
            file[f"{name.split('/')[0]}/{name}"] = array
        file["lstm_7"].attrs["weight_names"] = names[:3]
        file["dense_7"].attrs["weight_names"] = names[3:]
        file.create_group("dropout_7").attrs["weight_names"] = []
    ours.load_weights(tmp_path / "a.h5")
    for a, b in zip(ours.get_weights(), arrays, strict=True):
        np.testing.assert_array_equal(a, b)
    shorter = gk.Sequential([gk.LSTM(2, input_shape=(None, 3))])
    with pytest.raises(SavedFileError, match="the file has 5 weights, expected 3"):
        shorter.load_weights(tmp_path / "a.h5")


@pytest.mark.parametrize("ending", ["weights.h5", "keras"])
def test_weights_of_another_model_change_nothing(ending, tmp_path):
    theirs, _ = made(keras, "lstm")
    path = tmp_path / f"a.{ending}"
    (theirs.save_weights if ending == "weights.h5" else theirs.save)(path)
    ours = gk.Sequential([gk.LSTM(4, input_shape=(None, 3), use_bias=False), gk.Dense(2)])
    before = ours.get_weights()
    with pytest.raises(SavedFileError, match="use the file of a model of the same layers"):
        ours.load_weights(path)
    for a, b in zip(ours.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_model_must_be_built(tmp_path):
    with pytest.raises(ValueError, match="load_weights: model has no weights yet"):
        gk.Sequential([gk.LSTM(3)]).load_weights(tmp_path / "a.weights.h5")


def test_load_model_reads_files_of_keras(tmp_path):
    theirs, x = made(keras, "lstm")
    theirs.compile("adam", "mse")
    theirs.save(tmp_path / "a.keras")
    ours = gk.load_model(tmp_path / "a.keras")
    np.testing.assert_allclose(ours.predict(x), theirs.predict(x, verbose=0), atol=1e-5)
    assert ours.optimizer is not None
    assert gk.load_model(tmp_path / "a.keras", compile=False).optimizer is None

"""Models of Keras in, from memory and from files: the same weights, the same outputs."""

import json
import subprocess
import sys

import numpy as np
import pytest

import gatedcore as gk
from keras_models import GRAPHS, MODELS, SERIES, made, outputs

pytestmark = pytest.mark.filterwarnings("default")  # other frameworks warn as they like

keras = pytest.importorskip("keras", reason="Keras is not installed")
h5py = pytest.importorskip("h5py", reason="h5py is not installed")

SOURCES = ["live", "keras", "h5"]


def source_of(model, how, folder):
    if how == "live":
        return model
    path = str(folder / f"model.{how}")
    model.save(path)
    return path


def weights_in_order(model):
    """Return Keras's weights layer by layer, without what Normalization was adapted to."""
    if hasattr(model, "layers"):
        return [w for layer in model.layers for w in weights_in_order(layer)]
    return [] if isinstance(model, keras.layers.Normalization) else model.get_weights()


@pytest.mark.parametrize("how", SOURCES)
@pytest.mark.parametrize("name", [*MODELS, *GRAPHS])
def test_weights_are_equal_and_outputs_agree(name, how, tmp_path):
    if name == "float64" and keras.backend.backend() == "jax":
        pytest.skip("JAX computes in float32 unless it is told otherwise")
    theirs, x = made(keras, name)
    ours = gk.from_keras(source_of(theirs, how, tmp_path))
    by_shape = sorted(weights_in_order(theirs), key=lambda w: (w.shape, w.tobytes()))
    for a, b in zip(
        sorted(ours.get_weights(), key=lambda w: (w.shape, w.tobytes())), by_shape, strict=True
    ):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)
    expected, found = theirs.predict(x, verbose=0), ours.predict(x)
    assert isinstance(found, type(expected))
    for a, b in zip(outputs(found), outputs(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


def test_every_layer_that_is_here_is_tested():
    def kinds(config):
        if isinstance(config, list):
            return set().union(*map(kinds, config))
        if not isinstance(config, dict):
            return set()
        own = {config["class_name"]} if "class_name" in config else set()
        return own.union(*map(kinds, config.values()))

    tested = set()
    for make in (*MODELS.values(), *GRAPHS.values()):
        tested |= kinds(json.loads(make(keras)[0].to_json()))
    here = {
        kind.__name__
        for kind in map(vars(gk.layers).get, gk.layers.__all__)
        if isinstance(kind, type) and issubclass(kind, gk.layers.Layer)
    }
    # The first two are bases; Lambda is code.
    assert here - tested == {"Layer", "Wrapper", "Lambda"}


def test_names_rules_and_first_values_come_over():
    theirs, _ = made(keras, "gru-before")
    layer = gk.from_keras(theirs).layers[0]
    assert layer.name == theirs.layers[0].name
    assert isinstance(layer.kernel_regularizer, gk.regularizers.L1L2)
    assert (layer.dropout, layer.recurrent_dropout) == (0.1, 0.2)
    assert layer.recurrent_initializer.gain == 2.0
    assert layer.kernel_constraint.max_value == 2


def test_frozen_layers_stay_frozen():
    theirs, _ = made(keras, "dense")
    theirs.layers[1].trainable = False
    ours = gk.from_keras(theirs)
    assert [layer.trainable for layer in ours.layers] == [True, False, True, True]


@pytest.mark.parametrize("how", SOURCES)
def test_what_compile_was_told_comes_over(how, tmp_path):
    theirs, x = made(keras, "tokens")
    theirs.compile(
        keras.optimizers.Adam(0.01, clipnorm=1.0),
        loss=keras.losses.BinaryCrossentropy(label_smoothing=0.1),
        metrics=["mae", keras.metrics.AUC(num_thresholds=50, name="area")],
    )
    ours = gk.from_keras(source_of(theirs, how, tmp_path))
    assert ours.optimizer.learning_rate == pytest.approx(0.01)
    assert ours.optimizer.clipnorm == 1.0
    y = np.array([[0.0], [1.0], [1.0]], np.float32)
    expected = theirs.evaluate(x, y, verbose=0, return_dict=True)
    found = ours.evaluate(x, y, verbose=0, return_dict=True)
    assert found["loss"] == pytest.approx(expected["loss"], abs=1e-5)
    assert found["mae"] == pytest.approx(expected["mae"], abs=1e-5)
    assert gk.from_keras(source_of(theirs, how, tmp_path), compile=False).optimizer is None


def test_what_compile_has_no_word_for_is_left_out_with_a_warning():
    theirs, _ = made(keras, "dense")
    theirs.compile("adam", loss="dice")
    with pytest.warns(UserWarning, match="the model is not compiled as Keras's was: .*dice"):
        ours = gk.from_keras(theirs)
    assert ours.optimizer is None


def test_a_model_without_weights_yet_has_none_here():
    theirs = keras.Sequential([keras.layers.LSTM(4), keras.layers.Dense(1)])
    assert not gk.from_keras(theirs).built


def test_training_goes_on_where_keras_stopped():
    theirs, x = made(keras, "lstm")
    theirs.compile("sgd", "mse")
    ours = gk.from_keras(theirs)
    y = np.ones((3, 4), np.float32)
    before = ours.evaluate(x, y, verbose=0)
    ours.fit(x, y, epochs=3, verbose=0)
    assert ours.evaluate(x, y, verbose=0) < before


def test_a_file_is_read_without_keras(tmp_path):
    theirs, x = made(keras, "bidirectional")
    path = tmp_path / "model.keras"
    theirs.save(path)
    np.save(tmp_path / "x.npy", x)
    code = (
        "import sys, numpy as np, gatedcore as gk\n"
        f"y = gk.from_keras({str(path)!r}).predict(np.load({str(tmp_path / 'x.npy')!r}))\n"
        "assert not {'keras', 'torch', 'tensorflow', 'jax'} & set(sys.modules)\n"
        f"np.save({str(tmp_path / 'y.npy')!r}, y)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    np.testing.assert_allclose(
        np.load(tmp_path / "y.npy"), theirs.predict(x, verbose=0), rtol=1e-5, atol=1e-5
    )


def model_of(*layers, x=SERIES):
    return keras.Sequential([keras.layers.Input(x.shape[1:]), *layers])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda L: model_of(L.Conv1D(4, 2, name="scan")),
            r"layer 'scan' \(Conv1D\): a Conv1D has no counterpart, expected one of .*LSTM",
        ),
        (
            lambda L: model_of(L.Lambda(lambda x: x + 1, name="add")),
            r"layer 'add' \(Lambda\): a Lambda is code",
        ),
        (
            lambda L: model_of(L.LayerNormalization(axis=1)),
            r"layer 'layer_normalization\w*' .*axis=\[1\] is not supported, expected the last one",
        ),
        (
            lambda L: model_of(L.LSTM(2, dtype="mixed_float16")),
            r"layer 'lstm\w*' \(LSTM\): .*mixed_float16",
        ),
        (
            lambda L: model_of(L.LSTM(2, activity_regularizer="l2")),
            r"layer 'lstm\w*' \(LSTM\): .*activity_regularizer",
        ),
    ],
)
def test_what_has_no_counterpart_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        gk.from_keras(make(keras.layers))


def test_a_mask_that_is_computed_otherwise_is_refused():
    x = keras.layers.Input((5, 3))
    mask = keras.ops.any(keras.ops.not_equal(x, 2.0), axis=-1)
    theirs = keras.Model(x, keras.layers.LSTM(2)(x, mask=mask))
    with pytest.raises(ValueError, match="a mask comes from 'any"):
        gk.from_keras(theirs)


def test_classes_of_ones_own_are_refused_unless_named():
    class Doubled(keras.layers.Layer):
        def call(self, x):
            return 2 * x

    class Ours(gk.layers.Layer):
        def call(self, x):
            return 2 * x

    theirs = model_of(Doubled(name="twice"))
    with pytest.raises(ValueError, match=r"layer 'twice' \(Doubled\): a Doubled has no"):
        gk.from_keras(theirs)
    ours = gk.from_keras(theirs, custom_objects={"Doubled": Ours})
    np.testing.assert_array_equal(ours.predict(SERIES), 2 * SERIES)


def test_a_subclassed_model_is_refused():
    class Own(keras.Model):
        def call(self, x):
            return x

    with pytest.raises(ValueError, match="is a Own, expected a Sequential or functional model"):
        gk.from_keras(Own())


def test_what_is_no_model_is_refused(tmp_path):
    with pytest.raises(TypeError, match="has type int, expected a Keras model or the path"):
        gk.from_keras(3)
    with pytest.raises(ValueError, match=r"'model\.pt' is no name of a Keras file"):
        gk.from_keras("model.pt")
    with pytest.raises(ValueError, match="holds weights alone, expected a whole model"):
        gk.from_keras(tmp_path / "model.weights.h5")
    with pytest.raises(FileNotFoundError):
        gk.from_keras(tmp_path / "absent.keras")

"""Models of ours as Keras models: the same weights, the same outputs."""

import numpy as np
import pytest

import gatedcore as gk
from gatedcore.interop.convert.keras_out import to_keras
from keras_models import GRAPHS, HOLES, MODELS, SERIES, TOKENS, made, outputs

pytestmark = pytest.mark.filterwarnings("default")  # other frameworks warn as they like

keras = pytest.importorskip("keras", reason="Keras is not installed")


@pytest.mark.parametrize("name", [*MODELS, *GRAPHS])
def test_there_and_back_is_exact(name):
    ours = gk.from_keras(made(keras, name)[0])
    x = made(keras, name)[1]
    theirs = ours.to_keras()
    expected, found = ours.predict(x), theirs.predict(x, verbose=0)
    for a, b in zip(outputs(found), outputs(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)
    back = gk.from_keras(theirs)
    assert [layer.name for layer in back.layers] == [layer.name for layer in ours.layers]
    for a, b in zip(back.get_weights(), ours.get_weights(), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


def test_files_of_all_kinds(tmp_path):
    pytest.importorskip("h5py", reason="h5py is not installed")
    ours = gk.from_keras(made(keras, "bidirectional")[0])
    for ending in ("keras", "h5", "weights.h5"):
        path = tmp_path / f"model.{ending}"
        ours.to_keras(path)
        other = gk.from_keras(made(keras, "bidirectional")[0])
        for weight in other.weights:
            weight[...] = 0
        other.load_weights(path)
        for a, b in zip(other.get_weights(), ours.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
    theirs = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(
        theirs.predict(HOLES, verbose=0), ours.predict(HOLES), rtol=1e-5, atol=1e-5
    )


def test_a_mask_reaches_a_layer_that_is_given_states():
    x = gk.Input((None,), dtype="int32")
    y = gk.Embedding(10, 3, mask_zero=True)(x)
    _, h, c = gk.LSTM(4, return_state=True)(y)
    ours = gk.Model(x, gk.LSTM(4)(y, initial_state=[h, c]))
    theirs = ours.to_keras()
    assert np.array_equal(TOKENS == 0, np.cumsum(TOKENS == 0, axis=1) > 0)  # some end early
    found = theirs.predict(TOKENS, verbose=0)
    np.testing.assert_allclose(found, ours.predict(TOKENS), rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(gk.from_keras(theirs).predict(TOKENS), ours.predict(TOKENS))


def test_what_compile_was_told_comes_over():
    ours = gk.Sequential([gk.LSTM(4, input_shape=(None, 3)), gk.Dense(1)])
    ours.compile(
        gk.Adam(0.01, clipnorm=1.0),
        loss=gk.losses.MeanAbsoluteError(),
        metrics=["mse", gk.metrics.RootMeanSquaredError(name="deviation")],
    )
    theirs = ours.to_keras()
    assert float(theirs.optimizer.learning_rate) == pytest.approx(0.01)
    assert theirs.optimizer.clipnorm == 1.0
    y = np.ones((3, 1), np.float32)
    expected = ours.evaluate(SERIES, y, verbose=0, return_dict=True)
    found = theirs.evaluate(SERIES, y, verbose=0, return_dict=True)
    assert found.keys() == expected.keys()
    for name, value in found.items():
        assert value == pytest.approx(expected[name], abs=1e-5)
    assert not ours.to_keras(compile=False).compiled


@gk.saving.register_serializable("mine")
def largest(y_true, y_pred):
    return np.abs(y_true - y_pred).max(axis=-1)


def test_what_keras_cannot_compile_is_left_out_with_a_warning():
    ours = gk.Sequential([gk.Dense(3, activation="softmax", input_shape=(3,))])
    ours.compile("adam", "mse", metrics=[largest])
    with pytest.warns(UserWarning, match="the Keras model is not compiled as this one: .*largest"):
        theirs = ours.to_keras()
    assert not theirs.compiled


def test_a_model_without_weights_yet_has_none_there():
    assert not gk.Sequential([gk.LSTM(3)]).to_keras().built


def test_states_that_go_on_need_a_size_of_batch():
    ours = gk.Sequential([gk.LSTM(3, stateful=True, name="a", input_shape=(5, 3))])
    with pytest.raises(ValueError, match=r"'a' has stateful=True, .*pass batch_size=\.\.\."):
        ours.to_keras()
    theirs = ours.to_keras(batch_size=3)
    if keras.backend.backend() == "jax":
        pytest.skip("on JAX, Keras's predict does not carry states from call to call")
    for _ in range(2):
        found = theirs.predict(SERIES, verbose=0, batch_size=3)
        expected = ours.predict(SERIES, batch_size=3)
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: gk.LSTM(3, name="a", zoneout_h=0.1), r"to_keras: layer 'a' \(LSTM\): zoneout_h"),
        (
            lambda: gk.Dense(3, name="a", activation="gelu_tanh"),
            r"layer 'a' \(Dense\): Keras says: .*gelu_tanh",
        ),
    ],
)
def test_what_keras_does_not_have_is_named(make, message):
    ours = gk.Sequential([gk.Input((5, 3)), make()])
    with pytest.raises(ValueError, match=message):
        ours.to_keras()


def test_arguments_are_checked(tmp_path):
    ours = gk.Sequential([gk.Dense(1, input_shape=(3,))])
    with pytest.raises(ValueError, match=r"expected one that ends in \.keras"):
        ours.to_keras(tmp_path / "model.pt")
    with pytest.raises(TypeError, match="model has type int, expected a Sequential or a Model"):
        to_keras(3)
    with pytest.raises(ValueError, match="batch_size is 0"):
        ours.to_keras(batch_size=0)

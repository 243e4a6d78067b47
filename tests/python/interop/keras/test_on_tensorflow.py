"""Keras on TensorFlow: eager, in ``tf.function``, under XLA."""

import numpy as np
import pytest

keras = pytest.importorskip("keras")
if keras.config.backend() != "tensorflow":
    pytest.skip("needs KERAS_BACKEND=tensorflow in the environment", allow_module_level=True)
tf = pytest.importorskip("tensorflow")

import gatedcore.keras
from gatedcore.interop.keras import on_tensorflow
from gatedcore.interop.keras.shelf import shelf
from interop.keras.layer_runs import H, I, T, built, series

pytestmark = [
    pytest.mark.usefixtures("accelerated"),
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword"),
]


@pytest.fixture
def layer():
    return built(keras.layers.GRU(H, return_sequences=True))


@pytest.fixture
def x():
    return tf.constant(series().astype("float32"))


def gradients(layer, x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.reduce_sum(layer(x) ** 2)
    return tape.gradient(loss, [x, *(v.value for v in layer.trainable_variables)])


def test_a_function_has_the_gradients_of_an_eager_call(layer, x):
    expected = gradients(layer, x)
    traced = tf.function(lambda x: gradients(layer, x))
    before = gatedcore.keras.stats()
    for _ in range(3):
        for found, wanted in zip(traced(x), expected, strict=True):
            np.testing.assert_allclose(found, wanted, atol=1e-6)
    now = gatedcore.keras.stats()
    assert now.served == before.served + 1  # one trace
    assert now.forward_runs == before.forward_runs + 3
    assert now.backward_runs == before.backward_runs + 3
    assert shelf.nbytes == 0


def test_a_pass_that_the_shelf_let_go_runs_forward_again(layer, x, monkeypatch):
    expected = gradients(layer, x)
    monkeypatch.setattr(shelf, "take", lambda number: None)
    for found, wanted in zip(tf.function(gradients)(layer, x), expected, strict=True):
        np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_the_input_s_gradient_is_computed_where_it_is_wanted(layer, x, monkeypatch):
    asked = []

    def recording(*arguments, need_d_x):
        asked.append(need_d_x)
        return backward(*arguments, need_d_x=need_d_x)

    backward = on_tensorflow.backward
    monkeypatch.setattr(on_tensorflow, "backward", recording)
    expected = gradients(layer, x)
    asked.clear()
    by_weights = tf.function(lambda x: gradients(layer, x)[1:])
    by_all = tf.function(lambda x: gradients(layer, x))
    for _ in range(2):
        for found, wanted in zip(by_weights(x), expected[1:], strict=True):
            np.testing.assert_allclose(found, wanted, atol=1e-6)
    assert asked == [False, False]
    for _ in range(2):
        np.testing.assert_allclose(by_all(x)[0], expected[0], atol=1e-6)
    assert asked[2:] == [False, True, True]  # once computed again


def test_a_function_without_gradients_saves_nothing(layer, x):
    tf.function(layer)(x)
    assert shelf.nbytes == 0
    assert gatedcore.keras.stats().forward_runs == 1


def test_unknown_sizes_stay_unknown(layer):
    shapes = []

    @tf.function(input_signature=[tf.TensorSpec((None, None, I))])
    def call(x):
        y = layer(x)
        shapes.append(y.shape.as_list())
        return y

    assert call(tf.zeros((3, 7, I))).shape == (3, 7, H)
    assert shapes == [[None, None, H]]


def test_xla_is_left_to_keras(layer, x):
    expected = layer(x)
    found = tf.function(layer, jit_compile=True)(x)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    (reason,) = gatedcore.keras.stats().reasons
    assert "jit_compile" in reason


@pytest.mark.parametrize("traced", [False, True])
def test_a_second_derivative_is_an_error(layer, x, traced):
    def second(x):
        with tf.GradientTape() as outer:
            outer.watch(x)
            (first, *_) = gradients(layer, x)
            loss = tf.reduce_sum(first**2)
        return outer.gradient(loss, x)

    with pytest.raises(NotImplementedError, match="a second derivative through a recurrent layer"):
        (tf.function(second) if traced else second)(x)


def test_masks_may_be_of_any_dtype(layer, x):
    mask = np.array([[1, 1, 0, 1, 0], [1, 0, 0, 0, 0]])
    np.testing.assert_array_equal(layer(x, mask=tf.constant(mask)), layer(x, mask=mask > 0))
    assert gatedcore.keras.stats().served == 2


def test_results_are_not_written_to_by_tensorflow(layer, x):
    @tf.function
    def call(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x)
            loss = tf.reduce_sum((y + 1.0) * 2.0 - 3.0)  # may be computed in place
        return tape.gradient(loss, x)

    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.reduce_sum(layer(x)) * 2.0
    np.testing.assert_allclose(call(x), tape.gradient(loss, x), atol=1e-6)


def test_half_precision_is_left_to_keras(x):
    keras.layers.GRU(H, dtype="mixed_float16")(x)
    assert gatedcore.keras.stats().reasons == {"dtype float16": 1}


def test_a_saved_model_holds_operations_of_tensorflow_alone(layer, x, tmp_path):
    model = keras.Sequential([keras.Input((T, I)), layer])
    expected = model(x)
    model.export(tmp_path / "saved", verbose=False)
    loaded = tf.saved_model.load(tmp_path / "saved")
    operations = {
        node.op for node in loaded.signatures["serving_default"].graph.as_graph_def().node
    }
    assert not any("PyFunc" in op for op in operations)
    np.testing.assert_allclose(loaded.serve(x), expected, atol=1e-6)
    assert any("Model.export" in reason for reason in gatedcore.keras.stats().reasons)

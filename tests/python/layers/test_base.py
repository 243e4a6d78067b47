import copy
import pickle
import re
import sys
from types import FrameType

import numpy as np
import pytest

import gatedcore as gk


def test_built_by_the_first_call_and_fixed_from_then_on() -> None:
    layer = gk.Dense(2)
    assert not layer.built
    assert layer.weights == []
    layer(np.ones((1, 3)))
    assert layer.built
    assert layer.input_features == 3
    kept = layer.get_weights()
    layer.build((None, 3))
    for value, before in zip(layer.weights, kept, strict=True):
        np.testing.assert_array_equal(value, before)
    with pytest.raises(ValueError, match=r"input has shape \(1, 4\), expected 3 features"):
        layer(np.ones((1, 4)))


def test_get_weights_copies_and_weights_do_not() -> None:
    layer = gk.Dense(2)
    layer.build((None, 3))
    layer.get_weights()[0][...] = 7.0
    assert not (layer.parameters["kernel"] == 7.0).any()
    layer.weights[0][...] = 7.0
    assert (layer.parameters["kernel"] == 7.0).all()


def test_set_weights_all_or_none() -> None:
    layer = gk.GRU(2)
    with pytest.raises(ValueError, match="layer has no weights yet"):
        layer.set_weights([])
    layer.build((None, None, 3))
    kept = layer.get_weights()
    new = [np.full(w.shape, 5) for w in kept]
    for bad, message in (
        (new[:2], r"weights holds 2 arrays, expected 3 \(kernel, recurrent_kernel, bias\)"),
        ([*new[:2], np.ones(6)], r"bias has shape \(6,\), expected shape = \(2, 6\)"),
        ([new[1], new[0], new[2]], r"kernel has shape \(2, 6\), expected shape = \(3, 6\)"),
    ):
        with pytest.raises(ValueError, match=message):
            layer.set_weights(bad)
    with pytest.raises(TypeError, match="bias has dtype <U1, expected real numbers"):
        layer.set_weights([*new[:2], [["a"] * 6] * 2])
    for value, before in zip(layer.weights, kept, strict=True):
        np.testing.assert_array_equal(value, before)
    layer.set_weights(new)
    assert all((value == 5.0).all() and value.dtype == np.float32 for value in layer.weights)


def test_count_params_needs_a_built_layer() -> None:
    with pytest.raises(ValueError, match="count_params: layer has no weights yet"):
        gk.Dense(1).count_params()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"units": 0}, ValueError, "LSTM: units is 0, expected an integer of at least 1"),
        ({"units": 2.0}, TypeError, "LSTM: units is 2.0, expected an integer"),
        ({"units": True}, TypeError, "LSTM: units is True, expected an integer"),
        (
            {"units": 2, "dtype": "float16"},
            ValueError,
            "LSTM: dtype is 'float16', expected 'float32'",
        ),
        ({"units": 2, "dtype": "nonsense"}, ValueError, "LSTM: dtype is 'nonsense', expected"),
        ({"units": 2, "name": 3}, TypeError, "LSTM: name is 3, expected a string"),
        (
            {"units": 2, "seed": -1},
            ValueError,
            "LSTM: seed is -1, expected an integer of at least 0",
        ),
        ({"units": 2, "input_shape": 3}, TypeError, "LSTM: input_shape is 3, expected a tuple"),
        ({"units": 2, "input_shape": (3, None)}, ValueError, "expected a size on the last axis"),
        ({"units": 2, "input_shape": (0, 1)}, ValueError, "LSTM: input_shape is 0, expected"),
        ({"units": 2, "dropout": 1.2}, ValueError, "LSTM: dropout is 1.2, expected a number in"),
        ({"units": 2, "implementation": 3}, ValueError, "LSTM: implementation=3 is not supported"),
        ({"units": 2, "trainable": "no"}, TypeError, "LSTM: trainable is 'no', expected True or"),
        ({"units": 2, "unrol": True}, TypeError, "LSTM: got an unknown argument 'unrol'"),
        ({"units": 2, "use_bias": "yes"}, TypeError, "LSTM: use_bias is 'yes', expected True or"),
        (
            {"units": 2, "activation": "swish"},
            ValueError,
            "LSTM: activation is 'swish', expected one",
        ),
        (
            {"units": 2, "kernel_initializer": "he"},
            ValueError,
            "initializers.get: kernel_initializer is 'he', expected one of zeros",
        ),
    ],
)
def test_bad_arguments(arguments: dict, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        gk.LSTM(**arguments)


def test_arguments_that_ask_for_nothing_may_stand() -> None:
    gk.LSTM(2, dropout=0.0, recurrent_dropout=0, unroll=False, use_cudnn="auto", stateful=False)
    gk.Dense(2, kernel_regularizer=None, trainable=True)


def test_seed_fixes_the_first_values_and_leaves_the_library_alone() -> None:
    gk.set_random_seed(0)
    first = gk.LSTM(3, seed=5)
    first.build((None, None, 2))
    second = gk.LSTM(3, seed=5)
    second.build((None, None, 2))
    for a, b in zip(first.weights, second.weights, strict=True):
        np.testing.assert_array_equal(a, b)
    drawn = gk.random.library_generator().random()
    gk.set_random_seed(0)
    assert gk.random.library_generator().random() == drawn


@pytest.mark.parametrize("copier", [copy.deepcopy, lambda layer: pickle.loads(pickle.dumps(layer))])
def test_copies_have_values_of_their_own(copier) -> None:
    layer = gk.GRU(3)
    x = np.random.default_rng(0).normal(size=(2, 4, 2))
    y = layer(x)
    twin = copier(layer)
    np.testing.assert_array_equal(twin(x), y)
    twin.weights[0][...] = 0.0
    np.testing.assert_array_equal(layer(x), y)
    assert twin.gradients.keys() == twin.parameters.keys()


def test_dtype() -> None:
    assert gk.Dense(1).dtype == np.float32
    layer = gk.LSTM(2, dtype="float64")
    assert layer(np.ones((1, 2, 1), np.float32)).dtype == np.float64
    assert all(value.dtype == np.float64 for value in layer.weights)


def test_repr_names_the_layer() -> None:
    assert repr(gk.Dense(1, name="head")) == "<Dense 'head', not built>"


def test_an_input_shape_that_contradicts_the_input_is_an_error():
    layer = gk.LSTM(4, input_shape=(30, 7))
    with pytest.raises(ValueError, match=r"expected 7 features on the last axis as in input_shape"):
        layer(np.zeros((2, 5, 3)))
    assert not layer.built


def test_an_initializer_function_takes_shape_and_dtype_by_place():
    layer = gk.Dense(2, kernel_initializer=lambda s, d: np.full(s, 3.0, d))
    layer.build((None, 4))
    assert (layer.get_weights()[0] == 3.0).all()


def test_weights_are_attributes_by_their_names() -> None:
    layer = gk.LSTM(3, name="mine")
    assert not hasattr(layer, "kernel")
    with pytest.raises(AttributeError, match=r"mine.kernel: layer has no weights yet, expected a"):
        _ = layer.kernel
    layer(np.zeros((1, 2, 4)))
    assert layer.kernel is layer.parameters["kernel"]
    assert layer.recurrent_kernel.shape == (3, 12)
    layer.bias[...] = 2.0
    assert (layer.get_weights()[2] == 2.0).all()
    table = gk.Embedding(5, 2)
    table(np.array([[1]]))
    assert table.embeddings.shape == (5, 2)
    assert layer.variables[0] is layer.trainable_variables[0] is layer.kernel
    assert layer.non_trainable_variables == []
    with pytest.raises(AttributeError, match="'LSTM' object has no attribute 'kernal'"):
        _ = layer.kernal
    model = gk.Sequential([layer])
    assert model.variables[0] is model.trainable_variables[0] is layer.kernel


def test_to_set_a_weight_is_to_write_its_values() -> None:
    model = gk.Sequential([gk.Dense(2, input_shape=(3,)), gk.Dense(1, use_bias=False)])
    first, second = model.layers
    first.kernel, held = np.ones((3, 2)), first.kernel
    assert first.kernel is held
    assert (held == 1.0).all()
    first.bias = [5.0, 7.0]
    np.testing.assert_array_equal(model.layers[0](np.ones((1, 3))), [[8.0, 10.0]])
    with pytest.raises(ValueError, match=r"kernel has shape \(2, 2\), expected shape = \(3, 2\)"):
        first.kernel = np.ones((2, 2))
    assert second.bias is None
    with pytest.raises(AttributeError, match=r"bias: layer has no such weight, expected one of k"):
        second.bias = np.ones(1)
    with pytest.raises(AttributeError, match=r"mine.kernel: layer has no weights yet, expected a"):
        gk.GRU(2, name="mine").kernel = np.ones((2, 6))


def test_ctrl_c_while_a_layer_is_restored_leaves_it_whole() -> None:
    layer = gk.Dense(2)
    restore = layer.restore_point()
    layer.build((None, 3))

    def interrupt(frame: FrameType, event: str, called: object) -> None:
        if event == "c_return" and getattr(called, "__name__", "") in {"clear", "copy"}:
            sys.setprofile(None)
            raise KeyboardInterrupt

    sys.setprofile(interrupt)
    with pytest.raises(KeyboardInterrupt):
        restore()
    assert layer(np.ones((1, 3))).shape == (1, 2)
    restore()
    assert not layer.built


def test_the_name_of_the_base() -> None:
    assert gk.Layer is gk.layers.Layer

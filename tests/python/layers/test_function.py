import re

import numpy as np
import pytest

import gatedcore as gk
from gatedcore.layers import Lambda
from layers.gradients import assert_layer_gradients

X = np.random.default_rng(0).normal(size=(3, 5, 2))


def test_values_and_shapes() -> None:
    for function in (lambda x: x[:, -1], lambda x: 2.0 * x, lambda x: x.mean(axis=1)):
        layer = Lambda(function, dtype="float64")
        y = layer(X)
        np.testing.assert_array_equal(y, function(X))
        assert layer.compute_output_shape(X.shape) == y.shape
        assert y.flags.writeable
        assert not np.shares_memory(y, X)
    assert Lambda(lambda x: x[:, ::2]).compute_output_shape((None, None, 3)) == (None, None, 3)
    assert Lambda(lambda x: x[..., None]).compute_output_shape((7, None)) == (7, None, 1)
    assert layer.count_params() == 0


def test_shapes_that_are_said() -> None:
    assert Lambda(len, (4, None)).compute_output_shape((None, 9)) == (None, 4, None)
    twice = Lambda(lambda x: np.hstack([x, x]), lambda shape: (shape[0], 2 * shape[1]))
    assert twice.compute_output_shape((None, 3)) == (None, 6)
    assert twice(np.ones((2, 3))).shape == (2, 6)


def test_what_the_function_takes() -> None:
    seen = []

    def scaled(x, factor, mask=None, training=False):
        seen.append((mask is not None, training))
        return factor * x

    layer = Lambda(scaled, arguments={"factor": 3.0}, dtype="float64", output_shape=(5, 2))
    np.testing.assert_array_equal(layer(X), 3.0 * X)
    layer(X, mask=np.ones((3, 5), bool), training=True)
    assert seen == [(False, False), (True, True)]
    fixed = Lambda(scaled, arguments={"factor": 2.0, "training": 7}, output_shape=(5, 2))
    fixed(X)
    assert seen[-1] == (False, 7)


def test_masks() -> None:
    mask = np.array([[True, False, True, False, True]] * 3)
    assert Lambda(np.square).compute_mask(X, mask) is None
    kept = Lambda(np.square, mask=lambda x, mask: mask)
    np.testing.assert_array_equal(kept.compute_mask(X, mask), mask)
    assert Lambda(np.square, mask=lambda x, mask: None).compute_mask(X, mask) is None


def test_gradients() -> None:
    layer = Lambda(np.square, backward=lambda d_y, x: 2.0 * x * d_y, dtype="float64")
    assert_layer_gradients(layer, X.copy())


def test_training_through_it_needs_its_gradient() -> None:
    x, y = X.astype(np.float32), np.ones((3, 1), np.float32)
    first = Lambda(lambda x: x[..., None], input_shape=(None,))  # before it nothing is trained
    model = gk.Sequential([first, gk.LSTM(3), gk.Dense(1), Lambda(lambda y: 100.0 * y)])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match=r"fit: lambda.* is a Lambda without backward, expected o"):
        model.fit(x[..., 0], y, verbose=0)
    with pytest.raises(ValueError, match=r"lambda.* is a Lambda without backward"):
        Lambda(np.square).vjp(X, X)
    model.pop()
    model.add(Lambda(lambda y: 100.0 * y, backward=lambda d_y, y: 100.0 * d_y))
    model.compile("sgd", "mse")
    before = model.get_weights()
    model.fit(x[..., 0], y, verbose=0)
    assert not np.array_equal(before[0], model.get_weights()[0])


@gk.saving.register_serializable(package="test")
def last_step(x: np.ndarray) -> np.ndarray:
    return x[:, -1]


def test_saved_if_the_function_is_registered(tmp_path) -> None:
    model = gk.Sequential([gk.GRU(3, return_sequences=True, input_shape=(None, 2))])
    model.add(Lambda(last_step))
    model.save(tmp_path / "model.safetensors")
    again = gk.load_model(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(again(X), model(X))
    assert again.layers[1].function is last_step
    model.add(Lambda(lambda x: x))
    with pytest.raises(TypeError, match="function is '<lambda>', which no file can name; put"):
        model.save(tmp_path / "other.safetensors")
    with pytest.raises(TypeError, match="function is 'relu' of the library, which no file can na"):
        Lambda(gk.ops.relu).get_config()


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Lambda(3), TypeError, "Lambda: function has type int, expected a function"),
        (lambda: Lambda(len, backward=3), TypeError, "Lambda: backward has type int, expected a f"),
        (
            lambda: Lambda(len, arguments=[1]),
            TypeError,
            "Lambda: arguments is [1], expected a dict",
        ),
        (lambda: Lambda(len, 3), TypeError, "Lambda: output_shape is 3, expected a tuple"),
        (lambda: Lambda(np.mean)(X), ValueError, "function returned an array of shape () for an "),
        (lambda: Lambda(lambda x: x[:, 40])(X), ValueError, "function failed on zeros of shape (2"),
        (lambda: Lambda(np.square, (4,))(X), ValueError, "expected (3, 4) as output_shape says"),
        (lambda: Lambda(lambda x: np.copyto(x, 1.0))(X), ValueError, "read-only"),
        (
            lambda: Lambda(np.square, backward=lambda d, x: d[:1]).vjp(X, X),
            ValueError,
            "backward returned an array of shape (1, 5, 2), expected (3, 5, 2) as the input",
        ),
        (
            lambda: Lambda(lambda x: x[0])([gk.Input((2,)), gk.Input((2,))]),
            TypeError,
            "x is a list of tensors, expected one",
        ),
    ],
)
def test_errors(make, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        make()

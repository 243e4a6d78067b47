import re

import numpy as np
import pytest

import gatedcore as gk
from finite_differences import assert_gradient
from gatedcore import regularizers

W = np.array([[1.0, -2.0], [0.5, 3.0]])


@pytest.mark.parametrize(
    ("regularizer", "expected"),
    [
        (regularizers.L1(0.1), 0.65),
        (regularizers.L2(0.1), 1.425),
        (regularizers.L1L2(0.1, 0.2), 3.5),
        ("l1", 0.065),
        ("l2", 0.1425),
        ("l1_l2", 0.2075),
    ],
)
def test_values_and_gradients(regularizer, expected):
    regularizer = regularizers.get(regularizer)
    assert regularizer(W) == pytest.approx(expected)
    w = W.copy()
    assert_gradient(regularizer.gradient(w), lambda: regularizer(w), w)
    assert regularizer.gradient(W.astype("f4")).dtype == np.float32


def test_get():
    assert regularizers.get(None) is None
    own = regularizers.L2(3)
    assert regularizers.get(own) is own
    assert repr(own) == "L2(l1=0, l2=3)"
    with pytest.raises(ValueError, match="kernel_regularizer is 'l3', expected l1, l2 or l1_l2"):
        gk.Dense(2, kernel_regularizer="l3")
    with pytest.raises(TypeError, match="bias_regularizer has type builtin_function_or_method"):
        gk.LSTM(2, bias_regularizer=abs)
    with pytest.raises(ValueError, match=re.escape("L2: l2 is -1, expected a number in [0, inf)")):
        regularizers.L2(-1)


X, Y = np.random.default_rng(0).normal(size=(8, 3, 2)), np.zeros((8, 1))
LAYERS = {
    "lstm": lambda rule: gk.LSTM(2, kernel_regularizer=rule, recurrent_regularizer=rule, seed=0),
    "bidirectional": lambda rule: gk.Bidirectional(gk.GRU(2, kernel_regularizer=rule, seed=0)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_the_loss_of_a_model_has_it_and_so_have_steps(name):
    rule = regularizers.L2(0.3)
    model = gk.Sequential([LAYERS[name](rule), gk.Dense(1, bias_regularizer="l1", seed=1)])
    plain = gk.Sequential([LAYERS[name](None), gk.Dense(1, seed=1)])
    for one in (model, plain):
        one.compile(gk.SGD(0.1), "mse")
        one.build(X.shape)
    plain.set_weights(model.get_weights())
    ruled = ["kernel", "recurrent_kernel"]
    if name == "bidirectional":
        ruled = ["forward_kernel", "backward_kernel"]
    kernels = [model.layers[0].parameters[parameter] for parameter in ruled]
    penalty = sum(rule(k) for k in kernels)
    assert penalty > 0
    assert model.evaluate(X, Y) == pytest.approx(plain.evaluate(X, Y) + penalty, rel=1e-6)
    before = [k.copy() for k in kernels]
    assert model.train_on_batch(X, Y) == pytest.approx(
        plain.train_on_batch(X, Y) + penalty, rel=1e-6
    )
    theirs = [plain.layers[0].parameters[parameter] for parameter in ruled]
    for after, at_first, other in zip(kernels, before, theirs, strict=True):
        np.testing.assert_allclose(after, other - 0.1 * 0.6 * at_first, rtol=1e-5, atol=1e-7)


def test_as_data() -> None:
    one = regularizers.L1L2(0.1, 0.2)
    again = regularizers.get(regularizers.serialize(one))
    assert type(again) is regularizers.L1L2
    assert again.get_config() == one.get_config()
    assert regularizers.deserialize(regularizers.serialize(None)) is None
    with pytest.raises(
        TypeError, match=r"regularizers.get: kernel has type UnitNorm, expected a n"
    ):
        regularizers.get({"class_name": "UnitNorm", "config": {}}, "kernel")

"""Operators on one element at a time, against ONNX's own cases; what they refuse."""

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed")

from gatedcore.interop.onnx import Backend, elementwise, load
from gatedcore.interop.onnx.operators import OPERATORS
from interop.onnx.models import one_node
from interop.onnx.node_cases import assert_agrees, cases_of

ACTIVATIONS = [
    "Tanh",
    "Sigmoid",
    "Softplus",
    "Softsign",
    "Selu",
    "Mish",
    "HardSwish",
    "Relu",
    "Elu",
    "Celu",
    "LeakyRelu",
    "PRelu",
    "ThresholdedRelu",
    "HardSigmoid",
    "Swish",
    "Shrink",
    "Gelu",
]
OTHERS = [
    "Mod",
    "Pow",
    "Sum",
    "Mean",
    "Max",
    "Min",
    "Where",
    "Clip",
    "Cast",
    "CastLike",
    "Dropout",
    "IsInf",
]
HERE = [*ACTIVATIONS, *elementwise._UNARY, *elementwise._BINARY, *OTHERS]
X = np.array([[-2.0, 0.5], [3.0, -0.0]], np.float32)


def test_the_names_are_those_that_are_registered():
    assert set(HERE) <= set(OPERATORS)


@pytest.mark.parametrize("case", cases_of(*HERE))
def test_onnx_cases(case):
    assert_agrees(case, Backend.prepare(case.model).run)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize(
    "name", ["Tanh", "Sigmoid", "Softplus", "Selu", "Mish", "HardSwish", "Relu"]
)
def test_activations_keep_dtype_and_shape(name, dtype):
    for x in (X.astype(dtype), np.zeros((0, 3), dtype), np.array(0.25, dtype)):
        y = load(one_node(name, {"x": x}, dtype=dtype, opset=18))(x)
        assert (y.dtype, y.shape) == (np.dtype(dtype), x.shape)


def test_an_activation_of_integers_is_refused():
    x = np.arange(3)
    with pytest.raises(ValueError, match=r"Tanh.*dtype int64, expected a floating one"):
        load(one_node("Tanh", {"x": x}, dtype=np.int64))(x)


def test_dtypes_are_not_mixed():
    model = load(one_node("Add", {"a": X, "b": X.astype(np.float64)}))
    with pytest.raises(ValueError, match="dtypes float32, float64, expected one"):
        model([X, X.astype(np.float64)])


def test_shapes_that_do_not_repeat_are_refused():
    three = np.ones(3, np.float32)
    with pytest.raises(ValueError, match=r"shapes \(2, 2\), \(3,\), expected sizes"):
        load(one_node("Mul", {"a": X, "b": three}))([X, three])


def test_a_result_that_is_too_large_is_not_made():
    column, row = np.ones((3000, 1), np.float32), np.ones((1, 3000), np.float32)
    model = load(one_node("Add", {"a": column, "b": row}), max_memory=10**6)
    with pytest.raises(ValueError, match="takes 36000000 bytes, expected at most 1000000"):
        model([column, row])


@pytest.mark.parametrize(("a", "b", "expected"), [(-7, 2, -3), (7, -2, -3), (-7, -2, 3), (7, 2, 3)])
def test_quotients_of_integers_are_rounded_to_zero(a, b, expected):
    x, y = np.array([a]), np.array([b])
    assert load(one_node("Div", {"a": x, "b": y}, dtype=np.int64))([x, y]) == expected


@pytest.mark.parametrize("name", ["Div", "Mod"])
def test_no_integer_is_divided_by_zero(name):
    x, y = np.array([1]), np.array([0])
    with pytest.raises(ValueError, match="input 1 holds 0"):
        load(one_node(name, {"a": x, "b": y}, dtype=np.int64))([x, y])


def test_division_by_zero_and_overflow_do_not_warn():
    x = np.array([1.0, 0.0, -1.0], np.float32)
    y = load(one_node("Reciprocal", {"x": np.zeros(1, np.float32)}))(np.zeros(1, np.float32))
    assert np.isinf(y).all()
    assert np.isnan(load(one_node("Sqrt", {"x": x}))(x)[2])


def test_bounds_as_attributes_of_old_models():
    y = load(one_node("Clip", {"x": X}, opset=7, min=-1.0, max=1.0))(X)
    np.testing.assert_array_equal(y, np.clip(X, -1, 1))


def test_dropout_is_for_inference():
    training = np.array(True)
    inputs = {"x": X, "ratio": np.array(0.5, np.float32), "training": training}
    np.testing.assert_array_equal(load(one_node("Dropout", {"x": X}))(X), X)
    with pytest.raises(ValueError, match="training_mode is true"):
        load(one_node("Dropout", inputs))(inputs)

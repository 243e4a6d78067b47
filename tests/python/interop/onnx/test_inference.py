"""Models that run: inputs and outputs by place and name, memory, several threads."""

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed")

from onnx import helper

from gatedcore.interop.onnx import load
from interop.onnx.models import model_of, one_node

X = np.arange(6, dtype=np.float32).reshape(2, 3)


def two_by_two():
    nodes = [
        helper.make_node("Add", ["a", "b"], ["sum"]),
        helper.make_node("Mul", ["sum", "b"], ["product"]),
    ]
    return load(model_of(nodes, {"a": X, "b": X}, {"product": X.dtype, "sum": X.dtype}))


def test_inputs_and_outputs_are_described():
    model = two_by_two()
    assert [tuple(one) for one in model.inputs] == [("a", (2, 3), X.dtype), ("b", (2, 3), X.dtype)]
    assert (model.input_names, model.output_names) == (["a", "b"], ["product", "sum"])
    assert model.outputs[0].shape is None
    assert repr(model) == "<InferenceModel 'graph': a, b -> product, sum>"


def test_lists_and_dicts_of_inputs():
    model = two_by_two()
    for given in ([X, 2 * X], (X, 2 * X), {"b": 2 * X, "a": X}):
        product, total = model(given)
        np.testing.assert_array_equal(total, 3 * X)
        np.testing.assert_array_equal(product, 6 * X * X)
    np.testing.assert_array_equal(model.predict([X, X])[1], 2 * X)


def test_one_input_and_one_output():
    model = load(one_node("Neg", {"x": X}))
    for given in (X, [X], {"x": X}, X.tolist(), X.astype(np.float64)):
        y = model(given)
        np.testing.assert_array_equal(y, -X)
        assert y.dtype == np.float32


def test_outputs_are_the_callers_own():
    model = load(one_node("Identity", {"x": X}))
    y = model(X)
    y[:] = 0
    assert X.any()
    nodes = [
        helper.make_node("Neg", ["x"], ["a"]),
        helper.make_node("Identity", ["a"], ["b"]),
        helper.make_node("Transpose", ["a"], ["c"]),
    ]
    model = load(model_of(nodes, {"x": X}, dict.fromkeys("abc", X.dtype)))
    a, b, c = model(X)
    a[:], b[:] = 1, 2
    np.testing.assert_array_equal(c, -X.T)
    assert c.flags.c_contiguous
    w = load(
        model_of([helper.make_node("Constant", [], ["w"], value_ints=[1])], {}, {"w": np.int64})
    )
    w({})[:] = 5
    np.testing.assert_array_equal(w({}), [1])


def test_a_model_may_be_copied_and_pickled():
    model = two_by_two()
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(other([X, X])[0], model([X, X])[0])


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (
            [X],
            ValueError,
            "graph: x is a list of 1, expected a list of 2 or a dict by the names a, b",
        ),
        (X, ValueError, "graph: x is a ndarray"),
        ({"a": X}, ValueError, r"x has the names \['a'\], expected \['a', 'b'\]"),
        ([X, X[:1]], ValueError, r"graph: b has shape \(1, 3\), expected \(2, 3\)"),
        ([X, X + 1j], TypeError, "graph: b has dtype complex64, expected float32"),
        ([X, "text"], TypeError, "graph: b has type str"),
    ],
)
def test_what_does_not_suit_is_named(given, error, message):
    with pytest.raises(error, match=message):
        two_by_two()(given)


def test_tokens_are_whole_numbers_in_range():
    tokens = np.array([1, 2], np.int32)
    model = load(one_node("Identity", {"x": tokens}, dtype=np.int32))
    np.testing.assert_array_equal(model(np.array([3, 4])), [3, 4])
    with pytest.raises(ValueError, match="x holds numbers beyond int32"):
        model(np.array([2**40, 1]))
    with pytest.raises(TypeError, match="x has dtype float64, expected int32"):
        model(np.array([0.5, 1.0]))


def test_results_together_stay_within_the_memory():
    count = 50
    nodes = [helper.make_node("Neg", ["x"], [f"v{k}"]) for k in range(count)]
    nodes.append(helper.make_node("Sum", [f"v{k}" for k in range(count)], ["y"]))
    model = model_of(nodes, {"x": X}, {"y": X.dtype})
    np.testing.assert_array_equal(load(model, max_memory=(count + 3) * X.nbytes)(X), -count * X)
    with pytest.raises(ValueError, match=r"node 10 \(Neg\): results take 264 bytes together"):
        load(model, max_memory=10 * X.nbytes)(X)


def test_values_go_when_no_node_needs_them():
    nodes = [helper.make_node("Neg", [f"v{k}"], [f"v{k + 1}"]) for k in range(50)]
    model = model_of(nodes, {"v0": X}, {"v50": X.dtype})
    np.testing.assert_array_equal(load(model, max_memory=3 * X.nbytes)(X), X)


def test_a_value_may_be_used_twice_and_be_an_output():
    nodes = [helper.make_node("Neg", ["x"], ["a"]), helper.make_node("Add", ["a", "a"], ["b"])]
    a, b = load(model_of(nodes, {"x": X}, {"a": X.dtype, "b": X.dtype}))(X)
    np.testing.assert_array_equal(b, 2 * a)


def test_several_threads_may_run_one_model():
    model = two_by_two()
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda k: model([k * X, X])[1], range(64)))
    for k, total in enumerate(results):
        np.testing.assert_array_equal(total, (k + 1) * X)

"""ONNX's interface for whoever runs models, and its own runner on it."""

import unittest
import warnings

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed")

from onnx import helper

import gatedcore as gk
from interop.onnx.models import one_node

Backend = gk.onnx.Backend
X = np.arange(6, dtype=np.float32).reshape(2, 3)


def test_onnx_runs_its_own_tests_of_recurrent_operators():
    from onnx.backend.test import BackendTest

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the sums that make the cases
        tests = BackendTest(Backend, __name__)
        for pattern in ("test_lstm", "test_gru", "test_rnn", "test_simple_rnn"):
            tests.include(f"^{pattern}")
        suite = unittest.defaultTestLoader.loadTestsFromTestCase(
            tests.test_cases["OnnxBackendNodeModelTest"]
        )
        result = unittest.TestResult()
        suite.run(result)
    assert result.wasSuccessful(), [*result.failures, *result.errors]
    # On the CPU; skipped are all others. Before onnx 1.22 there are no reverse directions.
    assert result.testsRun - len(result.skipped) in (12, 18)


def test_a_model_by_any_way():
    model = one_node("Neg", {"x": X})
    for outputs in (
        Backend.run_model(model, [X]),
        Backend.prepare(model).run((X,)),
        Backend.prepare(model, "CPU").run({"x": X}),
        gk.onnx.run_model(model, [X]),
        gk.onnx.prepare(model).run([X]),
    ):
        assert len(outputs) == 1
        np.testing.assert_array_equal(outputs[0], -X)
        np.testing.assert_array_equal(outputs["y"], -X)


def test_one_node():
    node = helper.make_node("Sub", ["a", "b"], ["y"])
    for inputs in ([X, 3 * X], {"b": 3 * X, "a": X}):
        np.testing.assert_array_equal(Backend.run_node(node, inputs)["y"], -2 * X)
    clip = helper.make_node("Clip", ["x", "", "most"], ["y"])
    np.testing.assert_array_equal(gk.onnx.run_node(clip, [X, np.float32(2)])[0], np.minimum(X, 2))
    old = helper.make_node("Softmax", ["x"], ["y"], axis=0)
    assert Backend.run_node(old, [X], opset_version=11)[0].sum() == pytest.approx(1)
    assert Backend.run_node(old, [X])[0].sum() == pytest.approx(3)


def test_devices():
    assert Backend.supports_device("CPU")
    assert gk.onnx.supports_device("CPU:0")
    assert not Backend.supports_device("CUDA")
    with pytest.raises(ValueError, match="device is 'CUDA:1', expected 'CPU'"):
        Backend.prepare(one_node("Neg", {"x": X}), "CUDA:1")
    with pytest.raises(ValueError, match="device is 'CUDA'"):
        Backend.run_node(helper.make_node("Neg", ["x"], ["y"]), [X], "CUDA")


def test_what_can_run():
    assert Backend.is_compatible(one_node("Neg", {"x": X}))
    assert not Backend.is_compatible(one_node("Det", {"x": X}))
    assert not gk.onnx.is_compatible(one_node("Neg", {"x": X}), "CUDA")


def test_what_is_not_known_is_refused():
    model = one_node("Neg", {"x": X})
    with pytest.raises(TypeError, match="prepare: strict came as keywords"):
        Backend.prepare(model, strict=True)
    with pytest.raises(TypeError, match="run: fast came as keywords"):
        Backend.prepare(model).run([X], fast=True)
    with pytest.raises(ValueError, match="got 2 inputs, expected 1: x"):
        Backend.run_model(model, [X, X])
    with pytest.raises(ValueError, match="got 1 inputs, expected 2"):
        Backend.run_node(helper.make_node("Add", ["a", "b"], ["y"]), [X])

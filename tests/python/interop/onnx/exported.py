"""Models beside what their ONNX graphs compute: in ONNX Runtime, and in this library again."""

import numpy as np
import onnx
import pytest
from onnx import helper

import gatedcore as gk

# What two ways to sum in float32 may differ by: an absolute part for sums that cancel.
RTOL, ATOL = 1e-4, 1e-5


def outputs_of(model, x):
    """Return a model's outputs in a list."""
    made = model(x)
    return [made] if isinstance(made, np.ndarray) else list(made)


def feeds(made, x):
    """Return inputs by name in the dtypes of a graph."""
    given = x if isinstance(x, list) else [x]
    dtypes = [
        helper.tensor_dtype_to_np_dtype(i.type.tensor_type.elem_type) for i in made.graph.input
    ]
    return {
        one.name: np.asarray(array).astype(dtype)
        for one, array, dtype in zip(made.graph.input, given, dtypes, strict=True)
    }


def assert_close(found, expected):
    for one, other in zip(found, expected, strict=True):
        assert (one.shape, one.dtype) == (other.shape, other.dtype)
        np.testing.assert_allclose(one, other, rtol=RTOL, atol=ATOL)


def assert_exports(model, x, runtime=True) -> onnx.ModelProto:
    """Assert that a model's graph computes what the model does; return the graph."""
    made = gk.onnx.export(model)
    onnx.checker.check_model(made, full_check=True)
    expected = outputs_of(model, x)
    given = feeds(made, x)
    assert_close(gk.onnx.load(made).run(given), expected)
    if runtime:
        ort = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
        session = ort.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
        assert_close(session.run(None, given), expected)
    return made


def operators_of(made) -> list[str]:
    """Return the operators of a graph in order."""
    return [node.op_type for node in made.graph.node]

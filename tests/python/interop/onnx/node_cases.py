"""ONNX's own tests of operators, as the installed onnx has them: models, inputs and outputs."""

import functools
import warnings

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from onnx.backend.test import loader

from gatedcore.interop.onnx.operators import OPERATORS
from gatedcore.interop.onnx.tensors import DTYPES

if not hasattr(loader, "load_node_model_tests"):  # until 1.22 they were files
    pytest.skip("this onnx does not make its cases in memory", allow_module_level=True)

# What is said not to be supported: nothing is trained in a model that is loaded, and values are
# tensors.
REFUSED = {
    "test_batchnorm_epsilon_training_mode",
    "test_batchnorm_example_training_mode",
    "test_identity_opt",
    "test_identity_sequence",
    *(f"test_not_{n}d" for n in (2, 3, 4)),  # opset 1
    *(
        f"test_training_dropout{kind}{mask}"
        for kind in ("", "_default", "_zero_ratio")
        for mask in ("", "_mask")
    ),
}
# Where half precision is rounded at other places than in onnx: at most that share of the largest.
HALF = 2e-3


@functools.cache
def all_cases():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the sums that make the cases
        return loader.load_node_model_tests()


def element_types(model: onnx.ModelProto) -> set[int]:
    """Return the element types of a model's inputs, outputs, constants and casts."""
    found = {tensor.data_type for tensor in model.graph.initializer}
    for value in (*model.graph.input, *model.graph.output):
        if value.type.HasField("tensor_type"):
            found.add(value.type.tensor_type.elem_type)
    for node in model.graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                found.add(attribute.t.data_type)
            if node.op_type == "Cast" and attribute.name == "to":
                found.add(attribute.i)
    return found


def cases_of(*operators: str) -> list[object]:
    """Return ONNX's cases that begin with one of these operators and have only known ones."""
    chosen = [
        pytest.param(case, id=case.name)
        for case in all_cases()
        if case.model.graph.node[0].op_type in operators
        and {node.op_type for node in case.model.graph.node} <= set(OPERATORS)
        and element_types(case.model) <= set(DTYPES)
        and case.name not in REFUSED
    ]
    assert chosen, f"onnx has no case of {operators}"
    return chosen


def as_arrays(values: object) -> list[np.ndarray]:
    """Return the inputs or outputs of a case, which may be tensors of ONNX, as arrays."""
    return [
        numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else np.asarray(value)
        for value in values
    ]


def assert_agrees(case: object, run) -> None:
    """Assert that ``run(inputs)`` returns what a case says."""
    for inputs, expected in case.data_sets:
        found = run(as_arrays(inputs))
        assert len(found) == len(expected)
        for one, other in zip(found, as_arrays(expected), strict=True):
            assert (one.shape, one.dtype) == (other.shape, other.dtype)
            atol = case.atol
            if other.dtype == np.float16 and other.size:
                atol = HALF * float(np.max(np.abs(other), where=np.isfinite(other), initial=0))
            np.testing.assert_allclose(one, other, rtol=case.rtol, atol=atol)

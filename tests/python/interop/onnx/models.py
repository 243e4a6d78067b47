"""Small ONNX models for tests: one node, or a few."""

import numpy as np
from onnx import ModelProto, helper

from gatedcore.interop.onnx.tensors import element_type_of

OPSET = 17


def value(name, array, shape=True):
    """Return a description of an input like an array."""
    sizes = list(array.shape) if shape is True else shape
    return helper.make_tensor_value_info(name, element_type_of(array.dtype), sizes)


def model_of(nodes, inputs, outputs, initializers=(), opset=OPSET, **graph) -> ModelProto:
    """Return a model of nodes; ``inputs`` are arrays by name, ``outputs`` dtypes by name."""
    ins = [value(name, array) for name, array in inputs.items()]
    outs = [
        helper.make_tensor_value_info(name, element_type_of(np.dtype(dtype)), None)
        for name, dtype in outputs.items()
    ]
    made = helper.make_graph(nodes, "graph", ins, outs, list(initializers), **graph)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def one_node(operator, inputs, outputs=("y",), dtype=np.float32, opset=OPSET, **attributes):
    """Return a model of one node; an input that is None is left out."""
    names = [name if array is not None else "" for name, array in inputs.items()]
    while names and not names[-1]:
        names.pop()
    node = helper.make_node(operator, names, list(outputs), **attributes)
    given = {name: array for name, array in inputs.items() if array is not None}
    return model_of([node], given, dict.fromkeys(outputs, dtype), opset=opset)

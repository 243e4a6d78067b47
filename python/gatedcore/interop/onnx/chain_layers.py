"""Nodes of a graph that are layers, or parts of one."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from gatedcore import layers
from gatedcore.interop.onnx.chain_values import (
    Planned,
    Traced,
    constants_of,
    is_zero,
    no_chain,
)
from gatedcore.interop.onnx.export_activations import IN_CELLS
from gatedcore.interop.onnx.node import Node
from gatedcore.interop.onnx.recurrent import Cell
from gatedcore.interop.onnx.tensors import Tensor
from gatedcore.layers import Layer

Follow = Callable[[Node, Any, Sequence[Any]], list[Traced]]


def _gather(node: Node, run: Any, inputs: Sequence[Any]) -> list[Traced]:
    """Take rows of a table, or the last step."""
    x, indices = inputs
    axis = node.attributes["axis"]
    if isinstance(indices, Traced):
        if (
            not isinstance(x, np.ndarray)
            or x.ndim != 2
            or axis != 0
            or indices.axes not in ("bt", "tb")
        ):
            raise no_chain(node, "expected a table of vectors for tokens (batch, time)")
        arguments = {"input_dim": x.shape[0], "output_dim": x.shape[1], "dtype": x.dtype.name}
        return [indices.then(Planned(layers.Embedding, arguments, (x,)), axes=f"{indices.axes}f")]
    last = x.row[-1] if x.row else None
    at_end = isinstance(indices, np.ndarray) and indices.shape == () and indices == -1
    forward = last is not None and last.arguments.get("return_sequences") and last.kind is not _pair
    if not (at_end and forward and x.axes[axis] == "t"):
        raise no_chain(node, "picks a part, expected the last step of a layer that runs forward")
    return [replace(x.with_last(return_sequences=False), axes=x.axes.replace("t", ""))]


def _recurrent(node: Node, run: Any, inputs: Sequence[Any]) -> list[Traced]:
    cell: Cell = run
    x, *_ = inputs
    given = [*inputs, *[None] * (8 - len(inputs))]
    for name, place in (("sequence_lens", 4), ("P", 7)):
        if given[place] is not None:
            raise no_chain(node, f"has {name}, expected none")
    if not all(one is None or is_zero(one) for one in given[5:7]):
        raise no_chain(node, "has first states, expected zeros")
    if cell.weights is None or cell.manner.clip is not None or cell.manner.coupled:
        raise no_chain(node, "has computed weights, clip or input_forget, expected none of these")
    single = [_direction(node, cell, k) for k in range(len(cell.manner.backwards))]
    if x.axes != ("tbf" if cell.manner.time_major else "btf"):
        raise no_chain(
            node, f"runs over the axes {x.axes}, expected time and batch as its layout says"
        )
    planned = single[0] if len(single) == 1 else _both(single)
    one, time = ("D" if len(single) > 1 else "d"), "r" if cell.manner.backwards == (True,) else "t"
    order, last = (
        (f"{time}{one}bf", f"{one}bf") if cell.manner.time_major else (f"b{time}{one}f", f"b{one}f")
    )
    return [
        x.then(planned, axes=order).with_last(return_sequences=True),
        x.then(planned, axes=last),
    ]


def _direction(node: Node, cell: Cell, k: int) -> Planned:
    """Return one direction as a layer that returns its last output."""
    assert cell.weights is not None
    names = []
    for function in cell.manner.functions[k]:
        beta = function.beta if function.name in ("Affine", "HardSigmoid") else None
        said = [
            name
            for name, (operator, alpha, of_beta) in IN_CELLS.items()
            if operator == function.name
            and (alpha is None or np.float32(alpha) == np.float32(function.alpha))
            and of_beta == beta
        ]
        if not said:
            raise no_chain(
                node, f"has the activation {function.name} with options, expected one here"
            )
        names.append(said[0])
    weights = cell.weights[k]
    arguments: dict[str, Any] = {
        "units": weights.recurrent_kernel.shape[0],
        "activation": names[-1],
        "use_bias": weights.bias is not None,
        "go_backwards": cell.manner.backwards[k],
        "dtype": weights.kernel.dtype.name,
    }
    if cell.kind != "simple_rnn":
        arguments["recurrent_activation"] = names[0]
    if cell.kind == "lstm" and names[1] != names[2]:
        raise no_chain(node, "has two activations of candidate and cell state, expected one")
    if cell.kind == "gru":
        arguments["reset_after"] = cell.manner.reset_after
    kinds = {"lstm": layers.LSTM, "gru": layers.GRU, "simple_rnn": layers.SimpleRNN}
    return Planned(kinds[cell.kind], arguments, tuple(w for w in weights if w is not None))


def _both(pair: Sequence[Planned]) -> Planned:
    one, other = pair
    arguments = {"forward": one, "backward": other}
    return Planned(_pair, arguments, (*one.weights, *other.weights))


def _pair(forward: Planned, backward: Planned, return_sequences: bool = False) -> Layer:
    both: list[Any] = [
        replace(one, arguments={**one.arguments, "return_sequences": return_sequences}).make()
        for one in (forward, backward)
    ]
    return layers.Bidirectional(both[0], backward_layer=both[1])


def _dense(kernel: Tensor, bias: Tensor | None) -> Planned:
    arguments = {
        "units": kernel.shape[1],
        "use_bias": bias is not None,
        "activation": "linear",
        "dtype": kernel.dtype.name,
    }
    return Planned(layers.Dense, arguments, (kernel,) if bias is None else (kernel, bias))


def _is_vector(value: object, size: int) -> bool:
    return isinstance(value, np.ndarray) and value.shape == (size,)


def _multiply(node: Node, run: Any, inputs: Sequence[Any]) -> list[Traced]:
    x, kernel = inputs
    if not isinstance(x, Traced) or x.axes[-1] != "f" or np.ndim(kernel) != 2:
        raise no_chain(node, "expected features times a matrix of the model")
    return [x.then(_dense(np.asarray(kernel), None))]


def _multiply_and_add(node: Node, run: Any, inputs: Sequence[Any]) -> list[Traced]:
    x, kernel, bias = (*inputs, None)[:3]
    plain = (node.attributes[name] for name in ("alpha", "beta"))
    if not isinstance(x, Traced) or np.ndim(kernel) != 2 or node.attributes["transA"]:
        raise no_chain(node, "expected features times a matrix of the model")
    kernel = np.asarray(kernel).T if node.attributes["transB"] else np.asarray(kernel)
    if any(one != 1 for one in plain) or not (bias is None or _is_vector(bias, kernel.shape[1])):
        raise no_chain(node, "expected alpha and beta of 1, and a number added for each column")
    return [x.then(_dense(np.ascontiguousarray(kernel), bias))]


def _add(node: Node, run: Any, inputs: Sequence[Any]) -> list[Traced]:
    """Add the bias of a dense layer."""
    x, bias = inputs if isinstance(inputs[0], Traced) else inputs[::-1]
    last = x.row[-1] if x.row else None
    fits = (
        last is not None
        and last.kind is layers.Dense
        and (last.arguments["use_bias"], last.arguments["activation"]) == (False, "linear")
        and _is_vector(bias, last.arguments["units"])
    )
    if last is None or not fits:
        raise no_chain(node, "adds something, expected the bias of a product before it")
    return [replace(x, row=(*x.row[:-1], _dense(last.weights[0], bias)))]


_NAMED = {
    "Tanh": "tanh", "Sigmoid": "sigmoid", "Relu": "relu", "Softsign": "softsign",
    "Softplus": "softplus", "Exp": "exponential", "HardSwish": "hard_silu", "Mish": "mish",
    "Softmax": "softmax", "LogSoftmax": "log_softmax",
}  # fmt: skip


def _activation(node: Node, run: Any, inputs: Sequence[Any]) -> list[Traced]:
    x = inputs[0]
    name, attributes = _NAMED.get(node.operator), node.attributes
    if node.operator in ("Softmax", "LogSoftmax"):
        last = attributes["axis"] % len(x.axes) == len(x.axes) - 1
        name = name if last and x.axes[-1] == "f" else None
    elif node.operator == "Gelu":
        name = {"none": "gelu", "tanh": "gelu_tanh"}[attributes["approximate"]]
    elif node.operator == "Elu" and attributes["alpha"] == 1:
        name = "elu"
    elif node.operator == "HardSigmoid":
        alpha, beta = np.float32(attributes["alpha"]), attributes["beta"]
        name = "hard_sigmoid" if alpha == np.float32(1 / 6) and beta == 0.5 else None
    elif node.operator == "LeakyRelu":
        slope = attributes["alpha"]
        return [x.then(Planned(layers.LeakyReLU, {"negative_slope": slope}))]
    if name is None:
        raise no_chain(node, "has options, expected an activation of the library")
    if x.row and x.row[-1].kind is layers.Dense and x.row[-1].arguments["activation"] == "linear":
        return [x.with_last(activation=name)]
    return [x.then(Planned(layers.Activation, {"activation": name}))]


def _layer_normalization(node: Node, run: Any, inputs: Sequence[Any]) -> list[Traced]:
    x, scale, bias = (*inputs, None)[:3]
    last = node.attributes["axis"] % len(x.axes) == len(x.axes) - 1
    weights = [one for one in (scale, bias) if one is not None]
    if not last or x.axes[-1] != "f" or not all(_is_vector(w, len(w)) for w in weights):
        raise no_chain(node, "expected features alone, and weights of the model")
    arguments = {"epsilon": node.attributes["epsilon"], "center": bias is not None}
    return [x.then(Planned(layers.LayerNormalization, arguments, tuple(weights)))]


def _pool(node: Node, run: Any, inputs: Sequence[Any]) -> list[Traced]:
    x = inputs[0]
    places = [axis % len(x.axes) for axis in constants_of(node, inputs, 1, "axes")]
    if [x.axes[place] for place in places] != ["t"] or node.attributes["keepdims"]:
        raise no_chain(node, f"reduces the axes {places} of {x.axes}, expected time alone")
    mean = node.operator == "ReduceMean"
    kind: Any = layers.GlobalAveragePooling1D if mean else layers.GlobalMaxPooling1D
    return [x.then(Planned(kind, {}), axes=x.axes.replace("t", ""))]


LAYERS: dict[str, Follow] = {
    **dict.fromkeys(("LSTM", "GRU", "RNN"), _recurrent),
    **dict.fromkeys((*_NAMED, "Gelu", "Elu", "HardSigmoid", "LeakyRelu"), _activation),
    **dict.fromkeys(("ReduceMean", "ReduceMax"), _pool),
    "Add": _add,
    "Gather": _gather,
    "Gemm": _multiply_and_add,
    "LayerNormalization": _layer_normalization,
    "MatMul": _multiply,
}

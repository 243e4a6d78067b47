"""Single modules of PyTorch as layers of ours."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gatedcore import layers
from gatedcore.arrays import Array, Shape
from gatedcore.interop.convert.filling import adopt
from gatedcore.interop.convert.torch_weights import recurrent_layers
from gatedcore.layers.base import Layer

# Modules that are a function of every element, or of every row, and the function's name here.
ACTIVATIONS: Mapping[str, str] = {
    "Hardsigmoid": "hard_sigmoid",
    "Hardswish": "hard_silu",
    "LogSigmoid": "log_sigmoid",
    "LogSoftmax": "log_softmax",
    "Mish": "mish",
    "ReLU": "relu",
    "ReLU6": "relu6",
    "SELU": "selu",
    "SiLU": "silu",
    "Sigmoid": "sigmoid",
    "Softmax": "softmax",
    "Softsign": "softsign",
    "Tanh": "tanh",
}
RECURRENT = ("LSTM", "GRU", "RNN")


def layers_of(module: Any, name: str | None, return_sequences: bool) -> list[Layer]:
    """Return the layers that a module of ``torch.nn`` is here, with its weights.

    Parameters
    ----------
    module : torch.nn.Module
        One that has no modules within.
    name : str or None
        Of the layer.
    return_sequences : bool
        Of a recurrent one: whether it returns all steps.

    Raises
    ------
    ValueError
        If there is no such layer here, or not with such arguments.
    """
    kind = kind_of(module)
    if kind in RECURRENT:
        return _recurrent(module, kind, name, return_sequences)
    if kind in ACTIVATIONS:
        if getattr(module, "dim", -1) != -1:
            raise ValueError(f"dim={module.dim}, expected -1, the last axis; make it so")
        return [layers.Activation(ACTIVATIONS[kind], name=name)]
    make = _MAKERS.get(kind)
    if make is None:
        known = sorted({*RECURRENT, *ACTIVATIONS, *_MAKERS})
        raise ValueError(
            f"a {type(module).__name__} has no counterpart, expected one of {', '.join(known)}, or "
            "nn.Sequential of these; pass the modules of a class of your own as a list, in the "
            "order in which they feed each other"
        )
    made = make(module, name)
    return [] if made is None else [made]


def kind_of(module: Any) -> str:
    """Return the class of ``torch.nn`` whose ``forward`` a module has, else its own class."""
    kind: Any = type(module)
    for base in kind.__mro__:
        if base.__module__.startswith("torch.nn.modules") and base.__name__ != "Module":
            # This library's own compute what they are derived from.
            own = kind.__module__.startswith("gatedcore.")
            return str((base if own or kind.forward is base.forward else kind).__name__)
    return str(kind.__name__)


def as_array(name: str, tensor: Any) -> Array:
    """Return a tensor's values as an array of float32 or float64; of halves as float32.

    Raises
    ------
    ValueError
        If it holds other numbers, or none, as on the device meta.
    """
    if isinstance(tensor, np.ndarray):
        array = tensor
    elif hasattr(tensor, "detach"):
        dtype = str(tensor.dtype).removeprefix("torch.")
        if dtype not in ("float32", "float64", "float16", "bfloat16"):
            raise ValueError(
                f"{name} holds {dtype}, expected float32, float64, float16 or bfloat16; convert it"
            )
        if tensor.is_meta:
            raise ValueError(
                f"{name} is on the device meta, expected one with memory; load the weights first"
            )
        tensor = tensor.detach().cpu()
        array = (tensor.float() if dtype.endswith("float16") else tensor).numpy()
    else:
        raise ValueError(f"{name} is a {type(tensor).__name__}, expected a tensor or an array")
    if array.dtype == np.float16:
        array = array.astype(np.float32)
    if array.dtype not in (np.float32, np.float64):
        raise ValueError(f"{name} holds {array.dtype}, expected float32 or float64; convert it")
    return array


def trained(module: Any) -> bool:
    """Return whether a module's parameters are trained.

    Raises
    ------
    ValueError
        If some are and some are not.
    """
    flags = {name: p.requires_grad for name, p in module.named_parameters()}
    if len(set(flags.values())) > 1:
        frozen = [name for name, flag in flags.items() if not flag]
        raise ValueError(
            f"of its parameters only {', '.join(frozen)} are frozen, expected all or none, as a "
            "layer is trained as a whole here; set requires_grad of all alike"
        )
    return all(flags.values())


def _recurrent(module: Any, kind: str, name: str | None, return_sequences: bool) -> list[Layer]:
    for extra in ("recurrent_dropout", "zoneout"):
        if getattr(module, extra, 0):
            raise ValueError(f"{extra}={getattr(module, extra)} has no counterpart, expected none")
    return recurrent_layers(
        {n: as_array(n, p) for n, p in module.state_dict().items()},
        dropout=module.dropout,
        activation=module.nonlinearity if kind == "RNN" else "tanh",
        return_sequences=return_sequences,
        trainable=trained(module),
        name=name,
    )


def _filled(layer: Layer, arrays: dict[str, Array], shape: Shape, module: Any) -> Layer:
    layer.trainable = trained(module)
    if arrays:
        adopt(layer, arrays, shape)
    return layer


def _linear(module: Any, name: str | None) -> Layer:
    kernel = as_array("weight", module.weight).T
    arrays = {"kernel": kernel}
    if module.bias is not None:
        arrays["bias"] = as_array("bias", module.bias)
    units = module.out_features
    layer = layers.Dense(units, use_bias="bias" in arrays, name=name, dtype=kernel.dtype)
    return _filled(layer, arrays, (None, len(kernel)), module)


def _embedding(module: Any, name: str | None) -> Layer:
    for option in ("max_norm", "scale_grad_by_freq"):
        if getattr(module, option):
            raise ValueError(f"{option}={getattr(module, option)} has no counterpart here")
    if module.padding_idx is not None:
        warnings.warn(
            f"from_torch: padding_idx={module.padding_idx} of an nn.Embedding keeps a row from "
            "being trained; here it is trained as the others",
            stacklevel=2,
        )
    table = as_array("weight", module.weight)
    layer = layers.Embedding(*table.shape, sparse=module.sparse, name=name, dtype=table.dtype)
    return _filled(layer, {"embeddings": table}, (None, None), module)


def _layer_normalization(module: Any, name: str | None) -> Layer:
    if len(module.normalized_shape) != 1:
        raise ValueError(
            f"normalized_shape={tuple(module.normalized_shape)}, expected one number, the last axis"
        )
    given = {"gamma": module.weight, "beta": module.bias}
    arrays = {key: as_array(key, p) for key, p in given.items() if p is not None}
    dtype = next((array.dtype for array in arrays.values()), None)
    layer = layers.LayerNormalization(
        epsilon=module.eps, scale="gamma" in arrays, center="beta" in arrays, name=name, dtype=dtype
    )
    return _filled(layer, arrays, (None, module.normalized_shape[0]), module)


def _flatten(module: Any, name: str | None) -> Layer:
    if (module.start_dim, module.end_dim) != (1, -1):
        raise ValueError(f"start_dim={module.start_dim}, end_dim={module.end_dim}, expected 1, -1")
    return layers.Flatten(name=name)


def _softplus(module: Any, name: str | None) -> Layer:
    if module.beta != 1:
        raise ValueError(f"beta={module.beta}, expected 1")
    return layers.Activation("softplus", name=name)


def _hard_tanh(module: Any, name: str | None) -> Layer:
    if (module.min_val, module.max_val) != (-1, 1):
        raise ValueError(f"min_val={module.min_val}, max_val={module.max_val}, expected -1, 1")
    return layers.Activation("hard_tanh", name=name)


def _gelu(module: Any, name: str | None) -> Layer:
    approximate = module.approximate == "tanh"
    return layers.Activation("gelu_tanh" if approximate else "gelu", name=name)


_MAKERS: Mapping[str, Callable[[Any, str | None], Layer | None]] = {
    "Dropout": lambda module, name: layers.Dropout(module.p, name=name),
    "ELU": lambda module, name: layers.ELU(module.alpha, name=name),
    "Embedding": _embedding,
    "Flatten": _flatten,
    "GELU": _gelu,
    "Hardtanh": _hard_tanh,
    "Identity": lambda module, name: None,
    "LayerNorm": _layer_normalization,
    "LeakyReLU": lambda module, name: layers.LeakyReLU(module.negative_slope, name=name),
    "Linear": _linear,
    "Softplus": _softplus,
}

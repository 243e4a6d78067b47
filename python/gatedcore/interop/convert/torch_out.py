"""Models of ours as modules of PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gatedcore import layers
from gatedcore.arrays import Array
from gatedcore.frameworks import require
from gatedcore.graph import Model
from gatedcore.interop.convert.torch_groups import (
    groups_of,
    is_over_time,
    last_of,
    recurrent_of,
)
from gatedcore.interop.convert.torch_modules import ACTIVATIONS
from gatedcore.interop.gate_order import keras_to_torch
from gatedcore.layers.base import Layer
from gatedcore.model import Sequential

_CLASSES = {"lstm": "LSTM", "gru": "GRU", "simple_rnn": "RNN"}
# Activations by name here, and the module of torch.nn with its arguments.
_MODULES: Mapping[str, tuple[str, tuple[Any, ...]]] = {
    **{name: (kind, ()) for kind, name in ACTIVATIONS.items()},
    "elu": ("ELU", ()),
    "gelu": ("GELU", ()),
    "gelu_tanh": ("GELU", ("tanh",)),
    "hard_tanh": ("Hardtanh", ()),
    "leaky_relu": ("LeakyReLU", (0.2,)),
    "log_softmax": ("LogSoftmax", (-1,)),
    "softmax": ("Softmax", (-1,)),
    "softplus": ("Softplus", ()),
}


def to_torch(model: Any) -> Any:
    """Return a model of this library as a module of PyTorch, with the same weights.

    What concerns training alone, which is initializers, regularizers, constraints and what
    ``compile`` was told, has no place in a module.

    Parameters
    ----------
    model : Sequential, or Model whose layers stand in a row
        Built.

    Returns
    -------
    torch.nn.Sequential
        It takes (B, T, F) and returns what ``model`` does, of recurrent modules without their
        states. Layers of one kind and size in a row are one module with ``num_layers``. The bias of
        an LSTM is in ``bias_ih``; ``bias_hh`` is zero.

    Raises
    ------
    TypeError
        If it is no model.
    ValueError
        If it is not built, or something of it has no counterpart in PyTorch; the error names it.
    ModuleNotFoundError
        If PyTorch is not installed.
    """
    where = "to_torch"
    if not isinstance(model, Sequential | Model):
        raise TypeError(
            f"{where}: model has type {type(model).__name__}, expected a Sequential or a Model of "
            "this library; pass one"
        )
    model.need_built(where)
    row = model.in_a_row(where)
    torch = require(where, "torch", "torch")
    from gatedcore.interop.convert.torch_row import Row

    made: list[tuple[str, Any]] = []
    last_only = []
    for group in groups_of(row):
        first = group[0]
        try:
            modules = _modules(torch, group)
        except ValueError as error:
            kind = type(first).__name__
            raise ValueError(f"{where}: layer {first.name!r} ({kind}): {error}") from None
        name = first.name.replace(".", "_")  # a dot stands between modules there
        for k, module in enumerate(modules):
            if not (first.trainable and model.trainable):
                module.requires_grad_(False)
            made.append((f"{name}_activation" if k else name, module))
        if is_over_time(first) and not last_of(group).return_sequences:
            last_only.append(name)
    return Row(made, last_only)


def _modules(torch: Any, group: list[Layer]) -> list[Any]:
    """Return the module of a group of layers, and behind it that of an activation."""
    first = group[0]
    if is_over_time(first):
        return [_stack(torch, group)]
    if isinstance(first, layers.TimeDistributed):  # modules act on the last axis anyway
        if type(first.layer) not in (layers.Dense, layers.LayerNormalization, layers.Activation):
            raise ValueError(f"a {type(first.layer).__name__} for every step has no counterpart")
        return _modules(torch, [first.layer])
    make = _MAKERS.get(type(first))
    if make is None:
        raise ValueError(f"a {type(first).__name__} has no counterpart in PyTorch")
    return [module for module in make(torch, first) if module is not None]


def _stack(torch: Any, group: list[Layer]) -> Any:
    told = recurrent_of(group[0])
    over_time = [layer for layer in group if is_over_time(layer)]
    rates = [layer.rate for layer in group if isinstance(layer, layers.Dropout)]
    options: dict[str, Any] = {"nonlinearity": told.activation} if told.cell == "simple_rnn" else {}
    module = getattr(torch.nn, _CLASSES[told.cell])(
        group[0].input_features,
        told.units,
        num_layers=len(over_time),
        bias=told.bias,
        batch_first=True,
        dropout=rates[0] if rates else 0.0,
        bidirectional=told.bidirectional,
        dtype=_dtype(torch, group[0]),
        **options,
    )
    for k, layer in enumerate(over_time):
        arrays = list(layer.parameters.values())
        count = len(arrays) // (1 + told.bidirectional)
        for side, start in (("", 0), ("_reverse", count))[: 1 + told.bidirectional]:
            names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            weights = keras_to_torch(told.cell, *arrays[start : start + count])
            for name, array in zip(names, weights, strict=True):
                if array is not None:
                    _copy(torch, getattr(module, f"{name}_l{k}{side}"), array)
    return module


def _dtype(torch: Any, layer: Layer) -> Any:
    return getattr(torch, layer.dtype.name)


def _copy(torch: Any, parameter: Any, array: Array) -> None:
    with torch.no_grad():
        parameter.copy_(torch.from_numpy(array.copy()))


def _dense(torch: Any, layer: Any) -> list[Any]:
    kernel = layer.parameters["kernel"]
    module = torch.nn.Linear(*kernel.shape, bias=layer.use_bias, dtype=_dtype(torch, layer))
    _copy(torch, module.weight, kernel.T)
    if layer.use_bias:
        _copy(torch, module.bias, layer.parameters["bias"])
    return [module, _activation(torch, layer.activation)]


def _activation(torch: Any, name: str) -> Any:
    """Return the module of an activation; None for the one that changes nothing."""
    if name == "linear":
        return None
    if name not in _MODULES:
        raise ValueError(f"activation {name!r} has no counterpart in PyTorch")
    kind, arguments = _MODULES[name]
    return getattr(torch.nn, kind)(*arguments)


def _embedding(torch: Any, layer: Any) -> list[Any]:
    if layer.mask_zero:
        raise ValueError("mask_zero=True, expected False: modules of PyTorch pass on no masks")
    table = layer.parameters["embeddings"]
    module = torch.nn.Embedding(*table.shape, sparse=layer.sparse, dtype=_dtype(torch, layer))
    _copy(torch, module.weight, table)
    return [module]


def _layer_normalization(torch: Any, layer: Any) -> list[Any]:
    if layer.center and not layer.scale:
        raise ValueError("center=True with scale=False, expected scale=True beside it")
    module = torch.nn.LayerNorm(
        layer.input_features,
        eps=layer.epsilon,
        elementwise_affine=layer.scale,
        bias=layer.center,
        dtype=_dtype(torch, layer),
    )
    for name, parameter in (("gamma", module.weight), ("beta", module.bias)):
        if parameter is not None:
            _copy(torch, parameter, layer.parameters[name])
    return [module]


def _dropout(torch: Any, layer: Any) -> list[Any]:
    if layer.noise_shape is not None:
        raise ValueError(f"noise_shape={layer.noise_shape} has no counterpart, expected None")
    return [torch.nn.Dropout(layer.rate)]


def _relu(torch: Any, layer: Any) -> list[Any]:
    if (
        layer.threshold
        or layer.max_value not in (None, 6)
        or (layer.max_value is not None and layer.negative_slope)
    ):
        raise ValueError("max_value, negative_slope or threshold has no counterpart in PyTorch")
    if layer.max_value is not None:
        return [torch.nn.ReLU6()]
    slope = layer.negative_slope
    return [torch.nn.LeakyReLU(slope) if slope else torch.nn.ReLU()]


_MAKERS: Mapping[type, Callable[[Any, Any], list[Any]]] = {
    layers.Activation: lambda torch, layer: [_activation(torch, layer.activation)],
    layers.Dense: _dense,
    layers.Dropout: _dropout,
    layers.ELU: lambda torch, layer: [torch.nn.ELU(layer.alpha)],
    layers.Embedding: _embedding,
    layers.Flatten: lambda torch, layer: [torch.nn.Flatten()],
    layers.LayerNormalization: _layer_normalization,
    layers.LeakyReLU: lambda torch, layer: [torch.nn.LeakyReLU(layer.negative_slope)],
    layers.ReLU: _relu,
    layers.Softmax: lambda torch, layer: [torch.nn.Softmax(-1)],
}

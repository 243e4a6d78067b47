"""Configs of our layers in the words of Keras 3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gatedcore import configs, layers
from gatedcore.interop.convert.keras_config import Config
from gatedcore.layers.base import Layer

# Arguments that Keras's layers do not have, with the values that ask for nothing.
_NEUTRAL: Mapping[str, tuple[object, ...]] = {
    "zoneout_h": (0.0,),
    "zoneout_c": (0.0,),
    "sparse": (False,),
    "noise_shape": (None,),
}
# What changes no result, or stands elsewhere in Keras.
_WITHOUT_EFFECT = {"recompute", "input_shape"}
# Layers that draw while they train have a seed in Keras too; others draw their first weights alone.
_SEEDED = (
    layers.LSTM,
    layers.GRU,
    layers.SimpleRNN,
    layers.LSTMCell,
    layers.GRUCell,
    layers.SimpleRNNCell,
    layers.Dropout,
    layers.GaussianDropout,
    layers.GaussianNoise,
)
_WITH_NOISE_SHAPE = ("Dropout",)
_UNTRAINABLE = ("SpatialDropout1D",)  # which take no argument trainable


def layer_to_keras(layer: Layer) -> dict[str, Any]:
    """Return the config of a layer as Keras 3 reads it.

    Parameters
    ----------
    layer : Layer
        One of this library.

    Returns
    -------
    dict
        For ``keras.saving.deserialize_keras_object``.

    Raises
    ------
    ValueError
        If Keras has no such layer, or not with such arguments.
    """
    try:
        return _translated(configs.serialize(layer), layer)
    except (TypeError, ValueError) as error:
        raise ValueError(f"layer {layer.name!r} ({type(layer).__name__}): {error}") from None


def object_to_keras(value: Any) -> Any:
    """Return data for JSON with Keras's modules in the place of ours.

    Parameters
    ----------
    value : object
        A config of an initializer, a loss and the like, or lists, dicts and plain values.

    Raises
    ------
    ValueError
        If it names a class or a function of somebody's own.
    """
    if isinstance(value, list | tuple):
        return [object_to_keras(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    if "class_name" not in value:
        return {key: object_to_keras(item) for key, item in value.items()}
    kind, module = value["class_name"], str(value.get("module"))
    if kind == "Generator":  # its numbers are NumPy's, which Keras does not draw
        return None
    if kind == "function" or not module.startswith("gatedcore."):
        named = value.get("registered_name") or value.get("config")
        raise ValueError(f"{named!r} is of your own, expected what Keras has too")
    config = {name: object_to_keras(item) for name, item in value["config"].items()}
    return {
        "module": f"keras.{module.partition('.')[2]}",
        "class_name": kind,
        "config": config,
        "registered_name": None,
    }


def _translated(data: Config, layer: Layer) -> dict[str, Any]:
    kind = data["class_name"]
    if data.get("module") != "gatedcore.layers" or kind in ("Lambda", "TextVectorization"):
        raise ValueError(f"a {kind} has no counterpart in Keras, expected a layer that both have")
    config: dict[str, Any] = {}
    for name, value in data["config"].items():
        if name in _WITHOUT_EFFECT or (name == "seed" and not isinstance(layer, _SEEDED)):
            continue
        if name in _NEUTRAL and not (name == "noise_shape" and kind in _WITH_NOISE_SHAPE):
            if value not in _NEUTRAL[name]:
                raise ValueError(f"{name}={value!r} has no counterpart in Keras, expected none")
        elif name == "cells":
            cells = zip(value, layer.cells, strict=True)  # type: ignore[attr-defined]  # of a stack
            config[name] = [_translated(one, cell) for one, cell in cells]
        elif name in ("layer", "backward_layer", "cell"):
            config[name] = _translated(value, getattr(layer, name))
        else:
            config[name] = object_to_keras(value)
    config["dtype"] = layer.dtype.name
    if kind in _UNTRAINABLE:
        config.pop("trainable", None)
    return {
        "module": "keras.layers",
        "class_name": kind,
        "config": config,
        "registered_name": None,
    }

"""Configs of Keras's layers, of version 3 and 2, in the words of ours."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from gatedcore import configs, constraints, initializers, layers, regularizers
from gatedcore.layers.base import Layer
from gatedcore.layers.cell import Cell
from gatedcore.registration import known_object, library_class

Config = Mapping[str, Any]

# Arguments that our layers do not know, with the values that ask for nothing. What Keras writes as
# a list is a tuple here.
_NEUTRAL: Mapping[str, tuple[object, ...]] = {
    "quantization_config": (None,),
    "lora_rank": (None,),
    "lora_alpha": (None,),
    "data_format": (None, "channels_last"),
    "input_axes": (None,),
    "output_axes": (None,),
    "time_major": (False,),
    "ragged": (False,),
    "sparse": (False,),
    "activity_regularizer": (None,),
    "layout": (None,),
    "autocast": (True,),
}
# How Keras goes about it, with the same results; or what stands elsewhere too.
_WITHOUT_EFFECT = {
    "unroll",
    "use_cudnn",
    "implementation",
    "batch_input_shape",
    "input_length",
    "cached_input_shape",
}
# Layers within layers, which are data of the same kind.
_WITHIN = ("layer", "backward_layer", "cell")
# What earlier versions of Keras 3 call some of them.
_OLDER_NAMES = {"OrthogonalInitializer": "Orthogonal", "IdentityInitializer": "Identity"}
_PARTS = {
    "initializer": (initializers, "Initializer"),
    "regularizer": (regularizers, "Regularizer"),
    "constraint": (constraints, "Constraint"),
}


def class_of(data: object) -> str:
    """Return the class that a config names.

    Raises
    ------
    TypeError
        If it is no config.
    """
    if not isinstance(data, Mapping) or not isinstance(data.get("class_name"), str):
        raise TypeError(f"a config is {_short(data)}, expected class_name and config")
    if not isinstance(data.get("config"), Mapping):
        raise TypeError(f"a {data['class_name']} has the config {_short(data.get('config'))}")
    return str(data["class_name"])


def label_of(data: Config) -> str:
    """Return how errors call a layer: its name and class."""
    name = data["config"].get("name", data.get("name"))
    return f"layer {name!r} ({data['class_name']})"


def layer_from(data: Config, rank: int | None) -> Layer:
    """Return the layer that one of Keras's configs describes, not built.

    Parameters
    ----------
    data : mapping
        With ``class_name`` and ``config``.
    rank : int or None
        Axes of its input, the batch counted, if they are known.

    Raises
    ------
    TypeError, ValueError
        If there is no such layer here, or not with such arguments.
    """
    class_of(data)
    try:
        layer = configs.deserialize(layer_config(data, rank))
    except (TypeError, ValueError, KeyError, OverflowError, RecursionError) as error:
        raise ValueError(f"{label_of(data)}: {error}") from None
    assert isinstance(layer, Layer)
    return layer


def layer_config(data: Config, rank: int | None) -> dict[str, Any]:
    """Return one of Keras's configs of a layer or a cell as one of ours.

    Raises
    ------
    TypeError, ValueError
        If there is no such layer here, or an argument asks for what is not supported.
    """
    kind = _layer_class(data)
    rank = _rank_of(data, rank)
    given = dict(data["config"])
    if kind is layers.LayerNormalization or kind is layers.Softmax:
        _last_axis(given, rank)
    within = None if rank is None else rank - (kind is layers.TimeDistributed)
    config: dict[str, Any] = {}
    for name, value in given.items():
        if name in _WITHOUT_EFFECT:
            continue
        if name in _NEUTRAL and not _takes(kind, name):
            _check_neutral(name, value)
        elif name in _WITHIN and isinstance(value, Mapping):
            class_of(value)
            config[name] = layer_config(value, within)
        elif name in ("cell", "cells"):
            config[name] = [_checked_cell(one, within) for one in value]
        else:
            config[name] = plain(name, value)
    return {**data, "module": "gatedcore.layers", "config": config}


def plain(name: str, value: Any) -> Any:
    """Return an argument as our configs have it.

    Parameters
    ----------
    name : str
        Of the argument: what it may hold follows from it.
    value : object
        As Keras wrote it.

    Raises
    ------
    TypeError, ValueError
        If it names a class that has no place there.
    """
    if isinstance(value, list | tuple):
        return [plain(name, item) for item in value]
    if not isinstance(value, Mapping):
        return value
    kind = value.get("class_name")
    if kind == "__tuple__":
        return plain(name, value.get("items"))
    if kind in ("__numpy__", "__tensor__") and isinstance(value.get("config"), Mapping):
        return value["config"].get("value")
    if kind == "__lambda__":
        raise ValueError(f"{name} is a lambda, which is code; code in files is never run")
    if kind in ("DTypePolicy", "FloatDTypePolicy") or name == "dtype":
        return _dtype(value)
    if kind == "function":
        return _function(name, value)
    if kind is None:
        return {key: plain(name, item) for key, item in value.items()}
    return _part(name, value)


def _dtype(policy: Config) -> Any:
    inner = policy.get("config")
    found = inner.get("name") if isinstance(inner, Mapping) else None
    if policy.get("class_name") not in ("DTypePolicy", "FloatDTypePolicy") or found is None:
        raise ValueError(f"dtype is {_short(policy)}, expected float32 or float64")
    return found


def _function(name: str, value: Config) -> Any:
    """Return a function by its name alone, if it is Keras's own; or one that is registered here."""
    called = value.get("config")
    registered = value.get("registered_name")
    if known_object(registered) is not None:
        return {"class_name": "function", "config": registered}
    if known_object(called) is not None:
        return {"class_name": "function", "config": called}
    module = str(value.get("module"))
    if module != "builtins" and module.split(".")[0] != "keras":
        raise ValueError(
            f"{name} is the function {called!r} of {module}, expected one of Keras or a registered "
            "one; put @gatedcore.saving.register_serializable() above yours"
        )
    return called


def _part(name: str, value: Config) -> dict[str, Any]:
    """Return the config of an initializer, a regularizer or a constraint."""
    class_name = class_of(value)
    class_name = _OLDER_NAMES.get(class_name, class_name)
    part = name.rpartition("_")[2]
    if part not in _PARTS:
        raise ValueError(f"{name} is a {class_name}, expected a name or numbers")
    module, base = _PARTS[part]
    registered = known_class(value)
    kind = registered or library_class(class_name, module.__name__)
    if registered is None and not (
        isinstance(kind, type) and issubclass(kind, getattr(module, base))
    ):
        raise ValueError(
            f"{name} is {value.get('registered_name') or class_name!r}, expected one of "
            f"{module.__name__} or a registered one"
        )
    config: dict[str, Any] = {}
    for argument, given in value["config"].items():
        if argument == "dtype" and not _takes(kind, argument):
            continue  # of version 2; it is that of the layer
        if argument in _NEUTRAL and not _takes(kind, argument):
            _check_neutral(argument, given)
        else:
            config[argument] = plain(argument, given)
    return {**value, "class_name": class_name, "module": module.__name__, "config": config}


def _layer_class(data: Config) -> type:
    """Return the class of a layer or cell."""
    class_name = class_of(data)
    if class_name == "Lambda":
        raise ValueError(
            "a Lambda is code, which is never run from a file; write it as a layer of your own"
        )
    kind = known_class(data)
    if kind is None:
        kind = getattr(layers, class_name, None) if class_name in layers.__all__ else None
    if not isinstance(kind, type) or not issubclass(kind, Layer) or kind in (Layer, layers.Wrapper):
        known = [
            name
            for name in layers.__all__
            if isinstance(one := getattr(layers, name), type) and issubclass(one, Layer)
        ]
        raise ValueError(
            f"a {data.get('registered_name') or class_name} has no counterpart, expected one of "
            f"{', '.join(name for name in known if name not in ('Layer', 'Wrapper'))}"
        )
    return kind


def known_class(data: Config) -> Any:
    """Return what is registered here under the names of a config, or None."""
    return known_object(data.get("registered_name")) or known_object(data.get("class_name"))


def _checked_cell(data: Any, rank: int | None) -> dict[str, Any]:
    class_of(data)
    if not issubclass(_layer_class(data), Cell):
        raise ValueError(f"{class_of(data)} stands among cells, expected a cell")
    return layer_config(data, rank)


def _rank_of(data: Config, rank: int | None) -> int | None:
    build = data.get("build_config")
    shape = build.get("input_shape") if isinstance(build, Mapping) else None
    return len(shape) if rank is None and isinstance(shape, list | tuple) else rank


def _last_axis(config: dict[str, Any], rank: int | None) -> None:
    """Write the last axis as -1, whatever Keras wrote."""
    axis = config.get("axis", -1)
    one = axis[0] if isinstance(axis, list | tuple) and len(axis) == 1 else axis
    if one == -1 or (rank is not None and one == rank - 1):
        config.pop("axis", None)
    else:
        raise ValueError(f"axis={axis} is not supported, expected the last one, -1")


def _check_neutral(name: str, value: object) -> None:
    simple = value is None or isinstance(value, bool | int | float | str)
    if not simple or value not in _NEUTRAL[name]:
        raise ValueError(f"{name}={_short(value)} is not supported, expected {_NEUTRAL[name][0]!r}")


def _takes(kind: Any, name: str) -> bool:
    """Return whether a class has an argument of this name, or says itself what it refuses."""
    if name in getattr(kind, "known_arguments", {}):
        return True
    return name in inspect.signature(kind.__init__).parameters


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) < 80 else f"{text[:77]}..."

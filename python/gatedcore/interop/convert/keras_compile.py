"""What Keras's ``compile`` was told, for ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gatedcore import configs, losses, metrics, optimizers
from gatedcore.interop.convert.keras_config import known_class
from gatedcore.losses import Loss
from gatedcore.metrics import Metric
from gatedcore.persistence import Persistent
from gatedcore.registration import known_object, library_class

_CHOICES: Mapping[str, tuple[Any, type]] = {
    "loss": (losses, Loss),
    "metrics": (metrics, Metric),
    "weighted_metrics": (metrics, Metric),
}
# Arguments of optimizers that only version 2 writes, with the values that change nothing here.
_OF_VERSION_2: Mapping[str, tuple[object, ...]] = {
    "decay": (0.0,),
    "is_legacy_optimizer": (False, True),
    "jit_compile": (False, True),
}


def compile_as(model: Persistent, told: Mapping[str, Any]) -> None:
    """Compile a model as Keras's was.

    Parameters
    ----------
    model : model
        Ours.
    told : mapping
        ``compile_config`` of Keras 3, or ``training_config`` of version 2. How it runs, such as
        ``jit_compile``, means nothing here.

    Raises
    ------
    TypeError, ValueError
        If there is no such optimizer, loss or metric here; the model is then not compiled.
    """
    if not isinstance(told, Mapping):
        raise TypeError(f"what compile was told is {told!r}, expected a dict")
    optimizer = optimizers.deserialize(
        _optimizer(told.get("optimizer", told.get("optimizer_config")))
    )
    chosen = {
        name: _choice(name, told[name]) for name in _CHOICES if told.get(name) not in (None, [], {})
    }
    for name in ("metrics", "weighted_metrics"):
        given = chosen.get(name)
        if isinstance(given, list) and len(given) == 1 and isinstance(given[0], list):
            chosen[name] = given[0]  # version 2 writes a list for each output, also of a single one
    weights = told.get("loss_weights")
    if weights is not None:
        chosen["loss_weights"] = weights
    model.compile(optimizer=optimizer, **chosen)


def _optimizer(data: Any) -> Any:
    """Return an optimizer's config; version 2 has names of arguments of its own."""
    if isinstance(data, str):
        return optimizers.serialize(optimizers.get(data))
    if not isinstance(data, Mapping) or not isinstance(data.get("config"), Mapping):
        raise TypeError(f"optimizer is {data!r}, expected class_name and config")
    config = {
        name: value
        for name, value in data["config"].items()
        if name not in _OF_VERSION_2 or value not in _OF_VERSION_2[name]
    }
    kind = str(data.get("class_name")).removeprefix("Custom>")  # version 2 writes so of its own
    return {**data, "class_name": kind, "config": config}


def _choice(name: str, value: Any) -> Any:
    """Return a loss or metrics, in lists and dicts as they were."""
    if isinstance(value, list | tuple):
        return [_choice(name, item) for item in value]
    if not isinstance(value, Mapping):
        return value
    class_name, config = value.get("class_name"), value.get("config")
    if class_name is None:
        return {key: _choice(name, item) for key, item in value.items()}
    if class_name == "function":
        return _function(name, value)
    if class_name == "MeanMetricWrapper" and isinstance(config, Mapping) and "fn" in config:
        return _choice(name, config["fn"])  # as version 2 writes 'mae'
    module, base = _CHOICES[name]
    registered = known_class(value)
    kind = registered or library_class(str(class_name), module.__name__)
    if registered is None and not (isinstance(kind, type) and issubclass(kind, base)):
        raise ValueError(f"{name} has {class_name!r}, expected one of {module.__name__}")
    if not isinstance(config, Mapping):
        raise TypeError(f"{name}: {class_name} has the config {config!r}, expected a dict")
    plain = {key: one for key, one in config.items() if not _is_default_dtype(key, one)}
    if "fn" in plain:
        plain.pop("fn")
    return configs.deserialize({**value, "module": module.__name__, "config": plain})


def _is_default_dtype(name: str, value: Any) -> bool:
    """Return whether this is the float32 that Keras writes to every loss and metric."""
    inner = value.get("config") if isinstance(value, Mapping) else None
    found = inner.get("name") if isinstance(inner, Mapping) else value
    return name == "dtype" and found in (None, "float32")


def _function(name: str, value: Mapping[str, Any]) -> Any:
    for called in (value.get("registered_name"), value.get("config")):
        if known_object(called) is not None:
            return known_object(called)
    return value.get("config")

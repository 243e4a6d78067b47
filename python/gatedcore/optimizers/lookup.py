"""Optimizers by name, from configurations, and as such."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from gatedcore.keras_names import advice_for
from gatedcore.optimizers.adagrad import Adagrad
from gatedcore.optimizers.adam import Adam, AdamW
from gatedcore.optimizers.base import Optimizer
from gatedcore.optimizers.nadam import Nadam
from gatedcore.optimizers.rmsprop import RMSprop
from gatedcore.optimizers.serialization import class_and_config, to_dict
from gatedcore.optimizers.sgd import SGD

_CLASSES: dict[str, type] = {
    kind.__name__: kind for kind in (SGD, RMSprop, Adam, AdamW, Nadam, Adagrad)
}
_BY_NAME = {name.lower(): kind for name, kind in _CLASSES.items()}


def get(identifier: object) -> Optimizer:
    """Return a new optimizer by its name or its configuration, or the object itself.

    Parameters
    ----------
    identifier : str, dict or Optimizer
        ``"rmsprop"``, what ``serialize`` returned, or an optimizer.

    Raises
    ------
    ValueError
        If the name is unknown.
    TypeError
        If it is none of these.
    """
    if isinstance(identifier, Optimizer):
        return identifier
    if isinstance(identifier, Mapping):
        return deserialize(identifier)
    if isinstance(identifier, str):
        if identifier.lower() in _BY_NAME:
            return cast(Optimizer, _BY_NAME[identifier.lower()]())
        raise ValueError(
            f"optimizers.get: optimizer is {identifier!r}, expected one of {', '.join(_BY_NAME)}; "
            f"{advice_for('gatedcore.optimizers', identifier) or 'choose one'}"
        )
    raise TypeError(
        f"optimizers.get: optimizer has type {type(identifier).__name__}, expected a name, a "
        "configuration or an Optimizer; pass 'adam', say"
    )


def serialize(optimizer: Optimizer) -> dict[str, Any]:
    """Return an optimizer's class and configuration, without its state, as a dict for JSON."""
    return to_dict(optimizer, "gatedcore.optimizers")


def deserialize(
    config: Mapping[str, Any], custom_objects: Mapping[str, type] | None = None
) -> Optimizer:
    """Return an optimizer from what ``serialize``, or Keras's, returned.

    Parameters
    ----------
    config : mapping
        Has ``class_name``, in any case as in Keras, and ``config``.
    custom_objects : mapping, optional
        Optimizers and schedules of your own, by name.

    Raises
    ------
    TypeError, ValueError
        If it is no such mapping, or a class or an argument is unknown.
    """
    where = "optimizers.deserialize"
    if isinstance(config, Mapping) and str(config.get("class_name")).lower() in _BY_NAME:
        kind = _BY_NAME[config["class_name"].lower()]
        config = {**config, "class_name": kind.__name__}
    kind, arguments = class_and_config(where, config, _CLASSES, custom_objects)
    return cast(type[Optimizer], kind).from_config(arguments, custom_objects)

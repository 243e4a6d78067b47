"""Objects as dicts of Keras's form, of a class and its configuration, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from gatedcore.registration import known_name, known_object


class Configured(Protocol):
    """What can be made anew from its configuration."""

    def get_config(self) -> dict[str, Any]:
        """Return arguments as JSON can hold them."""


def to_dict(thing: Configured, module: str) -> dict[str, Any]:
    """Return an object as a dict that JSON can hold.

    Parameters
    ----------
    thing : object
        Has ``get_config``.
    module : str
        Where its class is found if it is one of the library's; a class of a user is found by the
        name under which it is registered, or by its own.
    """
    kind = type(thing)
    own = kind.__module__.startswith("gatedcore.")
    return {
        "module": module if own else None,
        "class_name": kind.__name__,
        "config": thing.get_config(),
        "registered_name": None if own else known_name(kind) or kind.__name__,
    }


def class_and_config(
    where: str,
    value: object,
    known: Mapping[str, type],
    custom_objects: Mapping[str, type] | None = None,
) -> tuple[type, dict[str, Any]]:
    """Return what ``to_dict`` put in, its class found by name.

    Parameters
    ----------
    where : str
        Public function, for errors.
    value : mapping
        Has ``class_name`` and ``config``; those of Keras too.
    known, custom_objects : mapping
        Classes by name, those of the library and those of users, which are asked first; then those
        that are registered.

    Raises
    ------
    TypeError
        If it is no such mapping.
    ValueError
        If the class is unknown.
    """
    config = value.get("config") if isinstance(value, Mapping) else None
    name = value.get("class_name") if isinstance(value, Mapping) else None
    if not isinstance(config, Mapping) or not isinstance(name, str):
        raise TypeError(
            f"{where}: config is {value!r}, expected a dict with class_name and config; pass what "
            "serialize returned"
        )
    kind = (custom_objects or {}).get(name)
    registered = value.get("registered_name") if isinstance(value, Mapping) else None
    kind = kind or known_object(registered)
    kind = kind or known_object(name) or known.get(name)
    if kind is None:
        names = ", ".join(sorted({**known, **(custom_objects or {})}))
        raise ValueError(
            f"{where}: class_name is {name!r}, expected one of {names}; choose one, register the "
            "class, or pass custom_objects={name: class}"
        )
    return kind, dict(config)

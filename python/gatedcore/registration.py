"""The names that a config may use: the library's classes, and what a user registers.

A config is data; it only ever names what is listed here, and nothing is imported to look it up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

T = TypeVar("T", bound=Callable[..., Any])

_library: dict[str, dict[str, type]] = {}  # by class name, then by public module
_custom: dict[str, Any] = {}
_in_scope: ContextVar[Mapping[str, Any]] = ContextVar("custom_object_scope", default=_custom)


def register_serializable(package: str = "Custom", name: str | None = None) -> Callable[[T], T]:
    """Return a decorator that lets files name a class or a function of yours.

    Parameters
    ----------
    package, name : str
        It is known as ``package>name``; the name is its own by default.

    Returns
    -------
    callable
        The decorator. A class needs ``get_config`` and ``from_config``; layers and initializers
        have both.

    Raises
    ------
    TypeError
        If it is neither class nor function, or such a class lacks one of the two.
    """

    def register(thing: T) -> T:
        called = getattr(thing, "__name__", None)
        if not callable(thing) or called is None:
            raise TypeError(
                f"register_serializable: got {type(thing).__name__}, expected a class or a "
                "function; put the decorator above its definition"
            )
        for method in ("get_config", "from_config") if isinstance(thing, type) else ():
            if not hasattr(thing, method):
                raise TypeError(
                    f"register_serializable: {called} has no {method}, expected get_config and "
                    "from_config; derive it from a class of this library, or write both"
                )
        _custom[f"{package}>{name or called}"] = thing
        return thing

    return register


def get_custom_objects() -> dict[str, Any]:
    """Return what is registered, by name; to write to it is to register."""
    return _custom


@contextmanager
def custom_object_scope(objects: Mapping[str, Any]) -> Iterator[None]:
    """Within the block, configs may use these names too.

    Parameters
    ----------
    objects : mapping
        Classes and functions by name.
    """
    before = _in_scope.get()
    try:  # Ctrl-C may come as soon as it is set
        _in_scope.set({**before, **objects})
        yield
    finally:
        _in_scope.set(before)


def known_name(thing: object) -> str | None:
    """Return the name under which a class or function is registered, or None."""
    for objects in (_in_scope.get(), _custom):
        for name, known in objects.items():
            if known is thing:
                return name
    return None


def known_object(name: object) -> Any:
    """Return what is registered under a name, or None."""
    if not isinstance(name, str):
        return None
    return _in_scope.get().get(name, _custom.get(name))


def public_module(kind: type) -> str | None:
    """Return ``gatedcore.layers`` for a class of any of its files; None for others' classes."""
    package, _, rest = kind.__module__.partition(".")
    return f"{package}.{rest.split('.')[0]}" if package == "gatedcore" and rest else None


def add_library_class(kind: type, name: str | None = None) -> None:
    """Let configs name a class of the library, by its name or another; others' are left alone."""
    module = public_module(kind)
    if module is not None:
        _library.setdefault(name or kind.__name__, {})[module] = kind


def library_class(name: str, module: object = None) -> type | None:
    """Return a class of the library, or None; the module decides between classes of one name."""
    kinds = _library.get(name, {})
    if len(kinds) < 2:
        return next(iter(kinds.values()), None)
    wanted = str(module).rpartition(".")[2]
    return next((kind for known, kind in kinds.items() if known.endswith(f".{wanted}")), None)

"""Objects as plain data and back: ``get_config``, ``from_config`` and what they nest.

The rule behind it: an object keeps the arguments of its ``__init__`` as attributes of the same
names. So the signature alone tells what to write, and a class has nothing to do for it.
"""

from __future__ import annotations  # numpy.random is imported when first used, not here

from collections.abc import Mapping
from types import BuiltinFunctionType, FunctionType
from typing import Any, ClassVar, TypeVar

import numpy as np

from gatedcore.registration import (
    add_library_class,
    custom_object_scope,
    known_name,
    known_object,
    library_class,
    public_module,
)

C = TypeVar("C", bound="Configurable")

_PLAIN = (bool, int, float, str)
_BIT_GENERATORS = ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")  # all that NumPy has


class Configurable:
    """Base of what can be written as a config and made again from it.

    Attributes
    ----------
    attribute_of : mapping
        Where an argument is kept under another name than its own; None for one that need not be
        kept.
    """

    attribute_of: ClassVar[Mapping[str, str | None]] = {}

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        add_library_class(cls)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make such an object again, as data for JSON.

        Returns
        -------
        dict
            By name; an object among them is ``{"class_name": ..., "config": ...}``.

        Raises
        ------
        TypeError
            If an argument is not kept, or is something that JSON cannot name.
        """
        # An override that calls this adds what it keeps elsewhere; `serialize` checks the whole.
        overridden = type(self).get_config is not Configurable.get_config
        return config_of(self, self.attribute_of, partial=overridden)

    @classmethod
    def from_config(cls: type[C], config: Mapping[str, Any]) -> C:
        """Return a new object from what ``get_config`` returned.

        Raises
        ------
        TypeError, ValueError
            As the class itself for such arguments.
        """
        return cls(**{name: decode(value) for name, value in config.items()})


_FROM_CONFIG = vars(Configurable)["from_config"].__func__


def config_of(
    thing: object, attribute_of: Mapping[str, str | None] | None = None, *, partial: bool = False
) -> dict[str, Any]:
    """Return the arguments of an object's ``__init__``, read from its attributes.

    Parameters
    ----------
    thing : object
        Any object.
    attribute_of : mapping, optional
        The attribute of an argument that is kept under another name.
    partial : bool
        Whether to leave out arguments that are not kept.

    Raises
    ------
    TypeError
        If an argument is not kept, or is something that JSON cannot name.
    """
    where = f"{type(thing).__name__}.get_config"
    config = {}
    for name, needed in init_arguments(type(thing)).items():
        attribute = (attribute_of or {}).get(name, name)
        if attribute is None:
            continue
        if hasattr(thing, attribute):
            config[name] = encode(getattr(thing, attribute), f"{where}: {name}")
        elif needed and not partial:
            raise TypeError(
                f"{where}: argument {name!r} is not kept, expected an attribute of that name; "
                f"write self.{name} = {name} in __init__, or a get_config that returns it"
            )
    return config


def init_arguments(kind: type) -> dict[str, bool]:
    """Return the names of the arguments that make an object, and whether each must be kept.

    Where ``__init__`` takes ``**options`` these go to the next class, so its arguments count too;
    but not one without a default that no attribute keeps: the subclass passes it on its own.

    Raises
    ------
    TypeError
        If an argument cannot be passed by name.
    """
    import inspect

    found: dict[str, bool] = {}
    first = True
    for base in kind.__mro__[:-1]:
        if "__init__" not in vars(base):
            continue
        more = False
        for parameter in list(inspect.signature(vars(base)["__init__"]).parameters.values())[1:]:
            if parameter.kind is parameter.VAR_KEYWORD:
                more = True
            elif parameter.kind in (parameter.VAR_POSITIONAL, parameter.POSITIONAL_ONLY):
                raise TypeError(
                    f"{kind.__name__}.get_config: argument {parameter.name!r} has no name for "
                    "callers, expected arguments with names; write get_config and from_config"
                )
            else:
                needed = first or parameter.default is not parameter.empty
                found.setdefault(parameter.name, needed)
        first = False
        if not more:
            break
    return found


def encode(value: object, where: str) -> Any:
    """Return a value as data for JSON.

    Parameters
    ----------
    value : object
        Numbers, strings, None, lists, tuples and dicts of these; objects with a config;
        registered functions and those of this library; NumPy's dtypes and generators.
    where : str
        What it is, for errors.

    Raises
    ------
    TypeError
        If it is something else.
    """
    if value is None or type(value) in _PLAIN:
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.dtype):
        return value.name
    if isinstance(value, list | tuple):
        return [encode(item, where) for item in value]
    if isinstance(value, Mapping):
        wrong = [key for key in value if not isinstance(key, str)]
        if wrong:
            raise TypeError(
                f"{where} has the key {wrong[0]!r}, expected strings as keys; JSON has no others"
            )
        return {key: encode(item, where) for key, item in value.items()}
    if isinstance(value, FunctionType | BuiltinFunctionType | type):
        return _encode_function(value, where)
    if not hasattr(value, "get_config") and isinstance(value, np.random.Generator):
        state: Any = value.bit_generator.state
        return {"class_name": "Generator", "config": lists_for_arrays(state)}
    return serialize(value, where)


def serialize(thing: object, where: str | None = None) -> dict[str, Any]:
    """Return an object as ``{"class_name": ..., "config": ...}``.

    Parameters
    ----------
    thing : object
        A layer, an initializer, a model, or an object of a registered class.
    where : str, optional
        What it is, for errors.

    Returns
    -------
    dict
        Beside the two, ``module`` for the library's classes, ``registered_name`` for others.

    Raises
    ------
    TypeError
        If its class is not known, or its config not complete.
    """
    kind = type(thing)
    where = where or f"serialize: {kind.__name__}"
    name, module = known_name(kind), public_module(kind)
    if name is None and (module is None or library_class(kind.__name__, module) is not kind):
        raise TypeError(
            f"{where} is a {kind.__name__}, which no file can name; put "
            "@gatedcore.saving.register_serializable() above its class"
        )
    config = thing.get_config()  # type: ignore[attr-defined]  # both kinds of classes have it
    if getattr(getattr(kind, "from_config", None), "__func__", None) is _FROM_CONFIG:
        renamed: Mapping[str, str | None] = getattr(kind, "attribute_of", {})
        elsewhere = {argument for argument, kept in renamed.items() if kept is None}
        needed = [argument for argument, must in init_arguments(kind).items() if must]
        missing = [argument for argument in needed if argument not in {*config, *elsewhere}]
        if missing:
            raise TypeError(
                f"{where}: get_config of {kind.__name__} leaves out {missing[0]!r}, expected all "
                "arguments; add it there"
            )
    named = {"registered_name": name} if name is not None else {"module": module}
    return {**named, "class_name": kind.__name__, "config": config}


def decode(data: Any) -> Any:
    """Return the value that ``encode`` turned into data.

    Raises
    ------
    TypeError, ValueError
        If it names what is not known, or a config does not suit its class.
    """
    if isinstance(data, list | tuple):
        return [decode(item) for item in data]
    if not isinstance(data, Mapping):
        return data
    if "class_name" in data and "config" in data:
        return deserialize(data)
    return {key: decode(value) for key, value in data.items()}


def deserialize(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return the object that ``serialize`` turned into data; of Keras's data for such objects too.

    Parameters
    ----------
    config : dict
        With ``class_name`` and ``config``.
    custom_objects : mapping, optional
        More classes and functions by name.

    Raises
    ------
    TypeError, ValueError
        If it is no such dict, names what is not known, or its config does not suit the class.
    """
    if custom_objects:
        with custom_object_scope(custom_objects):
            return deserialize(config)
    if not isinstance(config, Mapping) or not isinstance(config.get("class_name"), str):
        raise TypeError(
            f"deserialize: config is {config!r}, expected a dict with 'class_name' and 'config'; "
            "pass what serialize returned"
        )
    class_name, inner = config["class_name"], config.get("config")
    if class_name == "function":
        return _decode_function(inner)
    if not isinstance(inner, Mapping):
        raise TypeError(
            f"deserialize: config of {class_name} is {inner!r}, expected a dict; pass what "
            "serialize returned"
        )
    try:
        return _from_config(class_name, config, inner)
    except (AttributeError, LookupError, ArithmeticError, RecursionError) as error:
        raise ValueError(
            f"deserialize: config of {class_name} is malformed ({error!r}), expected what "
            "serialize returned; write it anew"
        ) from error


def _from_config(class_name: str, config: Mapping[str, Any], inner: Mapping[str, Any]) -> Any:
    """Return the object of a class that has this inner config."""
    if class_name == "Generator":
        return _decode_generator(inner)
    if class_name == "DTypePolicy":  # Keras's way to write a dtype
        return inner.get("name")
    kind = (
        known_object(config.get("registered_name"))
        or known_object(class_name)
        or library_class(class_name, config.get("module"))
    )
    if kind is None or not hasattr(kind, "from_config"):
        raise ValueError(
            f"deserialize: class {config.get('registered_name') or class_name!r} is not known, "
            "expected one of this library or a registered one; put "
            "@gatedcore.saving.register_serializable() above its definition, or pass custom_objects"
        )
    return kind.from_config(dict(inner))


def lists_for_arrays(tree: Any) -> Any:
    """Return nested dicts with lists in place of arrays."""
    if isinstance(tree, Mapping):
        return {key: lists_for_arrays(value) for key, value in tree.items()}
    return tree.tolist() if isinstance(tree, np.ndarray | np.generic) else tree


def _encode_function(function: Any, where: str) -> Any:
    name = known_name(function)
    if name is not None:
        return {"class_name": "function", "config": name}
    own = str(function.__module__).split(".")[0] == "gatedcore"
    if own and not function.__name__.startswith("_") and isinstance(function, FunctionType):
        return function.__name__  # as whoever takes the function takes its name too
    raise TypeError(
        f"{where} is {function.__name__!r}, which no file can name; put "
        "@gatedcore.saving.register_serializable() above its definition"
    )


def _decode_function(name: object) -> Any:
    function = known_object(name)
    if function is None:
        raise ValueError(
            f"deserialize: function {name!r} is not known, expected a registered one; put "
            "@gatedcore.saving.register_serializable() above its definition, or pass custom_objects"
        )
    return function


def _decode_generator(state: Mapping[str, Any]) -> np.random.Generator:
    name = state.get("bit_generator")
    if name not in _BIT_GENERATORS:
        raise ValueError(
            f"deserialize: bit_generator is {name!r}, expected one of "
            f"{', '.join(_BIT_GENERATORS)}; pass what serialize returned"
        )
    bit_generator = getattr(np.random, name)()
    bit_generator.state = state
    return np.random.Generator(bit_generator)

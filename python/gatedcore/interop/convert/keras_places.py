"""Tensors in configs of Keras's functional models: where they come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from gatedcore.interop.convert.keras_config import Config, plain

Place = tuple[str, int, int]  # a layer's name, which call of it, which output of that


def name_of(data: Config) -> str:
    """Return the name that calls know a layer by."""
    return str(data.get("name", data["config"].get("name")))


def is_operator(data: Config) -> bool:
    """Return whether this stands for an operator and no layer."""
    if "module" in data:
        return str(data["module"]).startswith(("keras.src.ops", "keras.ops"))
    # Keras 3 leaves the module out in .h5; layers and models have more than a name.
    whole = {"trainable", "layers", "batch_shape", "batch_input_shape"}
    return not whole.intersection(data["config"])


def tree_of(data: Any) -> Any:
    """Return nested lists of tensors' places, other values as they are."""
    if isinstance(data, Mapping) and data.get("class_name") == "__keras_tensor__":
        return place_of(data["config"]["keras_history"])
    return [tree_of(item) for item in data] if isinstance(data, list) else plain("x", data)


def places_in(tree: Any) -> Iterator[Place]:
    """Yield the places in nested lists."""
    if isinstance(tree, list):
        for item in tree:
            yield from places_in(item)
    elif isinstance(tree, tuple):
        yield cast(Place, tree)


def replaced(tree: Any, value_of: Callable[[Place], Any]) -> Any:
    """Return nested lists with values for places."""
    if isinstance(tree, list):
        return [replaced(item, value_of) for item in tree]
    return None if tree is None else value_of(tree)


def place_of(data: Any) -> Place:
    """Return a place as a config has it.

    Raises
    ------
    TypeError
        If it is none.
    """
    whole = isinstance(data, list | tuple) and len(data) == 3
    if not whole or not isinstance(data[0], str) or not all(isinstance(n, int) for n in data[1:]):
        raise TypeError(f"a tensor is {data!r}, expected a layer's name and two numbers")
    return cast(Place, tuple(data))

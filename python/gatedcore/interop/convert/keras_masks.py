"""Masks in configs of Keras's functional models.

Keras 3 writes out how a mask is computed and hands it to every layer that uses it. Here it follows
from the layers, so only a mask that does so there too is one and the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gatedcore.interop.convert.keras_config import Config, class_of
from gatedcore.interop.convert.keras_places import Place, places_in, tree_of

# What masks are computed with: from a NotEqual on, or from nothing where an input has none.
_ALWAYS = {"NotEqual", "Any", "All", "LogicalAnd", "LogicalOr", "OnesLike", "ZerosLike"}
_OF_BOOL = {"BroadcastTo", "Concatenate", "ExpandDims", "Flip", "Squeeze"}


def makes_masks(data: Config) -> bool:
    """Return whether an operator takes part in computing a mask, and in nothing else."""
    kind = class_of(data)
    if kind in _OF_BOOL:
        return all(
            tensor["config"].get("dtype") == "bool"
            for node in data["inbound_nodes"]
            for tensor in _tensors(node["args"])
        )
    return kind in _ALWAYS


def _tensors(tree: Any) -> list[Config]:
    if isinstance(tree, list):
        return [tensor for item in tree for tensor in _tensors(item)]
    return [tree] if isinstance(tree, Mapping) and "keras_history" in tree["config"] else []


def check_mask(place: Place, parts: list[Config], operators: Mapping[str, Config]) -> None:
    """Raise unless a mask is one that follows from an ``Embedding`` or a ``Masking``.

    Parameters
    ----------
    place : Place
        Where it comes from.
    parts : list of mapping
        The configs of the graph's layers.
    operators : mapping
        Of those the operators, by name.

    Raises
    ------
    ValueError
        If it is another one.
    """
    waiting, seen, begins = [place], set(), False
    while waiting:
        one = waiting.pop()
        data = operators.get(one[0])
        kind, args = "", []
        if data is not None:
            kind, args = class_of(data), data["inbound_nodes"][0]["args"]
        if kind == "NotEqual" and any(_makes(part, tree_of(args[0]), args[1]) for part in parts):
            begins = True
        elif data is None or kind == "NotEqual" or not makes_masks(data):
            begins = False
            break
        elif one not in seen and kind not in ("OnesLike", "ZerosLike"):
            seen.add(one)
            waiting += places_in(tree_of(args))
    if not begins:
        raise ValueError(
            f"a mask comes from {place[0]!r}, expected that of an Embedding(mask_zero=True) or "
            "a Masking; call the model with a mask instead"
        )


def _makes(data: Config, source: Any, value: object) -> bool:
    """Return whether a layer makes its mask of this tensor and value."""
    config, kind = data["config"], class_of(data)
    zero = kind == "Embedding" and bool(config.get("mask_zero")) and value == 0
    same = kind == "Masking" and config.get("mask_value", 0.0) == value
    if not (zero or same):
        return False
    return any(source == tree_of(node["args"][0]) for node in data["inbound_nodes"])

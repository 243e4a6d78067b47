"""The calls of layers in configs of Keras's functional models, of version 3 and 2."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from gatedcore.interop.convert.keras_config import Config, class_of, label_of
from gatedcore.interop.convert.keras_masks import check_mask, makes_masks
from gatedcore.interop.convert.keras_places import (
    Place,
    is_operator,
    name_of,
    place_of,
    places_in,
    tree_of,
)

# Operators between tensors, which Keras writes in the place of layers.
_MERGING = {"Add", "Subtract", "Multiply", "Maximum", "Minimum"}


class Call(NamedTuple):
    """One call of a layer on tensors.

    Attributes
    ----------
    data : mapping
        The layer's config.
    number : int
        Which of its calls.
    x : Place or list of Place
        Its input.
    states : list of Place or None
        Its initial states.
    """

    data: Config
    number: int
    x: Any
    states: list[Place] | None


def calls_of(parts: list[Config]) -> list[Call]:
    """Return the calls of all layers of a graph, each after those that feed it.

    Parameters
    ----------
    parts : list of mapping
        The configs of its layers, operators and inputs.

    Raises
    ------
    TypeError, ValueError
        If a call has what is not supported, or its input comes from nowhere.
    """
    operators = {name_of(data): data for data in parts if is_operator(data)}
    waiting: list[Call] = []
    for data in parts:
        if class_of(data) == "InputLayer":
            continue
        try:
            if is_operator(data):
                waiting += _calls_of_operator(data)
            else:
                waiting += _calls_of_layer(data, parts, operators)
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            raise ValueError(f"calls of {label_of(data)}: {error}") from None
    ready = {(name_of(data), 0) for data in parts if class_of(data) == "InputLayer"}
    ordered: list[Call] = []
    while waiting:
        later = []
        for call in waiting:
            if all(place[:2] in ready for place in places_in([call.x, call.states])):
                ordered.append(call)
                ready.add((name_of(call.data), call.number))
            else:
                later.append(call)
        if len(later) == len(waiting):
            names = ", ".join(sorted({name_of(call.data) for call in later}))
            raise ValueError(f"inputs of {names} come from nowhere, expected layers of the model")
        waiting = later
    return ordered


def _calls_of_layer(
    data: Config, parts: list[Config], operators: Mapping[str, Config]
) -> Iterator[Call]:
    nodes = data.get("inbound_nodes", ())
    for number, node in enumerate(nodes, _first_number(data, nodes)):
        if isinstance(node, Mapping):
            args, kwargs = [tree_of(arg) for arg in node["args"]], dict(node["kwargs"])
        else:
            args, kwargs = _old_node(node)
        states = tree_of(kwargs.pop("initial_state", None))
        mask = kwargs.pop("mask", None)
        if mask is not None:
            for place in places_in(tree_of(mask)):
                check_mask(place, parts, operators)
        asked = {key: value for key, value in kwargs.items() if value not in (None, False)}
        if len(args) != 1 or asked:
            raise ValueError(
                f"a call has {len(args)} inputs and the arguments {sorted(asked)}, expected one "
                "input and no argument but initial_state"
            )
        x = args[0]
        # Those of stacked cells come as a list for each.
        given = None if states is None else list(places_in([states]))
        if isinstance(x, list) and class_of(data) in ("LSTM", "GRU", "SimpleRNN", "Bidirectional"):
            x, given = x[0], x[1:] or given  # version 2 puts the states behind the input
        yield Call(data, number, x, given)


def _first_number(data: Config, nodes: Any) -> int:
    """Return the number of a layer's first call: version 2 counts the making of a model as one."""
    inner = data["config"].get("layers")
    old = bool(nodes) and isinstance(nodes[0], list)
    return int(old and bool(inner) and class_of(inner[0]) == "InputLayer")


def _old_node(node: Any) -> tuple[list[Any], dict[str, Any]]:
    """Return inputs and arguments of a call as version 2 writes it."""
    if isinstance(node[0], str):
        node = [node]
    places = [place_of(entry[:3]) for entry in node]
    kwargs = dict(node[0][3]) if len(node[0]) > 3 else {}
    states = kwargs.pop("initial_state", None)
    if states is not None:
        states = [states] if isinstance(states[0], str) else states
        kwargs["initial_state"] = [_history(place_of(state[:3])) for state in states]
    return [places[0] if len(places) == 1 else places], kwargs


def _history(place: Place) -> dict[str, Any]:
    return {"class_name": "__keras_tensor__", "config": {"keras_history": list(place)}}


def _calls_of_operator(data: Config) -> Iterator[Call]:
    """Yield the calls of an operator that has a layer of the same sums; none of one of masks."""
    kind = class_of(data)
    for number, node in enumerate(data["inbound_nodes"]):
        args = [tree_of(arg) for arg in node["args"]]
        if makes_masks(data):
            return
        tensors = args[0] if kind == "Concatenate" else args
        of_tensors = isinstance(tensors, list) and all(isinstance(t, tuple) for t in tensors)
        if kind == "Concatenate" and of_tensors:
            options = {**data["config"], **node["kwargs"]}
            config = {"name": name_of(data), "axis": options.get("axis", 0)}
        elif kind in _MERGING and of_tensors and len(args) == 2:
            config = {"name": name_of(data)}
        else:
            raise ValueError(
                f"the operator {kind} has no counterpart but between two tensors, and then only "
                f"{', '.join(sorted(_MERGING))}; use a layer"
            )
        layer = {"class_name": kind, "config": config, "name": name_of(data)}
        yield Call(layer, number, tensors, None)

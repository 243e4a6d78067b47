"""Configs of Keras's models made into models of ours, their weights with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from gatedcore.arrays import Shape
from gatedcore.graph import Model
from gatedcore.interop.convert.filling import fill
from gatedcore.interop.convert.keras_calls import Call, calls_of
from gatedcore.interop.convert.keras_config import Config, class_of, label_of, layer_from, plain
from gatedcore.interop.convert.keras_places import (
    Place,
    is_operator,
    name_of,
    place_of,
    replaced,
)
from gatedcore.interop.convert.keras_weights import Weights, keys_of
from gatedcore.layers.base import Layer
from gatedcore.layers.input import Input
from gatedcore.model import Sequential

GRAPHS = ("Functional", "Model")
MODELS = ("Sequential", *GRAPHS)


class _Member(NamedTuple):
    """A layer or model with what Keras 3's files call it, its weights, and its name here."""

    data: Config
    key: str
    weights: Weights
    name: str

    @property
    def is_graph(self) -> bool:
        return class_of(self.data) in GRAPHS


def model_from(data: Config, weights: Weights) -> Sequential | Model:
    """Return the model that one of Keras's configs describes, with its weights.

    Parameters
    ----------
    data : mapping
        With ``class_name`` and ``config``.
    weights : Weights
        Where the weights are.

    Raises
    ------
    TypeError, ValueError
        If it is no model of layers, or something of it has no counterpart here.
    """
    return _Reader().model(data, weights, "")


class _Reader:
    """Reads one model with those within it.

    Names are those of one model here: where a model within has a layer of a name that is taken, the
    model's own name goes in front.
    """

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def model(self, data: Config, weights: Weights, prefix: str) -> Sequential | Model:
        kind = class_of(data)
        if kind == "Sequential":
            return self._row(data, weights, prefix)
        if kind in GRAPHS and "input_layers" in data["config"]:
            return self._graph(data, weights, prefix)
        raise ValueError(
            f"{label_of(data)} is no Sequential or functional model, expected one of these; a "
            "class of one's own is code, which no config holds"
        )

    def _names(self, parts: list[Config], prefix: str) -> dict[str, str]:
        """Return the names here of a model's layers and inputs, by those in Keras."""
        names = {}
        for name in (name_of(one) for one in parts if class_of(one) not in MODELS):
            names[name] = f"{prefix}_{name}" if name in self._taken and prefix else name
        self._taken.update(names.values())
        return names

    # Rows.

    def _row(self, data: Config, weights: Weights, prefix: str) -> Sequential | Model:
        config = data["config"]
        parts = _layer_list(data)
        names = self._names(parts, prefix)
        members = list(self._members(parts, weights, names))
        x = _input_of_row(data, parts, names)
        model = {"name": config.get("name"), "trainable": config.get("trainable", True)}
        if any(member.is_graph for member in members):
            if x is None:
                raise ValueError(f"{label_of(data)} has no input shape, expected one; build it")
            return Model(x, self._through(x, members), **model)
        shape = None if x is None else x.shape
        layers: list[Layer | Input] = [] if x is None else [x]
        for member in members:
            layer = _named(member.data, member.name, None if shape is None else len(shape))
            if shape is not None:
                shape = _filled(layer, shape, member)
            layers.append(layer)
        return Sequential(layers, **model)

    def _members(
        self, parts: list[Config], weights: Weights, names: dict[str, str]
    ) -> Iterator[_Member]:
        """Yield the layers of a row, those of rows within it in their place."""
        layers = [one for one in parts if class_of(one) != "InputLayer"]
        for one, key in zip(layers, keys_of(layers), strict=True):
            if class_of(one) == "Sequential":
                inner = _layer_list(one)
                of_inner = self._names(inner, name_of(one))
                yield from self._members(inner, weights.within(key, one), of_inner)
            else:
                yield _Member(one, key, weights, names.get(name_of(one), name_of(one)))

    def _through(self, x: Any, members: list[_Member]) -> Any:
        """Return what a row of layers and models makes of a tensor."""
        for member in members:
            if member.is_graph:
                x = self.model(
                    member.data, member.weights.within(member.key, member.data), member.name
                )(x)
            else:
                layer = _named(member.data, member.name, len(x.shape))
                _filled(layer, x.shape, member)
                x = layer.record(x)
        return x

    # Graphs.

    def _graph(self, data: Config, weights: Weights, prefix: str) -> Model:
        config, parts = data["config"], _layer_list(data)
        names = self._names(parts, prefix)
        layers = [one for one in parts if not is_operator(one)]
        keys = {name_of(one): key for one, key in zip(layers, keys_of(layers), strict=True)}
        made: dict[str, Layer | Sequential | Model] = {}
        tensors: dict[Place, Any] = {
            (name_of(one), 0, 0): _input(one, names)
            for one in layers
            if class_of(one) == "InputLayer"
        }
        for call in calls_of(parts):
            name = name_of(call.data)
            x = replaced(call.x, tensors.__getitem__)
            if name not in made:
                member = _Member(call.data, keys.get(name, ""), weights, names.get(name, name))
                made[name] = self._part(member, x)
            result = _called(made[name], call, x, replaced(call.states, tensors.__getitem__))
            outputs = result if isinstance(result, list | tuple) else [result]
            tensors |= {(name, call.number, k): one for k, one in enumerate(outputs)}
        inputs, outputs = (
            _ends(label_of(data), plain("ends", config.get(f"{end}_layers")), tensors)
            for end in ("input", "output")
        )
        if isinstance(outputs, list) and len(outputs) == 1:
            outputs = outputs[0]  # of one in a list Keras returns an array too
        name, trainable = config.get("name"), config.get("trainable", True)
        return Model(inputs, outputs, name=name, trainable=trainable)

    def _part(self, member: _Member, x: Any) -> Layer | Sequential | Model:
        """Return a layer or model of a graph, for its first input."""
        if class_of(member.data) in MODELS:
            within = member.weights.within(member.key, member.data)
            return self.model(member.data, within, member.name)
        listed = isinstance(x, list)
        layer = _named(member.data, member.name, len((x[0] if listed else x).shape))
        if not listed:
            _filled(layer, x.shape, member)
        return layer


def _ends(label: str, tree: Any, tensors: Mapping[Place, Any]) -> Any:
    """Return the inputs or outputs of a graph, in the form that they were given in."""
    try:
        if isinstance(tree, Mapping):
            return {key: _ends(label, place, tensors) for key, place in tree.items()}
        if tree and isinstance(tree[0], str):
            return tensors[place_of(tree)]
        return [_ends(label, place, tensors) for place in tree]
    except (KeyError, IndexError, TypeError) as error:
        raise ValueError(f"inputs or outputs of {label}: {error!r}") from None


def _input(data: Config, names: Mapping[str, str]) -> Input:
    config = data["config"]
    shape = plain("shape", config.get("batch_shape", config.get("batch_input_shape")))
    return make_input(label_of(data), names[name_of(data)], shape, config)


def _input_of_row(data: Config, parts: list[Config], names: Mapping[str, str]) -> Input | None:
    """Return the input of a row, or None if its shape is not known."""
    if parts and class_of(parts[0]) == "InputLayer":
        return _input(parts[0], names)
    shape = data["config"].get("build_input_shape")
    if shape is None and parts:
        if class_of(parts[0]) == "Sequential":
            inner = _layer_list(parts[0])
            return _input_of_row(parts[0], inner, {name_of(one): name_of(one) for one in inner})
        shape = parts[0]["config"].get("batch_input_shape")
    if shape is None:
        return None
    config = {"dtype": parts[0]["config"].get("dtype")} if parts else {}
    return make_input(label_of(data), None, plain("shape", shape), config)


def make_input(label: str, name: str | None, shape: Any, config: Mapping[str, Any]) -> Input:
    """Return an input, of any number of rows, as a config describes it.

    Raises
    ------
    ValueError
        If it is no shape, or the dtype is not supported.
    """
    if not isinstance(shape, list) or not shape:
        raise ValueError(f"{label} has the shape {shape!r}, expected the sizes of a batch")
    dtype = plain("dtype", config.get("dtype"))
    # Layers name their own dtype, which need not be that of what they are given: here as there.
    # Tokens, of any size, are told by theirs; "bfloat16" and the like fall to the layers too.
    tokens = isinstance(dtype, str) and dtype.lstrip("u").startswith("int")
    if dtype == "string":
        raise ValueError(f"{label} takes strings, expected numbers; convert the model behind it")
    try:
        return Input(batch_shape=(None, *shape[1:]), dtype="int32" if tokens else None, name=name)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{label}: {error}") from None


def _layer_list(data: Config) -> list[Config]:
    """Return the configs of a model's layers.

    Raises
    ------
    ValueError
        If it has none.
    """
    config = data["config"]
    parts = config.get("layers")
    if not isinstance(parts, list):
        raise ValueError(f"{label_of(data)} has no list of layers, expected one")
    for one in parts:
        class_of(one)
    return parts


def _named(data: Config, name: str, rank: int | None) -> Layer:
    """Return a layer, not built, of a name."""
    return layer_from({**data, "config": {**data["config"], "name": name}}, rank)


def _filled(layer: Layer, shape: Shape, member: _Member) -> Shape:
    """Build a layer with its weights; return the shape of its output."""
    try:
        fill(layer, shape, member.weights.of(member.key, member.data), member.weights)
        return layer.compute_output_shape(shape)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{label_of(member.data)}: {error}") from None


def _called(part: Layer | Sequential | Model, call: Call, x: Any, states: Any) -> Any:
    """Return what a layer or model makes of tensors."""
    try:
        return part.record(x, states) if isinstance(part, Layer) else part(x)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{label_of(call.data)}: {error}") from None

"""How graphs of layers are written as data and read again, and how their inputs are packed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, cast

from gatedcore import configs
from gatedcore.layers.base import Layer
from gatedcore.layers.input import Input
from gatedcore.layers.tensor import LayerCall, Tensor, as_tensors

# How inputs or outputs were given: None for one, a number for a list, keys for a dict.
Form = int | tuple[str, ...] | None
Place = tuple[str, int, int]  # a layer's name, which call of it, which output of that


class Graph(Protocol):
    """What must be known of a model here."""

    name: str
    trainable: Any

    @property
    def inputs(self) -> list[Input]:
        """The tensors where the graph begins."""

    @property
    def outputs(self) -> list[Tensor]:
        """The tensors where it ends."""

    @property
    def computing_layers(self) -> list[Layer]:
        """The layers, without inputs."""

    @property
    def calls(self) -> list[LayerCall]:
        """The calls of layers, each after those that feed it."""

    @property
    def forms(self) -> tuple[Form, Form]:
        """How inputs and outputs were given."""


def form_of(given: object) -> Form:
    """Return how inputs or outputs were given."""
    if isinstance(given, Mapping):
        return tuple(given)
    return len(given) if isinstance(given, list | tuple) else None


def tensors_of(where: str, name: str, given: object) -> list[Tensor]:
    """Return a tensor, or a list or dict of tensors, as a list.

    Raises
    ------
    TypeError, ValueError
        If there are none, or something else among them.
    """
    if given is None:
        raise TypeError(
            f"{where}: {name} is missing, expected symbolic tensors, as a model is a graph of "
            "layers here, also in a class of one's own; call layers on gatedcore.Input(shape)"
        )
    tensors = as_tensors(where, name, list(given.values()) if isinstance(given, Mapping) else given)
    if not tensors:
        raise ValueError(f"{where}: {name} is empty, expected tensors; pass at least one")
    return tensors


def packed(
    where: str, what: str, given: Any, form: Form, names: list[str]
) -> list[tuple[str, Any]]:
    """Return what was given for each name, as the form says or by name.

    Raises
    ------
    ValueError
        If the number or the names differ.
    """
    if isinstance(given, Mapping):
        if set(given) != set(names):
            raise ValueError(
                f"{where}: {what} has the names {sorted(map(str, given))}, expected "
                f"{sorted(names)}; pass one array for each"
            )
        return [(name, given[name]) for name in names]
    listed = isinstance(given, list | tuple)
    if form is None or (len(names) == 1 and not (listed and len(given) == 1)):
        return [(names[0], given)]
    if not listed or len(given) != len(names):
        came = f"a list of {len(given)}" if listed else f"a {type(given).__name__}"
        raise ValueError(
            f"{where}: {what} is {came}, expected a list of {len(names)} or a dict by the names "
            f"{', '.join(names)}; pass one array for each"
        )
    return list(zip(names, given, strict=True))


def unpacked(results: Sequence[Any], form: Form) -> Any:
    """Return results as the form says: one, a list, or a dict."""
    if form is None:
        return results[0]
    return dict(zip(form, results, strict=True)) if isinstance(form, tuple) else list(results)


def repeat(call: LayerCall, inputs: Sequence[Any], **options: Any) -> tuple[Tensor, ...]:
    """Call a layer again as it was called, on other tensors."""
    if call.layer.takes_list:
        made = call.layer.record(list(inputs), **options)
    else:
        x, *states = inputs
        made = call.layer.record(x, states or None, **options)
    return made if isinstance(made, tuple) else (made,)


# Writing.


def config_of(model: Graph) -> dict[str, Any]:
    """Return a model's layers, and where each of their calls takes its inputs from."""
    places: dict[Tensor, Place] = {tensor: (tensor.name, 0, 0) for tensor in model.inputs}
    nodes: dict[str, list[Any]] = {layer.name: [] for layer in model.computing_layers}
    for call in model.calls:
        of_layer = nodes[call.layer.name]
        places |= {
            tensor: (call.layer.name, len(of_layer), k) for k, tensor in enumerate(call.outputs)
        }
        inputs = [_tensor_config(tensor, places[tensor]) for tensor in call.inputs]
        if call.layer.takes_list:
            of_layer.append({"args": [inputs], "kwargs": {}})
        else:
            states = {"initial_state": inputs[1:]} if inputs[1:] else {}
            of_layer.append({"args": inputs[:1], "kwargs": states})
    parts: list[Any] = [*model.inputs, *model.computing_layers]
    layers = [
        {**configs.serialize(part), "name": part.name, "inbound_nodes": nodes.get(part.name, [])}
        for part in parts
    ]
    tensors: tuple[Sequence[Tensor], ...] = (model.inputs, model.outputs)
    ends = [
        unpacked([list(places[tensor]) for tensor in of_one], form)
        for of_one, form in zip(tensors, model.forms, strict=True)
    ]
    return {
        "name": model.name,
        "trainable": model.trainable,
        "layers": layers,
        "input_layers": ends[0],
        "output_layers": ends[1],
    }


def _tensor_config(tensor: Tensor, place: Place) -> dict[str, Any]:
    dtype = None if tensor.dtype is None else tensor.dtype.name
    config = {"shape": list(tensor.shape), "dtype": dtype, "keras_history": list(place)}
    return {"class_name": "__keras_tensor__", "config": config}


# Reading.


def tensors_from(config: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return inputs and outputs of a model from its config, in the form they were given in.

    Raises
    ------
    TypeError, ValueError
        If the config is of no such model.
    """
    made: dict[Place, Tensor] = {}
    waiting: list[tuple[Layer, int, Mapping[str, Any]]] = []
    for data in config["layers"]:
        part = configs.deserialize(data)
        if isinstance(part, Input):
            made[part.name, 0, 0] = part
        else:
            waiting += [(part, k, node) for k, node in enumerate(data["inbound_nodes"])]
    while waiting:
        later = [job for job in waiting if not _call_if_ready(*job, made)]
        if len(later) == len(waiting):
            names = sorted({layer.name for layer, _, _ in later})
            raise ValueError(
                f"Model.from_config: inputs of {', '.join(names)} come from nowhere, expected "
                "layers of the config; pass what get_config returned"
            )
        waiting = later

    def ends(data: Any) -> Any:
        if isinstance(data, Mapping):
            return {name: ends(place) for name, place in data.items()}
        if data and isinstance(data[0], str):
            return made[_place(data)]
        return [ends(place) for place in data]

    return ends(config["input_layers"]), ends(config["output_layers"])


def _call_if_ready(
    layer: Layer, number: int, node: Mapping[str, Any], made: dict[Place, Tensor]
) -> bool:
    """Call a layer if its inputs are there; return whether they were."""
    args, options = node["args"], {k: v for k, v in node["kwargs"].items() if v is not None}
    states = options.pop("initial_state", None)
    if options or len(args) != 1:
        raise ValueError(
            f"Model.from_config: a call of {layer.name} has {len(args)} inputs and the arguments "
            f"{sorted(options)}, expected one input and no argument but initial_state; pass what "
            "get_config returned"
        )
    places = [_place(data) for data in _flat([args, states])]
    if not all(place in made for place in places):
        return False
    x = _replaced(args[0], made)
    result = layer.record(x, None if states is None else _replaced(states, made))
    for k, tensor in enumerate(result if isinstance(result, tuple) else (result,)):
        made[layer.name, number, k] = tensor
    return True


def _flat(tree: Any) -> Iterable[Any]:
    """Yield the tensors' places in nested lists."""
    if isinstance(tree, list | tuple):
        for item in tree:
            yield from _flat(item)
    elif tree is not None:
        yield tree["config"]["keras_history"]


def _replaced(tree: Any, made: Mapping[Place, Tensor]) -> Any:
    if isinstance(tree, list | tuple):
        return [_replaced(item, made) for item in tree]
    return made[_place(tree["config"]["keras_history"])]


def _place(data: Any) -> Place:
    name, call, output = data
    return cast(Place, (name, call, output))

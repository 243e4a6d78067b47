"""The order in which the layers of a graph run, there and back."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, cast

from gatedcore.arrays import Array, Shape
from gatedcore.layers.base import Layer, Mask
from gatedcore.layers.input import Input
from gatedcore.layers.recurrence import added
from gatedcore.layers.tensor import LayerCall, Tensor


class Step(NamedTuple):
    """One call of a layer, with the places of its inputs and outputs among all values."""

    layer: Layer
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    shared: bool  # whether the layer is called elsewhere in the graph too
    plain: bool  # whether it has one input and one output, for which there is a shorter way


class Plan:
    """Calls of layers as steps over a list of values: the inputs, then what each call returns.

    Parameters
    ----------
    inputs, outputs : sequence of Tensor
        Where the graph begins, and where it ends.
    calls : sequence of LayerCall
        What lies between, each call after those that feed it.
    """

    def __init__(
        self, inputs: Sequence[Tensor], calls: Sequence[LayerCall], outputs: Sequence[Tensor]
    ) -> None:
        tensors = [*inputs, *(tensor for call in calls for tensor in call.outputs)]
        place = {tensor: number for number, tensor in enumerate(tensors)}
        layers = [call.layer for call in calls]
        self._steps = [
            Step(
                cast(Layer, call.layer),
                tuple(place[tensor] for tensor in call.inputs),
                tuple(place[tensor] for tensor in call.outputs),
                layers.count(call.layer) > 1,
                len(call.inputs) == len(call.outputs) == 1 and not call.layer.takes_list,
            )
            for call in calls
        ]
        self._ends = [place[tensor] for tensor in outputs]
        self._fed, self._count = len(inputs), len(tensors)
        self._kept: dict[int, Any] = {}  # by step, what shared layers saved in a training forward
        self._needed: list[bool] = []
        self.find_needed(True)

    def find_needed(self, trainable: bool) -> None:
        """Find out which values need gradients: those that something trained comes before."""
        needed = [False] * self._count
        for layer, inputs, outputs, *_ in self._steps:
            trained = trainable and bool(layer.trained_names())
            for output in outputs:
                needed[output] = trained or any(needed[place] for place in inputs)
        self._needed = needed

    def way_back(self) -> list[tuple[Layer, bool]]:
        """Return the layers that ``backward`` goes through, and whether to any of their inputs."""
        needed = self._needed
        return [
            (layer, any(needed[place] for place in inputs))
            for layer, inputs, outputs, *_ in self._steps
            if needed[outputs[0]]
        ]

    def fed_by(self, place: int) -> list[Layer]:
        """Return the layers that an input feeds."""
        return [step.layer for step in self._steps if place in step.inputs]

    def shapes(self, given: Sequence[Shape]) -> list[Shape]:
        """Return the shapes of the outputs; raise if those of the inputs do not fit."""
        shapes = self._values(given)
        for layer, inputs, outputs, *_ in self._steps:
            made = layer.output_shapes([shapes[place] for place in inputs])
            for place, shape in zip(outputs, made, strict=True):
                shapes[place] = shape
        return [shapes[end] for end in self._ends]

    def forward(
        self, given: Sequence[Array], training: bool, mask: Mask | None = None
    ) -> tuple[list[Array], list[Mask | None]]:
        """Return the outputs and their masks, for inputs of which the first may have one."""
        values = self._values(given)
        masks = self._values([mask])
        for number, (layer, inputs, outputs, shared, plain) in enumerate(self._steps):
            if plain:
                x, of_x, place = values[inputs[0]], masks[inputs[0]], outputs[0]
                values[place] = layer.forward(x, training, of_x)
                masks[place] = layer.compute_mask(x, of_x)
            else:
                arrays = [values[place] for place in inputs]
                of_inputs = [masks[place] for place in inputs]
                results = layer.forward_many(arrays, training, of_inputs)
                of_results = layer.output_masks(arrays, of_inputs)
                for place, result, of_result in zip(outputs, results, of_results, strict=True):
                    values[place], masks[place] = result, of_result
            if shared and training:
                self._kept[number] = layer.take_saved()
        # An input that is an output too stays the caller's own.
        results = [values[end].copy() if end < self._fed else values[end] for end in self._ends]
        return results, [masks[end] for end in self._ends]

    def backward(self, d_outputs: Sequence[Array]) -> None:
        """Add to the gradients of the layers' weights; none are computed for inputs."""
        gradients = self._values([])
        for end, d in zip(self._ends, d_outputs, strict=True):
            gradients[end] = added(gradients[end], d)
        needed = self._needed
        for number in range(len(self._steps) - 1, -1, -1):
            layer, inputs, outputs, shared, plain = self._steps[number]
            arriving = [gradients[place] for place in outputs]
            if not needed[outputs[0]] or all(d is None for d in arriving):
                continue
            if shared:
                layer.give_saved(self._kept.pop(number))
            asked = [needed[place] for place in inputs]
            if plain:
                d_inputs = [layer.backward(cast(Array, arriving[0]), asked[0])]
            else:
                d_inputs = layer.backward_many(arriving, asked)
            for place, d_input in zip(inputs, d_inputs, strict=True):
                if d_input is not None:
                    gradients[place] = added(gradients[place], d_input)

    def forget(self) -> None:
        """Drop what a training forward kept for a way back that does not come."""
        self._kept.clear()

    def in_a_row(self, where: str) -> list[Layer]:
        """Return the layers if each feeds the next one alone.

        Raises
        ------
        ValueError
            If the graph is no chain.
        """
        before = 0
        for layer, inputs, outputs, shared, _ in self._steps:
            if inputs != (before,) or len(outputs) > 1 or shared:
                raise ValueError(
                    f"{where}: {layer.name} is not in a row with the layers before it, expected a "
                    "chain from one input to one output; use a model that is one"
                )
            before = outputs[0]
        if self._ends != [before]:
            raise ValueError(
                f"{where}: model has several outputs, expected one; use a model that has"
            )
        return [step.layer for step in self._steps]

    def _values(self, given: Sequence[Any]) -> list[Any]:
        return [*given, *[None] * (self._count - len(given))]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_kept": {}}


def by_depth(calls: Sequence[LayerCall], outputs: Sequence[Tensor]) -> list[Layer | Input]:
    """Return inputs and the layers of calls in Keras's order, in which a model lists its weights.

    Those farthest from the outputs come first; of equally far ones those that a walk back from the
    outputs meets first.

    References
    ----------
    Keras 3, ``keras.src.ops.function.map_graph``.
    """
    met: dict[Layer | Input, int] = {}
    seen: set[LayerCall] = set()
    waiting = list(reversed(outputs))
    while waiting:
        tensor = waiting.pop()
        if isinstance(tensor, Input):
            met.setdefault(tensor, len(met))
        elif tensor.call is not None and tensor.call not in seen:
            seen.add(tensor.call)
            met.setdefault(cast(Layer, tensor.call.layer), len(met))
            waiting += reversed(tensor.call.inputs)
    depths: dict[LayerCall, int] = {}
    found: dict[Layer | Input, int] = {}
    for call in reversed(calls):
        layer = cast(Layer, call.layer)
        depth = max(depths.get(call, 0), found.get(layer, 0))
        found[layer] = depth
        for tensor in call.inputs:
            if isinstance(tensor, Input):
                found[tensor] = max(found.get(tensor, 0), depth + 1)
            elif tensor.call is not None:
                depths[tensor.call] = max(depths.get(tensor.call, 0), depth + 1)
    return sorted(found, key=lambda one: (-found[one], met[one]))


def check_inputs(
    where: str, inputs: Sequence[Tensor], calls: Iterable[LayerCall], outputs: Sequence[Tensor]
) -> list[Input]:
    """Return the inputs; raise unless they are what the outputs need.

    Raises
    ------
    TypeError, ValueError
        If one is the output of a layer, is missing, comes twice, or feeds nothing.
    """
    checked: list[Input] = []
    for tensor in inputs:
        if not isinstance(tensor, Input):
            raise TypeError(
                f"{where}: inputs holds {tensor!r}, which a layer computes, expected Inputs; start "
                "the model at gatedcore.Input(shape)"
            )
        if tensor in checked:
            raise ValueError(
                f"{where}: inputs holds {tensor!r} twice, expected each once; leave one out"
            )
        checked.append(tensor)
    used = {tensor for call in calls for tensor in call.inputs}
    if not used:
        raise ValueError(
            f"{where}: outputs are inputs alone, expected some that layers computed; pass what a "
            "layer returned"
        )
    for tensor in {*used, *outputs}:
        if isinstance(tensor, Input) and tensor not in checked:
            raise ValueError(
                f"{where}: outputs need {tensor!r}, expected it among the inputs; add it there"
            )
    for tensor in checked:
        if tensor not in used:
            raise ValueError(
                f"{where}: no layer needs {tensor!r}, expected inputs that are used; leave it out"
            )
    return checked

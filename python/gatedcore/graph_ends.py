"""What a graph of layers begins and ends with: tensors, their names and shapes."""

from typing import Any, cast

from gatedcore import graph_config
from gatedcore.graph_config import Form
from gatedcore.layers.base import Layer
from gatedcore.layers.input import Input
from gatedcore.layers.tensor import LayerCall, Tensor


class GraphEnds:
    """Tensors at the ends of a graph, and the calls of layers between them."""

    forms: tuple[Form, Form]
    _inputs: list[Input]
    _outputs: list[Tensor]
    _calls: list[LayerCall]
    _in_order: list[Layer | Input]

    @property
    def layers(self) -> list[Any]:
        """The layers in Keras's order, the inputs among them."""
        return list(self._in_order)

    @property
    def inputs(self) -> list[Input]:
        """The tensors where the graph begins."""
        return list(self._inputs)

    @property
    def outputs(self) -> list[Tensor]:
        """The tensors where it ends."""
        return list(self._outputs)

    @property
    def input(self) -> Any:
        """Where the graph begins, as it was given: a tensor, or a list or dict of tensors."""
        return graph_config.unpacked(self._inputs, self.forms[0])

    @property
    def output(self) -> Any:
        """Where it ends, as it was given."""
        return graph_config.unpacked(self._outputs, self.forms[1])

    def call_of(self, layer: Layer) -> LayerCall | None:
        return next((call for call in self._calls if call.layer is layer), None)

    @property
    def calls(self) -> list[LayerCall]:
        """The calls of layers, each after those that feed it."""
        return list(self._calls)

    @property
    def input_names(self) -> list[str]:
        """Names of the inputs, by which a dict of arrays gives them."""
        keys = self.forms[0]
        return list(keys) if isinstance(keys, tuple) else [one.name for one in self._inputs]

    @property
    def output_names(self) -> list[str]:
        """Names of the outputs: of the layers or inputs that they come from, or of the dict."""
        keys = self.forms[1]
        if isinstance(keys, tuple):
            return list(keys)
        return [
            one.name if isinstance(one, Input) else cast(LayerCall, one.call).layer.name
            for one in self._outputs
        ]

    @property
    def input_shape(self) -> Any:
        """Shape of the input, or shapes of all; None for any size."""
        shapes = [tensor.shape for tensor in self._inputs]
        return shapes[0] if len(shapes) == 1 else shapes

    @property
    def output_shape(self) -> Any:
        """Shape of the output, or shapes of all; None for any size."""
        shapes = [tensor.shape for tensor in self._outputs]
        return shapes[0] if len(shapes) == 1 else shapes

"""A row of layers as a graph: shapes and symbolic tensors at its ends and between."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, cast

from gatedcore.arrays import Shape
from gatedcore.layered import Layered
from gatedcore.layers.base import Layer
from gatedcore.layers.input import Input
from gatedcore.layers.tensor import LayerCall, Tensor


class RowTensors(Layered):
    """A row of layers as the graph that Keras makes of a ``Sequential``."""

    _input: Input | None
    _input_shape: Shape | None
    _tensors: list[Tensor] | None = None

    @abstractmethod
    def build(self, input_shape: Sequence[int | None]) -> None:
        """Make the parameters; a model that is built only checks the shape."""

    @abstractmethod
    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of outputs for inputs of a shape; raise if it does not suit."""

    @property
    def input_shape(self) -> Shape | None:
        """Shape of inputs, None for any size; None as a whole before the model is built."""
        return self._input_shape

    @property
    def output_shape(self) -> Shape | None:
        """Shape of outputs, None for any size; None as a whole before the model is built."""
        return None if self._input_shape is None else self.compute_output_shape(self._input_shape)

    @property
    def input(self) -> Tensor:
        """The symbolic tensor where a graph of the layers begins."""
        return self._in_symbols("input")[0]

    @property
    def output(self) -> Tensor:
        """The symbolic tensor where it ends."""
        return self._in_symbols("output")[-1]

    @property
    def inputs(self) -> list[Input]:
        """``input`` in a list."""
        return cast(list[Input], self._in_symbols("inputs")[:1])

    @property
    def outputs(self) -> list[Tensor]:
        """``output`` in a list."""
        return self._in_symbols("outputs")[-1:]

    @property
    def input_names(self) -> list[str]:
        """Name of the input, in a list."""
        return [one.name for one in self.inputs]

    @property
    def output_names(self) -> list[str]:
        """Name of the last layer, in a list."""
        return [layer.name for layer in self._layers[-1:]]

    def call_of(self, layer: Layer) -> LayerCall | None:
        tensors = self._in_symbols("layers") if self.built else []
        return next((t.call for t in tensors[1:] if t.call and t.call.layer is layer), None)

    def _in_symbols(self, what: str) -> list[Tensor]:
        """Return the input and what each layer makes of it, as symbolic tensors."""
        if self._tensors is None:
            if self._input_shape is None:
                raise AttributeError(
                    f"{self.name}.{what}: model is not built yet, expected one that is; put an "
                    "Input first, or call it on an array"
                )
            tensors: list[Tensor] = [self._input or Input(self._input_shape[1:])]
            for layer in self._layers:
                tensors.append(cast(Tensor, layer.record(tensors[-1])))
            self._tensors = tensors
        return self._tensors

    def _on_tensor(self, x: object, mask: object, training: object) -> Any:
        """Call the layers on a tensor: a graph that contains the model contains its layers."""
        if isinstance(x, Tensor):
            if x.dtype is not None and self._layers and not self.built:
                self._layers[0].inherit(x.dtype)
            self.build(x.shape)
        for layer in self._layers:
            x = layer.record(x, None, mask, training)
        return x

    def in_a_row(self, where: str) -> list[Layer]:
        """Return the layers, which feed one another in a row."""
        return self.computing_layers

    # Copies make tensors of their own.

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_tensors": None}

"""A chain of layers: forward, backward, weights, summary."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

import numpy as np

from gatedcore import keras_arguments
from gatedcore.arrays import FLOAT32, Array, Shape, as_array
from gatedcore.checks import fits
from gatedcore.keras_arguments import reject_unsupported
from gatedcore.layers.base import Layer, as_list
from gatedcore.layers.building import check_batch_shape, unique_name
from gatedcore.layers.input import Input
from gatedcore.layers.recurrent import CellLayer
from gatedcore.parameters import ParameterVector
from gatedcore.random import undone_on_error
from gatedcore.streaming import Stream
from gatedcore.summary import summary_table
from gatedcore.training import Trainer


class Sequential(Trainer):
    """A model whose layers feed one another in a row.

    Parameters
    ----------
    layers : list of Layer, optional
        The layers; the first may be an ``Input``. With an ``Input``, or an ``input_shape`` of the
        first layer, the model is built at once, else by its first input.
    name : str, optional
        By default one made from the class.

    Attributes
    ----------
    layers : list of Layer
        The layers in order.

    Raises
    ------
    TypeError, ValueError
        If a layer cannot follow the one before it.
    """

    def __init__(
        self, layers: Iterable[Layer | Input] | None = None, *, name: str | None = None
    ) -> None:
        super().__init__()
        self.name = name or unique_name("Sequential")
        self._layers: list[Layer] = []
        self._input: Input | None = None
        self._input_shape: Shape | None = None
        if layers is not None:
            self._add_all(layers)

    def _add_all(self, layers: object) -> None:
        """Put layers at the end, all or none: after an error every layer is as it was."""
        if isinstance(layers, str) or not isinstance(layers, Iterable):
            raise TypeError(
                f"{self.name}: layers has type {type(layers).__name__}, expected a list of layers; "
                "pass [layer, ...]"
            )
        given = list(layers)
        restores = [layer.restore_point() for layer in given if isinstance(layer, Layer)]
        try:
            with undone_on_error():
                for layer in given:
                    self.add(layer)
        except BaseException:
            for restore in restores:
                restore()
            raise

    def add(self, layer: Layer | Input) -> None:
        """Put a layer at the end; after this, compile again.

        Raises
        ------
        TypeError, ValueError
            If it cannot follow the layers before it, or the model is training; the model then
            stays as it was.
        """
        if self._training:
            raise ValueError(
                f"{self.name}.add: model is training, expected it at rest; add layers before fit, "
                "or after it"
            )
        if isinstance(layer, Input):
            if self._layers or self._input is not None:
                raise ValueError(
                    f"{self.name}.add: an Input came after other layers, expected it first; "
                    "put it in front"
                )
            self._input = layer
            return
        self._check_new(layer)
        known = self._input_shape
        if not self._layers:
            sample = layer.sample_shape if self._input is None else self._input.sample_shape
            known = None if sample is None else (None, *sample)
        with undone_on_error():
            if known is None:
                self._layers = [*self._layers, layer]
                layer.join(self, self.dtype)
            else:
                self._assemble([*self._layers, layer], known)
        self._objective = None

    @property
    def layers(self) -> list[Layer]:
        """The layers in order."""
        return list(self._layers)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Dtype of inputs, parameters and outputs."""
        if self._layers:
            return self._layers[0].dtype
        given = None if self._input is None else self._input.dtype
        return given or FLOAT32

    # Building.

    @property
    def built(self) -> bool:
        """Whether there are parameters."""
        return self._vector is not None

    @property
    def input_shape(self) -> Shape | None:
        """Shape of inputs, None for any size; None as a whole before the model is built."""
        return self._input_shape

    @property
    def output_shape(self) -> Shape | None:
        """Shape of outputs, None for any size; None as a whole before the model is built."""
        return None if self._input_shape is None else self.compute_output_shape(self._input_shape)

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Make the parameters; a model that is built only checks the shape.

        Parameters
        ----------
        input_shape : tuple
            Shape of a batch; of it the number of axes and the last one are fixed from now on.

        Raises
        ------
        TypeError
            If it is no shape.
        ValueError
            If the shape does not suit the layers; the model then stays as it was.
        """
        shape = check_batch_shape(f"{self.name}.build", input_shape)
        self.compute_output_shape(shape)
        if not self.built:
            with undone_on_error():
                self._assemble(self._layers, (*(None for _ in shape[:-1]), shape[-1]))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of outputs for inputs of a shape.

        Raises
        ------
        ValueError
            If the shape does not suit the layers.
        """
        if not self._layers:
            raise ValueError(
                f"{self.name}: model has no layers, expected at least one; add(...) some first"
            )
        pattern = self._input_shape
        if pattern is not None and not fits(input_shape, pattern):
            raise ValueError(
                f"{self.name}: x has shape {input_shape}, expected {pattern}; reshape it, or build "
                "the model with None on the axes that vary"
            )
        shape = input_shape
        for layer in self._layers:
            shape = layer.compute_output_shape(shape)
        return shape

    def restore_point(self) -> Callable[[], None]:
        layers, vector, input_shape = self._layers, self._vector, self._input_shape
        restores = [layer.restore_point() for layer in layers]

        def restore() -> None:
            self._layers, self._vector, self._input_shape = layers, vector, input_shape
            for restore_layer in restores:
                restore_layer()

        return restore

    def _check_new(self, layer: Layer) -> None:
        """Raise unless this layer may come next."""
        where = f"{self.name}.add"
        if not isinstance(layer, Layer) or isinstance(layer, CellLayer):
            raise TypeError(
                f"{where}: layer has type {type(layer).__name__}, expected a layer for whole "
                "inputs; pass an object such as gatedcore.LSTM(32)"
            )
        if any(other.name == layer.name for other in self._layers):
            raise ValueError(
                f"{where}: another layer has the name {layer.name!r}, expected different names; "
                "pass name=..."
            )
        if getattr(layer, "return_state", False):
            raise ValueError(
                f"{where}: {layer.name} has return_state=True, expected a layer with one output; "
                "leave it out, and call the layer itself for its states"
            )
        given = None if self._input is None else self._input.dtype
        layer.check_free_for(self, self.dtype if self._layers else given)

    def _assemble(self, layers: list[Layer], input_shape: Shape) -> None:
        """Take over these layers with parameters in one vector, or change nothing."""
        dtype = layers[0].dtype
        if not self._layers and self._input is not None and self._input.dtype is not None:
            dtype = self._input.dtype
        shape = input_shape
        groups, features = [], []
        for layer in layers:
            layer_output = layer.compute_output_shape(shape)
            features.append(cast(int, shape[-1]))
            groups.append(layer.first_values(features[-1], dtype))
            shape = layer_output
        vector = ParameterVector(groups, dtype)
        for index, layer in enumerate(layers):
            layer.join(self, dtype)
            layer.adopt(vector, index, features[index])
        self._layers, self._vector, self._input_shape = list(layers), vector, input_shape

    # Running.

    def forward(self, x: Array, training: bool) -> Array:
        """Return the output of the last layer; in training keep what ``backward`` needs.

        ``x`` is trusted: of the model's dtype and of a shape that fits. A call that is not for
        training leaves the model unchanged, so several threads may make it at once.
        """
        for layer in self._layers:
            x = layer.forward(x, training)
        return x

    def backward(self, d_y: Array) -> None:
        """Add to the gradients of the last training forward; none is computed for the input."""
        d: Array | None = d_y
        for index in range(len(self._layers) - 1, -1, -1):
            assert d is not None
            d = self._layers[index].backward(d, index > 0)

    def __call__(self, x: object, **keras: object) -> Array:
        """Return the output for a batch; build the model first if it is not.

        Parameters
        ----------
        x : array-like, (B, ...)
            Input; no unit.

        Returns
        -------
        ndarray, (B, ...)
            Output.

        Raises
        ------
        TypeError, ValueError
            If the input does not suit the model.
        """
        reject_unsupported(self.name, keras, keras_arguments.MODEL_CALL)
        array = as_array(self.name, "x", x, self.dtype)
        self.build(cast(Shape, array.shape))
        return self.forward(array, False)

    def stream(self, batch: int = 1) -> Stream:
        """Return the model as a function of one time step that carries its states.

        After the steps ``x[:, 0]`` to ``x[:, t]`` its output is that of the model for
        ``x[:, : t + 1]``; of all steps, if the last recurrent layer returns sequences, the last.

        Parameters
        ----------
        batch : int
            Sequences that run side by side.

        Returns
        -------
        Stream
            With the weights as they are now and all states 0; training the model later does not
            change it.

        Raises
        ------
        ValueError
            If the model is not built, or has a layer that runs backwards.
        """
        self._need_built(f"{self.name}.stream")
        return Stream(self.name, self._layers, batch)

    # Weights.

    @property
    def weights(self) -> list[Array]:
        """The parameters themselves, layer by layer; writing to them changes the model."""
        return [value for layer in self._layers for value in layer.weights]

    def get_weights(self) -> list[Array]:
        """Return copies of the parameters, layer by layer, each in Keras's order."""
        return [value.copy() for value in self.weights]

    def set_weights(self, weights: Iterable[object]) -> None:
        """Replace the values of all parameters, or of none.

        Parameters
        ----------
        weights : list of array-likes
            As ``get_weights`` returns them.

        Raises
        ------
        ValueError
            If their number or a shape differs, or the model is not built yet.
        TypeError
            If one does not hold real numbers.
        """
        where = f"{self.name}.set_weights"
        self._need_built(where)
        given, count = as_list(where, weights), len(self.weights)
        if len(given) != count:
            raise ValueError(
                f"{where}: weights holds {len(given)} arrays, expected {count}; pass what "
                "get_weights() of a model of the same layers returned"
            )
        checked, start = [], 0
        for layer in self._layers:
            stop = start + len(layer.parameters)
            checked += layer.check_weights(f"{where} ({layer.name})", given[start:stop])
            start = stop
        for value, new in zip(self.weights, checked, strict=True):
            value[...] = new

    def count_params(self) -> int:
        """Return the number of parameters.

        Raises
        ------
        ValueError
            If the model is not built yet.
        """
        self._need_built(f"{self.name}.count_params")
        return sum(layer.count_params() for layer in self._layers)

    def _need_built(self, where: str) -> None:
        if not self.built:
            raise ValueError(
                f"{where}: model has no weights yet, expected a built one; call it on an array, or "
                "give its first layer an input_shape"
            )

    def summary(self, print_fn: object = None, **keras: object) -> None:
        """Print the layers with their output shapes and numbers of parameters.

        Parameters
        ----------
        print_fn : callable, optional
            Called with the table instead of ``print``.

        Raises
        ------
        TypeError, ValueError
            If an argument of Keras asks for what is not supported.
        """
        reject_unsupported(f"{self.name}.summary", keras, keras_arguments.SUMMARY)
        table = summary_table(self.name, self._layers, self._input_shape)
        (print_fn if callable(print_fn) else print)(table)

    # Copies and pickles carry the layers' values; the vector is made anew.

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_vector": None, "_training": False}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        for layer in self._layers:
            layer.check_free_for(self, None)  # of a shallow copy they are not
        if self._input_shape is not None:
            self._assemble(self._layers, self._input_shape)
        else:
            for layer in self._layers:
                layer.join(self, layer.dtype)

    def __repr__(self) -> str:
        names = ", ".join(layer.name for layer in self._layers)
        return f"<Sequential {self.name!r}: {names or 'no layers'}>"

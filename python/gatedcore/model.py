"""A chain of layers: forward, backward, weights, summary."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar, cast

import numpy as np

from gatedcore import configs, keras_arguments, row_building
from gatedcore.arrays import FLOAT32, Array, Shape
from gatedcore.checks import check_bool, check_list, check_name, fits
from gatedcore.keras_arguments import reject_unsupported
from gatedcore.layers.base import Layer, Mask, building
from gatedcore.layers.building import check_batch_shape, unique_name
from gatedcore.layers.input import Input
from gatedcore.layers.rows import run_layers
from gatedcore.layers.tensor import is_symbolic
from gatedcore.random import undone_on_error
from gatedcore.row_tensors import RowTensors
from gatedcore.streaming import Stream
from gatedcore.summary import Part

S = TypeVar("S", bound="Sequential")


class Sequential(RowTensors):
    """A model whose layers feed one another in a row.

    Parameters
    ----------
    layers : list of Layer, optional
        The layers; the first may be an ``Input``. With an ``Input``, or an ``input_shape`` of the
        first layer, the model is built at once, else by its first input.
    name : str, optional
        By default one made from the class.
    trainable : bool
        Whether training changes any parameters; of each layer its own ``trainable`` counts too.

    Attributes
    ----------
    layers : list of Layer
        The layers in order.

    Raises
    ------
    TypeError, ValueError
        If a layer cannot follow the one before it.
    """

    is_row = True

    def __init__(
        self,
        layers: Iterable[Layer | Input] | None = None,
        *,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        super().__init__()
        kind = type(self).__name__
        self._trainable = check_bool(kind, "trainable", trainable)
        self.name = check_name(kind, name) or unique_name("Sequential")
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
        if self._is_training:
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
        row_building.check_follows(f"{self.name}.add", layer, self._layers)
        given = None if self._input is None else self._input.dtype
        layer.check_free_for(self, self.dtype if self._layers else given)
        row_building.drop_vain_shape(layer, self.output_shape if self._layers else None)
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

    def pop(self, rebuild: bool = True) -> Layer:
        """Take the last layer away and return it; after this, compile again.

        Parameters
        ----------
        rebuild : bool
            True: weights of the other layers stay as they are in any case.

        Returns
        -------
        Layer
            With its weights, free for another model.

        Raises
        ------
        ValueError
            If there is none, or the model is training.
        """
        where = f"{self.name}.pop"
        reject_unsupported(where, {"rebuild": rebuild}, keras_arguments.POP)
        if self._is_training or not self._layers:
            came = "model is training" if self._is_training else "model has no layers"
            raise ValueError(f"{where}: {came}, expected some at rest; call it after add or fit")
        *rest, last = self._layers
        if rest and self._input_shape is not None:
            self._assemble(rest, self._input_shape)
        else:
            self._layers, self._vector, self._input_shape, self._tensors = rest, None, None, None
        last.__setstate__(last.__getstate__())  # with memory of its own
        self._objective = None
        return last

    @property
    def dtype(self) -> np.dtype[Any]:
        """Dtype of inputs, parameters and outputs."""
        if self._layers:
            return self._layers[0].dtype
        given = None if self._input is None else self._input.dtype
        return given or FLOAT32

    def get_config(self) -> dict[str, Any]:
        """Return name, layers and the input's shape as data for JSON; weights are not in it."""
        first = [] if self._input is None else [self._input]
        return {
            "name": self.name,
            "trainable": self._trainable,
            "layers": [configs.serialize(layer) for layer in (*first, *self._layers)],
            "build_input_shape": None if self._input_shape is None else list(self._input_shape),
        }

    @classmethod
    def from_config(cls: type[S], config: Mapping[str, Any]) -> S:
        """Return a new model from what ``get_config`` returned; Keras's too.

        Raises
        ------
        TypeError, ValueError
            If a layer is not known, or cannot follow the one before it.
        """
        where = f"{cls.__name__}.from_config"
        # The dtype is each layer's own too.
        own = {"name", "trainable", "layers", "build_input_shape", "dtype"}
        others = {key: value for key, value in config.items() if key not in own}
        reject_unsupported(where, others, keras_arguments.MODEL)
        model = cls(
            [configs.deserialize(c) for c in check_list(where, "layers", config["layers"])],
            name=config.get("name"),
            trainable=config.get("trainable", True),
        )
        shape = config.get("build_input_shape")
        if shape is not None and not model.built:
            model.build(shape)
        return model

    # Building.

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
        with building():  # of several first calls at once, one makes the parameters
            if self.built:
                return
            with undone_on_error():
                self._assemble(self._layers, row_building.general_shape(self._layers, shape))

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
        return row_building.shapes_along(self._layers, input_shape)[-1]

    def restore_point(self) -> Callable[[], None]:
        layers, vector, input_shape = self._layers, self._vector, self._input_shape
        restores = [layer.restore_point() for layer in layers]

        def restore() -> None:
            self._layers, self._vector, self._input_shape = layers, vector, input_shape
            for restore_layer in restores:
                restore_layer()

        return restore

    def _assemble(self, layers: list[Layer], input_shape: Shape) -> None:
        """Take over these layers with parameters in one vector, or change nothing."""
        dtype = layers[0].dtype
        if not self._layers and self._input is not None and self._input.dtype is not None:
            dtype = self._input.dtype
        vector = row_building.in_one_vector(layers, input_shape, dtype, self)
        self._layers, self._vector, self._input_shape = list(layers), vector, input_shape
        self._tensors = None

    # Running.

    def as_input(self, where: str, x: object) -> Array:
        """Return anything array-like as an input of the first layer, of whatever shape.

        Raises
        ------
        TypeError, ValueError
            If it holds no numbers of the right kind.
        """
        if not self._layers:
            raise ValueError(
                f"{self.name}: model has no layers, expected at least one; add(...) some first"
            )
        return self._layers[0].as_input(where, x)

    def forward_masked(
        self, x: Array, training: bool, mask: Mask | None = None
    ) -> tuple[Array, Mask | None]:
        """Return the output of the last layer, as ``forward`` does, and its mask."""
        return run_layers(self._layers, x, training, mask)

    def backward(self, d_y: Array) -> None:
        """Add to the gradients of the last training forward; none is computed for the input.

        Nor for anything before the first layer that training changes.
        """
        lowest = self._lowest_trained()
        d: Array | None = d_y
        for index in range(len(self._layers) - 1, lowest - 1, -1):
            assert d is not None
            d = self._layers[index].backward(d, index > lowest)

    def way_back(self) -> list[tuple[Layer, bool]]:
        lowest = self._lowest_trained()
        return [(layer, i > lowest) for i, layer in enumerate(self._layers) if i >= lowest]

    def _lowest_trained(self) -> int:
        """Return the index of the first layer that the run changes, 0 where all are trained."""
        if self._part is None:
            return 0
        before = self._part.first
        for index, layer in enumerate(self._layers):
            if before < len(layer.parameters):
                return index
            before -= len(layer.parameters)
        return len(self._layers)

    def __call__(
        self, x: object, training: bool | None = None, mask: object = None, **keras: object
    ) -> Any:
        """Return the output for a batch; on a symbolic tensor, that of its layers called on it.

        The model is built first if it is not.

        Parameters
        ----------
        x : array-like, (B, ...), or Tensor
            Input; no unit.
        training : bool, optional
            Whether the layers draw as their rates say; by default not.
        mask : array-like of bool, (B, T), optional
            True where a step counts.

        Returns
        -------
        ndarray, (B, ...), or Tensor
            Output.

        Raises
        ------
        TypeError, ValueError
            If the input does not suit the model.
        """
        reject_unsupported(self.name, keras, {})
        if is_symbolic(x):
            return self._on_tensor(x, mask, training)
        draw = check_bool(self.name, "training", False if training is None else training)
        array = self.as_input(self.name, x)
        shape = cast(Shape, array.shape)
        self.compute_output_shape(shape)
        steps = self._layers[0].take_mask(mask, array)
        self.build(shape)
        return self.forward_masked(array, draw, steps)[0]

    def parts(self) -> list[Part]:
        shape = self._input_shape
        name = "input" if self._input is None else self._input.name
        parts = [Part(name, "Input", None, () if shape is None else (shape,), (), self.dtype)]
        for place, layer in enumerate(self._layers):
            shape = None if shape is None else layer.compute_output_shape(shape)
            shapes = () if shape is None else (shape,)
            kind = type(layer).__name__
            parts.append(Part(layer.name, kind, layer, shapes, (place,), layer.dtype))
        return parts

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
        self.need_built(f"{self.name}.stream")
        return self.in_one_piece(lambda: Stream(self.name, self._layers, batch))

    # Copies and pickles carry the layers' values; the vector is made anew.

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

"""A model whose layers form a graph: what layers recorded when they were called on tensors."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

import numpy as np

from gatedcore import graph_config, keras_arguments
from gatedcore.arrays import Array
from gatedcore.checks import check_bool, check_name, fits
from gatedcore.columns import Columns, each, together
from gatedcore.graph_config import Form, form_of, packed, tensors_of
from gatedcore.graph_ends import GraphEnds
from gatedcore.graph_plan import Plan, by_depth, check_inputs
from gatedcore.keras_arguments import reject_unsupported
from gatedcore.layered import Layered
from gatedcore.layers.base import Layer, Mask
from gatedcore.layers.building import unique_name
from gatedcore.layers.tensor import Tensor, calls_before, is_symbolic
from gatedcore.objectives import Objectives
from gatedcore.parameters import ParameterVector
from gatedcore.streaming import Stream
from gatedcore.summary import Part

M = TypeVar("M", bound="Model")


class Model(GraphEnds, Layered):
    """A model of the layers between symbolic tensors.

    Layers may feed several others, be called more than once, and take states of others. Several
    models may be made of the same layers, which have the same weights in all of them.

    Parameters
    ----------
    inputs : Input, or list or dict of Input
        Where the graph begins.
    outputs : Tensor, or list or dict of Tensor
        Where it ends.
    name : str, optional
        By default one made from the class.
    trainable : bool
        Whether training changes any parameters; of each layer its own ``trainable`` counts too.

    Raises
    ------
    TypeError, ValueError
        If tensors are none, or the outputs do not follow from the inputs.

    Examples
    --------
    >>> a, b = gk.Input((None, 3)), gk.Input((5,))
    >>> y = gk.Dense(1)(gk.layers.concatenate([gk.LSTM(8)(a), b]))
    >>> model = gk.Model([a, b], y)
    >>> model.predict([np.zeros((2, 4, 3)), np.zeros((2, 5))], verbose=0).shape
    (2, 1)
    """

    is_row = False

    def __init__(
        self,
        inputs: Any = None,
        outputs: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        super().__init__()
        kind = type(self).__name__
        self._trainable = check_bool(kind, "trainable", trainable)
        self.name = check_name(kind, name) or unique_name("Functional")
        input_tensors = tensors_of(self.name, "inputs", inputs)
        output_tensors = tensors_of(self.name, "outputs", outputs)
        self._calls = calls_before(output_tensors)
        self._inputs = check_inputs(self.name, input_tensors, self._calls, output_tensors)
        self._outputs = output_tensors
        self.forms: tuple[Form, Form] = (form_of(inputs), form_of(outputs))
        self._in_order = by_depth(self._calls, output_tensors)
        self._layers = [one for one in self._in_order if isinstance(one, Layer)]
        self.check_members([one.name for one in self._inputs])
        self._plan = Plan(self._inputs, self._calls, output_tensors)
        self._join()

    def _join(self) -> None:
        for layer in self._layers:
            if layer._owner is None or layer._owner() is None:
                layer.join(self, self.dtype)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Dtype of parameters and outputs."""
        return self._layers[0].dtype

    @property
    def built(self) -> bool:
        """Whether there are parameters: always."""
        return True

    # Building.

    def build(self, input_shape: Any) -> None:
        """Check the shape; the parameters were made when the layers were called.

        Parameters
        ----------
        input_shape : tuple, or tuple of tuples
            Shape of a batch, or shapes of all inputs.

        Raises
        ------
        ValueError
            If it does not suit the layers.
        """
        self.compute_output_shape(input_shape)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of outputs for inputs of a shape; lists of shapes where there are more.

        Raises
        ------
        ValueError
            If the shape does not suit the layers.
        """
        one = len(self._inputs) == 1 and not isinstance(input_shape[0], tuple | list)
        given = [input_shape] if one else list(input_shape)
        if len(given) != len(self._inputs):
            raise ValueError(
                f"{self.name}: got {len(given)} shapes, expected {len(self._inputs)}; pass one "
                "for each input"
            )
        for tensor, shape in zip(self._inputs, given, strict=True):
            if not fits(shape, tensor.shape):
                raise ValueError(
                    f"{self.name}: {tensor.name} has shape {shape}, expected {tensor.shape}; "
                    "reshape it, or make the Input with None on the axes that vary"
                )
        ends = self._plan.shapes(given)
        return ends[0] if len(ends) == 1 else tuple(ends)

    def restore_point(self) -> Callable[[], None]:
        return lambda: None  # nothing is built later than the model

    def gather(self) -> None:
        if self._vector is None:
            groups = [layer.parameters for layer in self._layers]
            self._vector = ParameterVector(groups, self.dtype)
        super().gather()
        self._plan.find_needed(self._trainable)

    def way_back(self) -> list[tuple[Layer, bool]]:
        return self._plan.way_back()

    # Running.

    def as_input(self, where: str, x: Any) -> Any:
        """Return anything array-like as an input, or as columns where there are several.

        Raises
        ------
        TypeError, ValueError
            If the number or the names of inputs differ, one holds no numbers of the right kind, or
            they have different numbers of samples.
        """
        arrays = [
            self._as_one(where if len(self._inputs) == 1 else f"{where} ({name})", place, given)
            for place, (name, given) in enumerate(
                packed(where, "x", x, self.forms[0], self.input_names)
            )
        ]
        if len(arrays) == 1:
            return arrays[0]
        return together(where, self.input_names, arrays)

    def _as_one(self, where: str, place: int, given: object) -> Array:
        """Return an input as all layers want it that it feeds; numbers rather than tokens."""
        arrays = [layer.as_input(where, given) for layer in self._plan.fed_by(place)]
        return next((array for array in arrays if array.dtype == self.dtype), arrays[0])

    def forward_masked(self, x: Any, training: bool, mask: Mask | None = None) -> tuple[Any, Any]:
        """Return the outputs, as ``forward`` does, and their masks."""
        outputs, masks = self._plan.forward(each(x), training, mask)
        if len(outputs) == 1:
            return outputs[0], masks[0]
        return Columns(outputs), masks

    def backward(self, d_y: Any) -> None:
        """Add to the gradients of the last training forward; none are computed for inputs."""
        self._plan.backward(each(d_y))

    def __call__(
        self, x: Any, training: bool | None = None, mask: object = None, **keras: object
    ) -> Any:
        """Return the outputs for a batch; on tensors, those of the same layers called on them.

        Parameters
        ----------
        x : array-like, (B, ...), or list or dict of these; or Tensor likewise
            Inputs; no unit.
        training : bool, optional
            Whether the layers draw as their rates say; by default not.
        mask : array-like of bool, (B, T), optional
            True where a step counts; for a single input.

        Returns
        -------
        ndarray or Tensor, or list or dict of these
            Outputs, as the model was made with.

        Raises
        ------
        TypeError, ValueError
            If the inputs do not suit the model.
        """
        reject_unsupported(self.name, keras, {})
        if is_symbolic(list(x.values()) if isinstance(x, Mapping) else x):
            return self._on_tensors(x, mask, training)
        draw = check_bool(self.name, "training", False if training is None else training)
        arrays = self.as_input(self.name, x)
        self.compute_output_shape(arrays.shape)
        steps = None
        if mask is not None:
            if len(self._inputs) > 1:
                raise ValueError(
                    f"{self.name}: mask came with {len(self._inputs)} inputs, expected None; let "
                    "Embedding(mask_zero=True) or Masking make the masks"
                )
            steps = self._layers[0].take_mask(mask, arrays)
        outputs = self.forward_masked(arrays, draw, steps)[0]
        if draw:
            self._plan.forget()
        return self.as_result(outputs)

    def compile(
        self,
        optimizer: object = "rmsprop",
        loss: object = None,
        metrics: object = None,
        weighted_metrics: object = None,
        loss_weights: object = None,
        **keras: object,
    ) -> None:
        """Choose how to train; of several outputs the sum of their losses is minimised.

        Parameters
        ----------
        optimizer : str, dict or Optimizer
            As of a ``Sequential``.
        loss, metrics, weighted_metrics : object
            As of a ``Sequential``; of the outputs a list with one entry for each, or a dict by
            ``output_names``. One loss alone is that of every output.
        loss_weights : list or dict of float, optional
            What the loss of each of several outputs counts; 1 by default.
        **keras
            Other arguments of Keras are refused unless they ask for nothing.

        Raises
        ------
        TypeError, ValueError
            If an argument is unknown or not supported; an earlier choice then stays.
        """
        chosen = {"loss": loss, "metrics": metrics, "weighted_metrics": weighted_metrics}
        if len(self._outputs) == 1:
            super().compile(optimizer, **chosen, loss_weights=loss_weights, **keras)
            return
        reject_unsupported("compile", keras, keras_arguments.COMPILE)
        chosen["loss_weights"] = loss_weights
        self._objective = Objectives(self.output_names, optimizer, **chosen)
        self._compiled_with = chosen

    def as_targets(self, where: str, y: object) -> list[tuple[str, object]]:
        """Return the targets of several outputs, with the names of these.

        Raises
        ------
        ValueError
            If the number or the names differ.
        """
        return packed(where, "y", y, self.forms[1], self.output_names)

    def as_result(self, outputs: Any) -> Any:
        """Return outputs as the model was made: one, a list, or a dict."""
        return graph_config.unpacked(each(outputs), self.forms[1])

    def _on_tensors(self, x: Any, mask: object, training: object) -> Any:
        """Call the same layers on other tensors; a graph that contains the model contains them."""
        given = packed(self.name, "x", x, self.forms[0], self.input_names)
        values: dict[Tensor, Any] = {
            tensor: one for tensor, (_, one) in zip(self._inputs, given, strict=True)
        }
        for call in self._calls:
            new = [values[tensor] for tensor in call.inputs]
            result = graph_config.repeat(call, new, mask=mask, training=training)
            values.update(zip(call.outputs, result, strict=True))
        results = [values[tensor] for tensor in self._outputs]
        return graph_config.unpacked(results, self.forms[1])

    def parts(self) -> list[Part]:
        place: dict[Tensor, int] = {tensor: k for k, tensor in enumerate(self._inputs)}
        parts = [Part(one.name, "Input", None, (one.shape,), (), one.dtype) for one in self._inputs]
        for call in self._calls:
            layer = cast(Layer, call.layer)
            shapes = tuple(tensor.shape for tensor in call.outputs)
            fed = tuple(dict.fromkeys(place[tensor] for tensor in call.inputs))
            place |= dict.fromkeys(call.outputs, len(parts))
            parts.append(Part(layer.name, type(layer).__name__, layer, shapes, fed, layer.dtype))
        return parts

    def in_a_row(self, where: str) -> list[Layer]:
        """Return the layers if each feeds the next one alone.

        Raises
        ------
        ValueError
            If the graph is no chain.
        """
        return self._plan.in_a_row(where)

    def stream(self, batch: int = 1) -> Stream:
        """Return the model, a chain of layers, as a function of one time step; see ``Sequential``.

        Parameters
        ----------
        batch : int
            Sequences that run side by side.

        Returns
        -------
        Stream
            With the weights as they are now and all states 0.

        Raises
        ------
        ValueError
            If the graph is no chain, or a layer cannot run step by step.
        """
        where = f"{self.name}.stream"
        return Stream(self.name, self.in_a_row(where), batch)

    # Configuration and copies.

    def get_config(self) -> dict[str, Any]:
        """Return layers and their calls as data for JSON, as Keras does; weights are not in it."""
        return graph_config.config_of(self)

    @classmethod
    def from_config(cls: type[M], config: Mapping[str, Any]) -> M:
        """Return a new model from what ``get_config`` returned; Keras's too.

        Raises
        ------
        TypeError, ValueError
            If a layer is not known, or does not suit the tensors it is called on.
        """
        own = {"name", "trainable", "layers", "input_layers", "output_layers"}
        others = {key: value for key, value in config.items() if key not in own}
        reject_unsupported(f"{cls.__name__}.from_config", others, keras_arguments.LAYER)
        inputs, outputs = graph_config.tensors_from(config)
        trainable = config.get("trainable", True)
        return cls(inputs, outputs, name=config.get("name"), trainable=trainable)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._join()

    def __repr__(self) -> str:
        names = ", ".join(layer.name for layer in self._layers)
        return f"<Model {self.name!r}: {names}>"

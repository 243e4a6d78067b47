"""Layers around other layers: what they share, and the same layer for every time step."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np

from gatedcore.arrays import Array, Shape
from gatedcore.checks import check_bool
from gatedcore.layers.base import Layer, Mask
from gatedcore.layers.weighted import Rule
from gatedcore.optimizers.part import Tokens
from gatedcore.parameters import ParameterVector


class Wrapper(Layer):
    """What they share: the parameters of the layers within are the wrapper's own.

    Parameters
    ----------
    layer : Layer
        The layer within, or the first of them; its dtype is the default.
    **base
        ``input_shape``, ``name`` and ``dtype``; see ``Layer``.
    """

    def __init__(self, layer: Layer, *, dtype: object = None, **base: Any) -> None:
        self.check_within(type(self).__name__, layer)
        super().__init__(dtype=layer._given_dtype if dtype is None else dtype, **base)
        self.layer = layer

    of_cells = False  # whether what is within are cells

    @classmethod
    def check_within(cls, where: str, layer: object) -> None:
        """Raise unless this may be within.

        Raises
        ------
        TypeError
            If it is no layer, or no cell.
        """
        if hasattr(layer, "layers"):
            raise TypeError(
                f"{where}: layer is a {type(layer).__name__}, a whole model, expected a layer; "
                "wrap its layers one by one"
            )
        if not isinstance(layer, Layer) or layer.is_cell != cls.of_cells:
            kind, such = ("cell", "LSTMCell") if cls.of_cells else ("layer", "LSTM")
            raise TypeError(
                f"{where}: {kind} has type {type(layer).__name__}, expected a {kind}; pass an "
                f"object such as gatedcore.{such}(32)"
            )

    @abstractmethod
    def within(self) -> dict[str, Layer]:
        """Return the layers within by what stands before their parameters' names."""

    def shapes_within(self, input_shape: Shape) -> list[Shape]:
        """Return the shapes of what each layer within is given."""
        return [input_shape] * len(self.within())

    def hold(self) -> None:
        """Keep the layers within from joining anything else.

        Raises
        ------
        ValueError
            If one belongs to a model already, or has another dtype.
        """
        for layer in self.within().values():
            layer.check_free_for(self, self._given_dtype)
            layer.join(self, self.dtype)

    def as_input(self, where: str, x: object) -> Array:
        return self.layer.as_input(where, x)

    def ruled(self) -> list[tuple[Array, Array, Rule]]:
        if not self._trainable:
            return []
        return [rule for layer in self.within().values() for rule in layer.ruled()]

    @property
    def trainable(self) -> bool:
        """Whether training changes the parameters; setting it sets it of the layers within."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: object) -> None:
        self._trainable = check_bool(self.name, "trainable", value)
        for layer in self.within().values():
            layer.trainable = value

    def check_trains(self, where: str, need_d_x: bool) -> None:
        super().check_trains(where, need_d_x)
        for layer in self.within().values():
            layer.check_trains(where, need_d_x)

    def rows_touched(self) -> dict[str, list[Tokens]]:
        return {
            f"{before}{name}": touched
            for before, layer in self.within().items()
            for name, touched in layer.rows_touched().items()
        }

    def trained_names(self) -> set[str]:
        return {
            f"{before}{name}"
            for before, layer in self.within().items()
            for name in (layer.trained_names() if self._trainable else ())
        }

    def reset_states(self) -> None:
        for layer in self.within().values():
            layer.reset_states()

    def first_values(self, input_shape: Shape, dtype: np.dtype[Any]) -> dict[str, Array]:
        if self.built:
            return self.parameters
        shapes = self.shapes_within(input_shape)
        return {
            f"{before}{name}": value
            for (before, layer), shape in zip(self.within().items(), shapes, strict=True)
            for name, value in layer.first_values(shape, dtype).items()
        }

    def adopt(
        self,
        vector: ParameterVector,
        values: dict[str, Array],
        gradients: dict[str, Array],
        features: int | None,
    ) -> None:
        super().adopt(vector, values, gradients, features)
        shapes = self.shapes_within((None, None, features))
        for (before, layer), shape in zip(self.within().items(), shapes, strict=True):
            own, of_own = (
                {n.removeprefix(before): view for n, view in of_all.items() if n.startswith(before)}
                for of_all in (values, gradients)
            )
            layer.adopt(vector, own, of_own, shape[-1])

    def inherit(self, dtype: np.dtype[Any]) -> None:
        super().inherit(dtype)
        for layer in self.within().values():
            layer.join(self, dtype)

    def set_drawing(self, value: bool) -> None:
        super().set_drawing(value)
        for layer in self.within().values():
            layer.set_drawing(value)

    def take_saved(self) -> Any:
        return [super().take_saved(), *(layer.take_saved() for layer in self.within().values())]

    def give_saved(self, saved: Any) -> None:
        own, *inner = saved
        super().give_saved(own)
        for layer, kept in zip(self.within().values(), inner, strict=True):
            layer.give_saved(kept)

    def check_free_for(self, model: object, dtype: np.dtype[Any] | None) -> None:
        super().check_free_for(model, dtype)
        for layer in self.within().values():
            layer.check_free_for(self, dtype)

    def restore_point(self) -> Callable[[], None]:
        restores = [super().restore_point()]
        restores += [layer.restore_point() for layer in self.within().values()]

        def restore() -> None:
            for one in restores:
                one()

        return restore

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.hold()  # not free in a shallow copy
        super().__setstate__(state)


class TimeDistributed(Wrapper):
    """A layer applied to every time step alike.

    Parameters
    ----------
    layer : Layer
        For one step: (B, ...) in and out.
    **base
        ``input_shape``, ``name`` and ``dtype``; see ``Layer``.

    Raises
    ------
    TypeError, ValueError
        If it is no layer, belongs to a model, or has several inputs or outputs.
    """

    by_steps = True

    def __init__(self, layer: Layer, **base: Any) -> None:
        super().__init__(layer, **base)
        if layer.takes_list or not layer.has_one_output:
            several = "inputs" if layer.takes_list else "outputs"
            raise ValueError(
                f"{type(self).__name__}: {layer.name} has several {several}, expected one; use a "
                "layer that makes one array of one, so without return_state=True or merge_mode=None"
            )
        self.needs_features = layer.needs_features
        self.hold()

    def within(self) -> dict[str, Layer]:
        return {"": self.layer}

    def shapes_within(self, input_shape: Shape) -> list[Shape]:
        return [(None, *input_shape[2:])]

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) < 3:
            raise ValueError(
                f"{self.name}: input has shape {input_shape}, expected (batch, time steps, ...); "
                "give a recurrent layer before this one return_sequences=True"
            )
        (shape,) = self.shapes_within(input_shape)
        step = self.layer.compute_output_shape(shape)
        return (*input_shape[:2], *step[1:])

    def forward(self, x: Array, training: bool, mask: Mask | None = None) -> Array:
        batch, steps = x.shape[:2]
        y = self.layer.forward(x.reshape(batch * steps, *x.shape[2:]), training)
        if training:
            self._saved = batch, steps
        return y.reshape(batch, steps, *y.shape[1:])

    def backward(self, d_y: Array, need_d_x: bool) -> Array | None:
        (batch, steps), self._saved = self._saved, None
        d_x = self.layer.backward(d_y.reshape(batch * steps, *d_y.shape[2:]), need_d_x)
        return None if d_x is None else d_x.reshape(batch, steps, *d_x.shape[1:])

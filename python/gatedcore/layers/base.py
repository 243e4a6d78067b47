"""What every layer has: a name, a dtype, named parameters, and how they are built and exchanged."""

from __future__ import annotations  # numpy.random is imported when first used, not here

import threading
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, cast

import numpy as np
import numpy.typing as npt

from gatedcore import _core, keras_arguments
from gatedcore.arrays import FLOAT32, Array, Shape, as_array, as_dtype
from gatedcore.checks import check_bool, check_count
from gatedcore.configs import Configurable, config_of
from gatedcore.keras_arguments import reject_unsupported
from gatedcore.layers.building import (
    Draws,
    check_batch_shape,
    check_features,
    check_sample_shape,
    unique_name,
)
from gatedcore.layers.weighted import Weighted
from gatedcore.ops.operands import mask_operand
from gatedcore.parameters import ParameterVector
from gatedcore.random import RandomStream, draw_stream, make_generator, undone_on_error
from gatedcore.streaming import Stream

Mask = npt.NDArray[np.bool_]  # (B, T), True where a step counts

_building = threading.RLock()


class Layer(Weighted, Configurable, ABC):
    """Base of the layers.

    Parameters
    ----------
    name : str, optional
        By default one made from the class.
    dtype : str or dtype, optional
        float32 or float64; by default that of the layer before it in a model, else float32.
    seed : int or numpy.random.Generator, optional
        For initializers without a seed of their own; by default the library's generator.
    input_shape : tuple, optional
        Shape of one sample, None for any size; a model that starts with this layer is then built
        at once.
    """

    known_arguments: ClassVar[keras_arguments.Neutral] = keras_arguments.LAYER
    # Parameters that may have a regularizer and a constraint, and how Keras's arguments call them.
    weight_arguments: ClassVar[Mapping[str, str]] = {}
    attribute_of: ClassVar[Mapping[str, str | None]] = {
        "dtype": "_given_dtype",
        "input_shape": "sample_shape",
    }
    needs_features = True  # whether the size of the last axis must be known

    def __init__(
        self,
        *,
        name: str | None = None,
        dtype: object = None,
        seed: int | np.random.Generator | None = None,
        input_shape: Sequence[int | None] | None = None,
        **keras: object,
    ) -> None:
        super().__init__()
        where = type(self).__name__
        self.take_rules(self.weight_arguments, keras)
        reject_unsupported(where, keras, self.known_arguments)
        if name is not None and (not isinstance(name, str) or not name):
            raise TypeError(f"{where}: name is {name!r}, expected a string; pass one, or leave it")
        self._given_dtype = None if dtype is None else as_dtype(where, dtype)
        self._inherited_dtype: np.dtype[Any] | None = None
        make_generator(where, seed)
        self.seed = seed
        self.sample_shape = None if input_shape is None else check_sample_shape(where, input_shape)
        self.name = name or unique_name(where)
        self._draws = 0  # of random numbers in training so far
        self._owner: weakref.ref[object] | None = None

    def get_config(self) -> dict[str, Any]:
        overridden = type(self).get_config is not Layer.get_config
        config = config_of(self, self.attribute_of, partial=overridden)
        return {**config, **self.config_of_rules(self.weight_arguments)}

    # What a kind of layer must say.

    @abstractmethod
    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the output's shape for an input's, the batch first; raise if it does not fit."""

    @abstractmethod
    def forward(self, x: Array, training: bool, mask: Mask | None = None) -> Array:
        """Return the output; in training keep what ``backward`` needs.

        ``x`` is trusted: of the layer's dtype and of a shape that fits. A call that is not for
        training leaves the layer unchanged, so several threads may make it at once.
        """

    @abstractmethod
    def backward(self, d_y: Array, need_d_x: bool) -> Array | None:
        """Add to the gradients of the last training forward; return that of its input if needed."""

    # What a kind of layer may say.

    def parameter_shapes(self, features: int) -> dict[str, tuple[int, ...]]:
        """Return the shapes of the parameters by name for inputs of so many features: none."""
        return {}

    def draw(self, name: str, shape: tuple[int, ...], draws: Draws) -> Array:
        """Return first values of one parameter."""
        raise NotImplementedError(f"{type(self).__name__} has no parameter {name!r}")

    def compute_mask(self, x: Array, mask: Mask | None) -> Mask | None:
        """Return the mask of the output for an input and its mask: the same."""
        return mask

    def as_input(self, where: str, x: object) -> Array:
        """Return anything array-like as an input of the layer, of whatever shape.

        Raises
        ------
        TypeError, ValueError
            If it holds no numbers of the right kind.
        """
        return as_array(where, "x", x, self.dtype)

    def reset_states(self) -> None:
        """Forget what the layer carries from batch to batch: nothing."""

    def add_to_stream(self, stream: _core.Stream) -> None:
        """Put the layer, with its weights as they are, at the end of a stream.

        Raises
        ------
        ValueError
            If it cannot run step by step.
        """
        raise ValueError(
            f"{self.name}.stream: a {type(self).__name__} does not run step by step, expected "
            "recurrent and dense layers; run the model on whole sequences"
        )

    # Building.

    @property
    def dtype(self) -> np.dtype[Any]:
        """Dtype of parameters and outputs."""
        return self._given_dtype or self._inherited_dtype or FLOAT32

    @property
    def state_names(self) -> tuple[str, ...]:
        """Names of the states that the layer carries from step to step: none."""
        return ()

    @property
    def trainable(self) -> bool:
        """Whether training changes the parameters: always."""
        return True

    @trainable.setter
    def trainable(self, value: object) -> None:
        reject_unsupported(self.name, {"trainable": value}, self.known_arguments)

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Make the parameters; a layer that is built stays as it is.

        Parameters
        ----------
        input_shape : tuple
            Shape of a batch; only the number of axes and the last one matter.

        Raises
        ------
        TypeError
            If it is no shape.
        ValueError
            If the shape does not suit the layer, or an initializer returns one that does not.
        """
        shape = check_batch_shape(f"{self.name}.build", input_shape)
        self.compute_output_shape(shape)
        with _building:  # of several first calls at once, one makes the parameters
            if self.built:
                return
            with undone_on_error():
                values = self.first_values(shape, self.dtype)
            vector = ParameterVector([values], self.dtype)
            self.adopt(vector, vector.value_views[0], vector.gradient_views[0], shape[-1])

    def first_values(self, input_shape: Shape, dtype: np.dtype[Any]) -> dict[str, Array]:
        """Return the parameters, or first values of them; the layer is not changed.

        Parameters
        ----------
        input_shape : tuple
            Shape of a batch; only the last size matters.
        dtype : dtype
            Of the parameters.

        Raises
        ------
        ValueError, TypeError
            If the last size must be known and is not, or an initializer returns something else than
            numbers of the shape it was asked for.
        """
        if self.built:
            return self.parameters
        features = input_shape[-1]
        if features is None and self.needs_features:
            raise ValueError(
                f"{self.name}: input has shape {input_shape}, expected a size on the last axis; "
                "give the layers before this one inputs of known shape"
            )
        if features is not None and self.needs_features:
            check_count(self.name, "input_shape[-1]", features)
        draws = Draws(self.name, dtype, make_generator(self.name, self.seed))
        shapes = self.parameter_shapes(0 if features is None else features)
        return {name: self.draw(name, shape, draws) for name, shape in shapes.items()}

    def restore_point(self) -> Callable[[], None]:
        """Return what undoes a ``build``, ``adopt`` or ``join`` that comes after this."""
        state = self.__dict__.copy()

        def restore() -> None:
            self.__dict__.clear()
            self.__dict__.update(state)

        return restore

    # Joining a model.

    @property
    def has_one_output(self) -> bool:
        """Whether a call returns one array, as layers in a row must."""
        return True

    def check_free_for(self, model: object, dtype: np.dtype[Any] | None) -> None:
        """Raise unless this model may take the layer in.

        Raises
        ------
        ValueError
            If the layer belongs to another model or has another dtype.
        """
        owner = None if self._owner is None else self._owner()
        if owner is not None and owner is not model:
            raise ValueError(
                f"{self.name}: layer belongs to another model, expected a free one; make a new "
                "layer and copy the weights with set_weights(old.get_weights())"
            )
        fixed = self.dtype if self.built else self._given_dtype
        if dtype is not None and fixed is not None and fixed != dtype:
            raise ValueError(
                f"{self.name}: layer has dtype {fixed}, expected {dtype} as the layers before it; "
                "give all layers of a model the same dtype"
            )

    def join(self, model: object, dtype: np.dtype[Any]) -> None:
        """Become part of a model."""
        self._owner = weakref.ref(model)
        self._inherited_dtype = dtype

    # Calling.

    def __call__(
        self, x: object, mask: object = None, training: bool | None = None, **keras: object
    ) -> Any:
        """Run the layer on an array; build it first if it is not.

        Parameters
        ----------
        x : array-like, (B, ...)
            Input; no unit.
        mask : array-like of bool, (B, T), optional
            True where a step counts.
        training : bool, optional
            Whether the layer draws as its rates say; by default not.

        Returns
        -------
        ndarray, (B, ...)
            Output.

        Raises
        ------
        TypeError, ValueError
            If an argument does not suit the layer.
        """
        reject_unsupported(self.name, keras, {})
        draw = check_bool(self.name, "training", False if training is None else training)
        array = self.take(x)
        steps = self.take_mask(mask, array)
        self.build_for(array)
        y = self.forward(array, draw, steps)
        if draw:
            self._saved = None
        return y

    def take_mask(self, mask: object, x: Array) -> Mask | None:
        """Return a call's mask as an array (B, T), or None.

        Raises
        ------
        TypeError, ValueError
            If it is no mask of the steps of ``x``.
        """
        if mask is None:
            return None
        if x.ndim < 2:
            raise ValueError(
                f"{self.name}: mask came with an input of shape {x.shape}, expected (batch, time "
                "steps, ...); leave it out"
            )
        return mask_operand(self.name, "mask", mask, x.shape[0], x.shape[1], time_major=False)

    def next_draws(self) -> RandomStream:
        """Return the random numbers of one training call.

        Those of a layer with an int as ``seed`` depend on how many there were before alone.
        """
        stream = draw_stream(self.name, self.seed, self._draws)
        self._draws += 1
        return stream

    def take(self, x: object) -> Array:
        """Return ``x`` as an input of this layer, which is not built by that.

        Raises
        ------
        TypeError, ValueError
            If it cannot be one.
        """
        array = self.as_input(self.name, x)
        self.compute_output_shape(cast(Shape, array.shape))
        return array

    def build_for(self, x: Array) -> None:
        """Make the parameters for an input that ``take`` returned, if there are none yet."""
        if not self.built:
            self.build(cast(Shape, x.shape))

    def check_features(self, input_shape: Shape) -> None:
        """Raise unless the last axis suits the weights, or ``input_shape`` before there are any."""
        check_features(self.name, input_shape, self.sample_shape, self.input_features)

    def stream(self, batch: int = 1) -> Stream:
        """Return the layer as a function of one time step that carries its states.

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
            If the layer is not built, or runs backwards.
        """
        if not self.built:
            raise ValueError(
                f"{self.name}.stream: layer has no weights yet, expected a built one; call it on "
                "an array or build(input_shape) first"
            )
        return Stream(self.name, [self], batch)

    # Copies and pickles carry the values; views and the model's memory are made anew.

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        for name in ("_vector", "gradients", "_owner", "_saved"):
            state.pop(name, None)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._vector, self._owner, self._saved, self.gradients = None, None, None, {}
        if self.built:
            vector = ParameterVector([self.parameters], self.dtype)
            values, gradients = vector.value_views[0], vector.gradient_views[0]
            self.adopt(vector, values, gradients, self.input_features)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}{'' if self.built else ', not built'}>"

    _saved: Any = None  # what the last training forward kept

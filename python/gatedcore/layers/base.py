"""What every layer has: a name, a dtype, named parameters, and how they are built and exchanged."""

from __future__ import annotations  # numpy.random is imported when first used, not here

import os
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from gatedcore import keras_arguments
from gatedcore.arrays import FLOAT32, Array, Shape, as_dtype
from gatedcore.checks import check_bool, check_count, check_name
from gatedcore.configs import Configurable, config_of
from gatedcore.keras_arguments import reject_unsupported
from gatedcore.layers.building import (
    Draws,
    check_batch_shape,
    check_features,
    declared_shape,
    unique_name,
)
from gatedcore.layers.calling import Mask
from gatedcore.layers.tensor import LayerCall
from gatedcore.layers.weighted import NamedWeight
from gatedcore.layers.written import Written
from gatedcore.parameters import ParameterVector
from gatedcore.random import RandomStream, draw_stream, make_generator, undone_on_error

__all__ = ["Layer", "Mask"]

_building = threading.RLock()


def building() -> AbstractContextManager[bool]:
    """Return the lock of whoever makes parameters, or says that a model trains."""
    return _building


def _be_free_after_fork() -> None:
    global _building
    _building = threading.RLock()  # the thread that may have held it is not in the child


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_be_free_after_fork)


class Layer(Written, Configurable):
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
        at once. Older names of Keras do as well: ``batch_input_shape`` or ``batch_shape``, with the
        batch in front, ``input_dim`` with or without ``input_length``.
    trainable : bool
        Whether training changes the parameters.
    """

    known_arguments: ClassVar[keras_arguments.Neutral] = keras_arguments.LAYER
    # Parameters that may have a regularizer and a constraint, and how Keras's arguments call them.
    weight_arguments: ClassVar[Mapping[str, str]] = {}
    attribute_of: ClassVar[Mapping[str, str | None]] = {
        "dtype": "_given_dtype",
        "input_shape": "sample_shape",
    }
    needs_features = True  # whether the size of the last axis must be known
    over_time = False  # whether inputs are sequences, whatever their length

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name in cls.__dict__.get("weight_arguments", ()):
            setattr(cls, name, NamedWeight(name))

    def __init__(
        self,
        *,
        name: str | None = None,
        dtype: object = None,
        seed: int | np.random.Generator | None = None,
        input_shape: Sequence[int | None] | None = None,
        trainable: bool = True,
        **keras: object,
    ) -> None:
        super().__init__()
        where = type(self).__name__
        self._trainable = check_bool(where, "trainable", trainable)
        self.take_rules(self.weight_arguments, keras)
        self.sample_shape = declared_shape(
            where, input_shape, keras, features=self.needs_features, steps=self.over_time
        )
        reject_unsupported(where, keras, self.known_arguments)
        self._given_dtype = None if dtype is None else as_dtype(where, dtype)
        self._inherited_dtype: np.dtype[Any] | None = None
        make_generator(where, seed)
        self.seed = seed
        self.name = check_name(where, name) or unique_name(where)
        self._draws = 0  # of random numbers in training so far
        self._owner: weakref.ref[object] | None = None

    def get_config(self) -> dict[str, Any]:
        overridden = type(self).get_config is not Layer.get_config
        config = config_of(self, self.attribute_of, partial=overridden)
        return {**config, **self.config_of_rules(self.weight_arguments)}

    # What a kind of layer may say.

    def parameter_shapes(self, features: int) -> dict[str, tuple[int, ...]]:
        """Return the shapes of the parameters by name for inputs of so many features: none."""
        return {}

    def draw(self, name: str, shape: tuple[int, ...], draws: Draws) -> Array:
        """Return first values of one parameter."""
        raise NotImplementedError(f"{type(self).__name__} has no parameter {name!r}")

    # Building.

    @property
    def dtype(self) -> np.dtype[Any]:
        """Dtype of parameters and outputs."""
        return self._given_dtype or self._inherited_dtype or FLOAT32

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
        if self._declared is None:  # else a user's build calls that of its base
            self.build_now(input_shape)

    def build_now(self, input_shape: Sequence[int | None]) -> None:
        """Do what ``build`` says, whatever a subclass has under that name."""
        shape = check_batch_shape(f"{self.name}.build", input_shape)
        self.compute_output_shape(shape)
        with building():  # of several first calls at once, one makes the parameters
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
        if self._wants is not None:
            return self.declared(input_shape, draws)
        shapes = self.parameter_shapes(0 if features is None else features)
        return {name: self.draw(name, shape, draws) for name, shape in shapes.items()}

    def restore_point(self) -> Callable[[], None]:
        """Return what undoes a ``build``, ``adopt`` or ``join`` that comes after this."""
        state = self.__dict__.copy()

        def restore() -> None:
            # In one moment: Ctrl-C may come a second time.
            object.__setattr__(self, "__dict__", state.copy())

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
        self.inherit(dtype)

    def inherit(self, dtype: np.dtype[Any]) -> None:
        self._inherited_dtype = dtype

    def first_call(self) -> LayerCall | None:
        owner = None if self._owner is None else self._owner()
        if self._first_call is None and hasattr(owner, "call_of"):
            found: LayerCall | None = owner.call_of(self)
            return found
        return self._first_call

    def next_draws(self) -> RandomStream:
        """Return the random numbers of one training call.

        Those of a layer with an int as ``seed`` depend on how many there were before alone.
        """
        stream = draw_stream(self.name, self.seed, self._draws)
        self._draws += 1
        return stream

    def check_features(self, input_shape: Shape) -> None:
        """Raise unless the last axis suits the weights, or ``input_shape`` before there are any."""
        check_features(self.name, input_shape, self.sample_shape, self.input_features)

    # Copies and pickles carry the values; views and the model's memory are made anew.

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        for name in ("_vector", "gradients", "_owner", "_saved", "_first_call"):
            state.pop(name, None)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._vector, self._owner, self._saved, self.gradients = None, None, None, {}
        if self.built:
            vector = ParameterVector([self.parameters], self.dtype)
            values, gradients = vector.value_views[0], vector.gradient_views[0]
            self.adopt(vector, values, gradients, self.input_features)

    if not TYPE_CHECKING:  # to which every name would be there

        def __getattr__(self, name: str) -> Any:
            """Return the weight of a name, also of one that no argument sets; raise if none."""
            weights = self.__dict__.get("parameters", {})
            if name in weights:
                return weights[name]
            return object.__getattribute__(self, name)  # raises, with a property's own message

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}{'' if self.built else ', not built'}>"

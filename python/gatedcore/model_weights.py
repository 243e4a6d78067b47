"""What a model has of its layers' weights, and how they are read and exchanged."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from gatedcore.arrays import Array
from gatedcore.checks import check_bool
from gatedcore.layers.base import Layer
from gatedcore.layers.weighted import Rule, as_list, give_weights
from gatedcore.optimizers.part import Part, Table
from gatedcore.parameters import ParameterVector, in_one_piece

R = TypeVar("R")


class ModelWeights:
    """The weights of all layers, layer by layer.

    Attributes
    ----------
    layers : list of Layer
        The layers in order; of a graph its inputs too, where Keras has them.
    built : bool
        Whether there are parameters.
    """

    name: str
    _layers: list[Layer]
    _vector: ParameterVector | None
    _trainable = True

    @property
    def computing_layers(self) -> list[Layer]:
        """The layers in order, without inputs."""
        return list(self._layers)

    @property
    def layers(self) -> list[Any]:
        """The layers in order; of a graph its inputs too, where Keras has them."""
        return self.computing_layers

    def get_layer(self, name: str | None = None, index: int | None = None) -> Any:
        """Return the layer of this name, or at this place in ``layers``.

        Raises
        ------
        ValueError
            If there is none, or not one of the two arguments is given.
        """
        where = f"{self.name}.get_layer"
        if (name is None) == (index is None):
            raise ValueError(
                f"{where}: got name={name!r} and index={index!r}, expected one of the two; pass a "
                "name"
            )
        layers = self.layers
        names = ", ".join(layer.name for layer in layers)
        if name is not None:
            for layer in layers:
                if layer.name == name:
                    return layer
            raise ValueError(f"{where}: name is {name!r}, expected one of {names}; choose one")
        assert index is not None
        if not -len(layers) <= index < len(layers):
            raise ValueError(
                f"{where}: index is {index}, expected less than {len(layers)}, one of the layers "
                f"{names}; choose one"
            )
        return layers[index]

    @property
    def built(self) -> bool:
        """Whether there are parameters."""
        return self._vector is not None

    def ruled(self) -> list[tuple[Array, Array, Rule]]:
        """Return value, gradient and rule of every parameter that has one and is trained."""
        return [rule for layer in self._layers for rule in layer.ruled() if self._trainable]

    @property
    def trainable(self) -> bool:
        """Whether training changes the parameters; setting it sets it of all layers."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: object) -> None:
        self._trainable = check_bool(self.name, "trainable", value)
        for layer in self._layers:
            layer.trainable = value

    def trained(self) -> list[bool]:
        """Return for each of ``weights`` whether training changes it."""
        flags: list[bool] = []
        for layer in self._layers:
            names = layer.trained_names() if self._trainable else ()
            flags += [name in names for name in layer.parameters]
        return flags

    def trained_part(self) -> Part | None:
        """Return where in the flat vector stands what training changes; None if it is all."""
        flags, tables, number = self.trained(), [], 0
        for layer in self._layers:
            touched = layer.rows_touched()
            for name, value in layer.parameters.items():
                if name in touched:
                    tables.append(Table(number, value.shape[-1], touched[name]))
                number += 1
        if all(flags) and not tables:
            return None
        assert self._vector is not None
        return Part(self._vector.ends, flags, tables)

    @property
    def trainable_weights(self) -> list[Array]:
        """Those of ``weights`` that training changes."""
        return [w for w, trained in zip(self.weights, self.trained(), strict=True) if trained]

    @property
    def non_trainable_weights(self) -> list[Array]:
        """Those of ``weights`` that training leaves as they are."""
        return [w for w, trained in zip(self.weights, self.trained(), strict=True) if not trained]

    @property
    def weights(self) -> list[Array]:
        """The parameters themselves, layer by layer; writing to them changes the model."""
        return [value for layer in self._layers for value in layer.weights]

    # Keras has both names.
    variables = weights
    trainable_variables = trainable_weights
    non_trainable_variables = non_trainable_weights

    def get_weights(self) -> list[Array]:
        """Return copies of the parameters, layer by layer, each in Keras's order.

        While another thread trains the model they are those after one of its steps.
        """
        return self.in_one_piece(lambda: [value.copy() for value in self.weights])

    def in_one_piece(self, call: Callable[[], R]) -> R:
        """Return what a call returns while no other thread is within a change of the weights."""
        return in_one_piece(self._layers, call)

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
        self.need_built(where)
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
        self.in_one_piece(lambda: give_weights(zip(self.weights, checked, strict=True)))

    def count_params(self) -> int:
        """Return the number of parameters.

        Raises
        ------
        ValueError
            If the model is not built yet.
        """
        self.need_built(f"{self.name}.count_params")
        return sum(layer.count_params() for layer in self._layers)

    def need_built(self, where: str) -> None:
        """Raise unless there are parameters.

        Raises
        ------
        ValueError
            If the model is not built yet.
        """
        if not self.built:
            raise ValueError(
                f"{where}: model has no weights yet, expected a built one; call it on an array, or "
                "give its first layer an input_shape"
            )

"""Named parameters: what layers have of them, and how they are read and exchanged."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from gatedcore import constraints, regularizers
from gatedcore.arrays import Array, as_array
from gatedcore.checks import check_bool, check_shape
from gatedcore.configs import encode
from gatedcore.optimizers.part import Tokens
from gatedcore.parameters import ParameterVector, in_one_piece
from gatedcore.regularizers import Regularizer


class Rule(NamedTuple):
    """What is asked of a parameter in training."""

    regularizer: Regularizer | None = None
    constraint: Callable[[Array], Array] | None = None


class NamedWeight:
    """A weight as an attribute, such as ``layer.kernel``; to set it is to write its values."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, layer: Any, kind: type) -> Any:
        if layer is None:
            return self
        if not layer.built:
            raise AttributeError(
                f"{layer.name}.{self.name}: layer has no weights yet, expected a built one; call "
                "it on an array or build(input_shape) first"
            )
        return layer.parameters.get(self.name)  # None of a layer without, as use_bias=False says

    def __set__(self, layer: Any, value: object) -> None:
        if self.name not in layer.parameters:
            self.__get__(layer, type(layer))
            raise AttributeError(
                f"{layer.name}.{self.name}: layer has no such weight, expected one of "
                f"{', '.join(layer.parameters)}; ask for it in __init__"
            )
        now = layer.parameters.items()
        layer.set_weights([value if name == self.name else weight for name, weight in now])


class Weighted:
    """Parameters by name, views into a vector that a whole model may share.

    Attributes
    ----------
    parameters, gradients : dict of ndarray
        By name; empty before the layer is built.
    built : bool
        Whether there are parameters, or none are needed.
    """

    name: str

    def __init__(self) -> None:
        self.built = False
        self._trainable = True
        self.input_features: int | None = None
        self.parameters: dict[str, Array] = {}
        self.gradients: dict[str, Array] = {}
        self._vector: ParameterVector | None = None
        self.rules: dict[str, Rule] = {}

    def take_rules(self, stems: Mapping[str, str], keras: dict[str, object]) -> None:
        """Take the regularizers and constraints of parameters from Keras's arguments.

        Parameters
        ----------
        stems : mapping
            By parameter, how Keras's arguments call it.
        keras : dict
            All arguments; those taken are removed.

        Raises
        ------
        TypeError, ValueError
            If one is neither regularizer nor constraint.
        """
        for parameter, stem in stems.items():
            regularizer, constraint = f"{stem}_regularizer", f"{stem}_constraint"
            rule = Rule(
                regularizers.get(keras.pop(regularizer, None), regularizer),
                constraints.get(keras.pop(constraint, None), constraint),
            )
            setattr(self, regularizer, rule.regularizer)
            setattr(self, constraint, rule.constraint)
            if rule != Rule():
                self.rules[parameter] = rule

    def config_of_rules(self, stems: Mapping[str, str]) -> dict[str, Any]:
        """Return the arguments that ``take_rules`` took, as data for JSON."""
        names = [
            f"{stem}_{kind}" for stem in stems.values() for kind in ("regularizer", "constraint")
        ]
        where = f"{type(self).__name__}.get_config"
        return {name: encode(getattr(self, name), f"{where}: {name}") for name in names}

    def ruled(self) -> list[tuple[Array, Array, Rule]]:
        """Return value, gradient and rule of every parameter that has one and is trained."""
        trained = self.trained_names()
        return [
            (self.parameters[name], self.gradients[name], rule)
            for name, rule in self.rules.items()
            if name in trained
        ]

    def rows_touched(self) -> dict[str, list[Tokens]]:
        """Return the parameters of which training changes some rows alone, with lists of these.

        Backward passes add to the lists, and who sets the gradients to zero empties them.
        """
        return {}

    @property
    def trainable(self) -> bool:
        """Whether training changes the parameters; a change counts from the next ``fit`` on."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: object) -> None:
        self._trainable = check_bool(self.name, "trainable", value)

    def trained_names(self) -> set[str]:
        """Return the names of the parameters that training changes."""
        return set(self.parameters) if self._trainable else set()

    @property
    def dtype(self) -> np.dtype[Any]:
        """Dtype of parameters and outputs."""
        raise NotImplementedError

    def adopt(
        self,
        vector: ParameterVector,
        values: dict[str, Array],
        gradients: dict[str, Array],
        features: int | None,
    ) -> None:
        """Keep these views into a vector as the parameters from now on."""
        self._vector = vector
        self.parameters = values
        self.gradients = gradients
        self.input_features = features
        self.built = True

    @property
    def weights(self) -> list[Array]:
        """The parameters themselves, in Keras's order; writing to them changes the layer."""
        return list(self.parameters.values())

    @property
    def trainable_weights(self) -> list[Array]:
        """Those of ``weights`` that training changes."""
        trained = self.trained_names()
        return [value for name, value in self.parameters.items() if name in trained]

    @property
    def non_trainable_weights(self) -> list[Array]:
        """Those of ``weights`` that training leaves as they are."""
        trained = self.trained_names()
        return [value for name, value in self.parameters.items() if name not in trained]

    # Keras has both names.
    variables = weights
    trainable_variables = trainable_weights
    non_trainable_variables = non_trainable_weights

    def get_weights(self) -> list[Array]:
        """Return copies of the parameters, in Keras's order."""
        return in_one_piece([self], lambda: [value.copy() for value in self.parameters.values()])

    def set_weights(self, weights: Iterable[object]) -> None:
        """Replace the values of all parameters, or of none.

        Parameters
        ----------
        weights : list of array-likes
            As ``get_weights`` returns them.

        Raises
        ------
        ValueError
            If their number or a shape differs, or the layer is not built yet.
        TypeError
            If one does not hold real numbers.
        """
        where = f"{self.name}.set_weights"
        checked = self.check_weights(where, as_list(where, weights))
        pairs = zip(self.parameters.values(), checked, strict=True)
        in_one_piece([self], lambda: give_weights(pairs))

    def check_weights(self, where: str, weights: Sequence[object]) -> list[Array]:
        """Return ``weights`` as arrays that fit the parameters one by one.

        Raises
        ------
        ValueError, TypeError
            As ``set_weights``.
        """
        if not self.built:
            raise ValueError(
                f"{where}: layer has no weights yet, expected a built one; call it on an array or "
                "build(input_shape) first"
            )
        assert self._vector is not None
        names = ", ".join(self.parameters)
        if len(weights) != len(self.parameters):
            raise ValueError(
                f"{where}: weights holds {len(weights)} arrays, expected {len(self.parameters)} "
                f"({names}); pass what get_weights() of such a layer returned"
            )
        checked = []
        for (name, value), new in zip(self.parameters.items(), weights, strict=True):
            array = as_array(where, name, new, self.dtype)
            advice = "take the weights of a layer of the same kind and size"
            check_shape(where, name, array, value.shape, "shape", advice)
            # Weights of this model may stand in for others of it: read all before any is written.
            checked.append(array.copy() if self._vector.holds(array) else array)
        return checked

    def count_params(self) -> int:
        """Return the number of parameters.

        Raises
        ------
        ValueError
            If the layer is not built yet.
        """
        if not self.built:
            raise ValueError(
                f"{self.name}.count_params: layer has no weights yet, expected a built one; call "
                "it on an array or build(input_shape) first"
            )
        return sum(value.size for value in self.parameters.values())


def give_weights(pairs: Iterable[tuple[Array, Any]]) -> None:
    """Write new values into weights."""
    for value, new in pairs:
        value[...] = new


def as_list(where: str, weights: object) -> list[object]:
    """Return weights as a list.

    Raises
    ------
    TypeError
        If they are none.
    """
    if not isinstance(weights, Iterable):
        raise TypeError(
            f"{where}: weights has type {type(weights).__name__}, expected a list of arrays; pass "
            "what get_weights() returned"
        )
    return list(weights)

"""Optimizers: each step is one fused pass of the core over the flat vector of parameters."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, cast, overload

import numpy as np

from gatedcore import _core, keras_arguments
from gatedcore.arrays import Array, aligned_zeros
from gatedcore.checks import check_bool, check_number
from gatedcore.keras_arguments import reject_unsupported


class Hyperparameter:
    """A number of an optimizer, checked whenever it is set: in [least, below), or (least, below).

    The optimizer keeps it under the name with an underscore before it.
    """

    def __init__(
        self, doc: str, least: float = 0.0, below: float = math.inf, *, open_start: bool = False
    ) -> None:
        self.__doc__ = doc
        self._range = (least, below)
        self._open_start = open_start

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, optimizer: None, owner: type) -> Hyperparameter: ...
    @overload
    def __get__(self, optimizer: object, owner: type) -> float: ...
    def __get__(self, optimizer: object | None, owner: type) -> Hyperparameter | float:
        if optimizer is None:
            return self
        return cast(float, optimizer.__dict__[f"_{self._name}"])

    def __set__(self, optimizer: object, value: float) -> None:
        where, (least, below) = type(optimizer).__name__, self._range
        checked = check_number(where, self._name, value, least, below, open_start=self._open_start)
        optimizer.__dict__[f"_{self._name}"] = checked


class Optimizer(ABC):
    """Base of the optimizers.

    Parameters
    ----------
    learning_rate : float
        Size of a step; may be changed between steps.
    name : str, optional
        By default the class's.

    Attributes
    ----------
    iterations : int
        Steps taken so far.
    """

    known_arguments: ClassVar[keras_arguments.Neutral] = keras_arguments.OPTIMIZER
    # The kernels compute in the parameters' dtype: a larger number would be infinite in float32.
    learning_rate = Hyperparameter("Size of a step.", below=float(np.finfo(np.float32).max))

    def __init__(self, learning_rate: float, name: str | None, keras: dict[str, object]) -> None:
        where = type(self).__name__
        reject_unsupported(where, keras, self.known_arguments)
        self.learning_rate = learning_rate
        self.name = where.lower() if name is None else name
        self.iterations = 0
        self.slots: dict[str, Array] = {}
        self._parameters: Array | None = None

    @abstractmethod
    def slot_names(self) -> tuple[str, ...]:
        """Return the names of the vectors kept beside the parameters."""

    @abstractmethod
    def update(self, parameters: Array, gradients: Array, slots: dict[str, Array]) -> None:
        """Take step number ``iterations + 1``."""

    def check_serves(self, parameters: Array | None) -> None:
        """Raise unless the optimizer is new or serves these parameters; None stands for new ones.

        Raises
        ------
        ValueError
            If it serves others.
        """
        kept = next(iter(self.slots.values()), None)
        other = self._parameters is not None and self._parameters is not parameters
        if not other and kept is not None:
            other = parameters is None or (kept.size, kept.dtype) != (
                parameters.size,
                parameters.dtype,
            )
        if other:
            raise ValueError(
                f"{self.name}: optimizer already trains other parameters, expected a new one; "
                f"compile with a new {type(self).__name__}(...)"
            )

    def attach(self, parameters: Array) -> None:
        """Make room for what is kept beside these parameters, and serve them only from now on.

        Raises
        ------
        ValueError
            If the optimizer serves others already.
        """
        self.check_serves(parameters)
        if not self.slots:
            names = self.slot_names()
            self.slots = {n: aligned_zeros(parameters.size, parameters.dtype) for n in names}
        self._parameters = parameters

    def step(self, parameters: Array, gradients: Array) -> None:
        """Update the parameters in place.

        Parameters
        ----------
        parameters, gradients : ndarray, (count,)
            The flat vectors; always the same ``parameters`` object.

        Raises
        ------
        ValueError
            If the optimizer serves other parameters.
        """
        if self._parameters is not parameters:
            self.attach(parameters)
        self.update(parameters, gradients, self.slots)
        self.iterations += 1

    def restore_point(self) -> Callable[[], None]:
        """Return what forgets an ``attach`` that comes after this, as long as no step was taken."""
        slots, parameters = self.slots, self._parameters

        def restore() -> None:
            self.slots, self._parameters = slots, parameters

        return restore

    def get_state(self) -> dict[str, Any]:
        """Return a copy of all that steps change: ``iterations``, learning rate and vectors."""
        return {
            "iterations": self.iterations,
            "learning_rate": self.learning_rate,
            "slots": {name: slot.copy() for name, slot in self.slots.items()},
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Go back to what ``get_state`` returned.

        Raises
        ------
        ValueError
            If it comes from another kind of optimizer or other parameters.
        """
        slots = state["slots"]
        known = self.slot_names()
        fit = not slots or (
            set(slots) == set(known)
            and (not self.slots or all(slots[n].shape == self.slots[n].shape for n in known))
        )
        if not fit:
            sizes = {name: slot.shape for name, slot in slots.items()}
            raise ValueError(
                f"{self.name}.set_state: state holds {sizes}, expected "
                f"{ {n: s.shape for n, s in self.slots.items()} or known }; "
                "use one of the same optimizer on the same model"
            )
        self.learning_rate = state["learning_rate"]
        self.iterations = state["iterations"]
        for name in known if self.slots else ():
            self.slots[name][...] = slots[name] if slots else 0.0
        if not self.slots:
            self.slots = {name: _aligned_copy(slot) for name, slot in slots.items()}

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_parameters": None}


class SGD(Optimizer):
    """Gradient descent, with momentum if asked for.

    Parameters
    ----------
    learning_rate : float
        Size of a step.
    momentum : float
        In [0, 1]; part of the last step that goes on.
    nesterov : bool
        Whether to look ahead by the momentum.
    name : str, optional
        By default ``"sgd"``.
    **keras
        Other arguments of Keras are refused unless they ask for nothing.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range or not supported.

    References
    ----------
    Sutskever et al. (2013); Keras's form of it.
    """

    momentum = Hyperparameter("Part of the last step that goes on.", 0.0, math.nextafter(1.0, 2.0))

    def __init__(
        self,
        learning_rate: float = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        *,
        name: str | None = None,
        **keras: object,
    ) -> None:
        super().__init__(learning_rate, name, keras)
        self.momentum = momentum
        self.nesterov = nesterov

    @property
    def nesterov(self) -> bool:
        """Whether to look ahead by the momentum."""
        return self._nesterov

    @nesterov.setter
    def nesterov(self, value: bool) -> None:
        self._nesterov = check_bool("SGD", "nesterov", value)

    def slot_names(self) -> tuple[str, ...]:
        return ("velocity",) if self.momentum else ()

    def update(self, parameters: Array, gradients: Array, slots: dict[str, Array]) -> None:
        velocity = slots.get("velocity")
        if self.momentum and velocity is None:  # the momentum was set after the first step
            velocity = slots["velocity"] = aligned_zeros(parameters.size, parameters.dtype)
        _core.sgd_step(
            parameters, gradients, velocity, self.learning_rate, self.momentum, self.nesterov
        )


class Adam(Optimizer):
    """Adam, with Keras's place for epsilon.

    Parameters
    ----------
    learning_rate : float
        Size of a step.
    beta_1, beta_2 : float
        In [0, 1); decay of the means of gradients and of their squares.
    epsilon : float
        Above 0; added to the root of the second mean.
    name : str, optional
        By default ``"adam"``.
    **keras
        Other arguments of Keras are refused unless they ask for nothing.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range or not supported.

    References
    ----------
    Kingma and Ba (2015), in the order of their section 2, as Keras and TensorFlow compute it.
    """

    known_arguments = keras_arguments.ADAM
    beta_1 = Hyperparameter("Decay of the mean of gradients.", 0.0, 1.0)
    beta_2 = Hyperparameter("Decay of the mean of their squares.", 0.0, 1.0)
    epsilon = Hyperparameter("Added to the root of the second mean.", open_start=True)

    def __init__(
        self,
        learning_rate: float = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        *,
        name: str | None = None,
        **keras: object,
    ) -> None:
        super().__init__(learning_rate, name, keras)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def slot_names(self) -> tuple[str, ...]:
        return ("m", "v")

    def update(self, parameters: Array, gradients: Array, slots: dict[str, Array]) -> None:
        t = self.iterations + 1
        rate = self.learning_rate * math.sqrt(1.0 - self.beta_2**t) / (1.0 - self.beta_1**t)
        _core.adam_step(
            parameters, gradients, slots["m"], slots["v"],
            rate, self.beta_1, self.beta_2, self.epsilon,
        )  # fmt: skip


_BY_NAME: dict[str, type[SGD] | type[Adam]] = {"adam": Adam, "sgd": SGD}


def get(identifier: object) -> Optimizer:
    """Return a new optimizer by its name, or the object itself.

    Raises
    ------
    ValueError
        If the name is unknown.
    TypeError
        If it is neither name nor optimizer.
    """
    if isinstance(identifier, Optimizer):
        return identifier
    if isinstance(identifier, str):
        if identifier.lower() in _BY_NAME:
            return _BY_NAME[identifier.lower()]()
        raise ValueError(
            f"optimizers.get: optimizer is {identifier!r}, expected one of {', '.join(_BY_NAME)}; "
            "choose one"
        )
    raise TypeError(
        f"optimizers.get: optimizer has type {type(identifier).__name__}, expected a name or an "
        "Optimizer; pass 'adam', say"
    )


def _aligned_copy(vector: Array) -> Array:
    copy_ = aligned_zeros(vector.size, vector.dtype)
    copy_[...] = vector
    return copy_

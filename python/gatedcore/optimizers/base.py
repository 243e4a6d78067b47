"""What every optimizer has: a learning rate, a vector it serves, its state and configuration."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, cast

import numpy as np

from gatedcore import _core
from gatedcore.arrays import Array, aligned_zeros
from gatedcore.checks import check_name, check_number
from gatedcore.optimizers.framing import FRAME_ARGUMENTS, Framing
from gatedcore.optimizers.part import Part
from gatedcore.optimizers.rate import LearningRate
from gatedcore.optimizers.schedules.base import LearningRateSchedule
from gatedcore.optimizers.schedules.lookup import deserialize, serialize

# The kernels compute in the parameters' dtype: a larger number would be infinite in float32.
_LARGEST_RATE = float(np.finfo(np.float32).max)

RateSource = float | LearningRateSchedule | Callable[[], float]


class Optimizer(Framing, ABC):
    """Base of the optimizers.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
        Size of a step; a schedule is asked with the number of gradients taken before, a callable
        without arguments, at every step.
    name : str, optional
        By default the class's in lower case.
    weight_decay : float, optional
        Before each update parameters lose this share of themselves times the learning rate.
    clipnorm : float, optional
        Largest norm of the gradient of one parameter array; a larger one is scaled down.
    clipvalue : float, optional
        Largest size of any element of a gradient; larger ones are cut.
    global_clipnorm : float, optional
        Largest norm of all gradients together. Of the three at most one may be given.
    use_ema : bool
        Whether to keep a moving average of the parameters, which replaces them when ``fit`` ends.
    ema_momentum : float
        In [0, 1]; what the average keeps of itself at a step.
    ema_overwrite_frequency : int, optional
        Steps after which the average replaces the parameters in between, too.
    gradient_accumulation_steps : int, optional
        At least 2; so many calls of ``step`` make one update, with the mean of their gradients.
    **keras
        Other arguments of Keras are refused unless they ask for nothing.

    Attributes
    ----------
    calls : int
        Gradients taken in so far.
    iterations : int
        Updates made so far; as many, unless gradients are accumulated.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range or not supported.
    """

    # The arguments of a class beside the ones above, for get_config.
    own_arguments: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self, learning_rate: RateSource, *, name: str | None = None, **around: Any
    ) -> None:
        super().__init__(**around)
        where = type(self).__name__
        self.name = check_name(where, name) or where.lower()
        self._learning_rate: RateSource = self._checked_source(learning_rate)
        self.numbers: dict[str, float] = {}  # what steps change beside the slots
        self._parameters: Array | None = None

    # What a kind of optimizer must say.

    @abstractmethod
    def slot_names(self) -> tuple[str, ...]:
        """Return the names of the vectors that its update keeps beside the parameters."""

    @abstractmethod
    def update(
        self, parameters: Array, gradients: Array, rate: float, frame: _core.UpdateFrame | None
    ) -> None:
        """Make update number ``iterations + 1`` with this learning rate, within this frame."""

    def slot_start(self, name: str) -> float:
        """Return the number that fills a slot before the first step."""
        return 0.0

    # Numbers.

    @property
    def learning_rate(self) -> LearningRate:
        """Size of the next step; may be set to another number, schedule or callable.

        A schedule can be replaced by a schedule or callable, not by a number, as in Keras.
        """
        return LearningRate.of(self, self._rate())

    @learning_rate.setter
    def learning_rate(self, value: RateSource) -> None:
        source = self._checked_source(value)
        if type(source) is float and isinstance(self._learning_rate, LearningRateSchedule):
            raise TypeError(
                f"{type(self).__name__}: learning_rate is {source:g} where a schedule "
                f"{_name_of(self._learning_rate)} is in charge, expected a schedule; compile with "
                "an optimizer whose learning rate is a number to set it"
            )
        self._learning_rate = source

    lr = learning_rate  # its name before Keras 3

    def _rate(self) -> float:
        source = self._learning_rate
        if type(source) is float:
            return source
        value = (
            source(self.calls)
            if isinstance(source, LearningRateSchedule)
            else cast(Callable[[], float], source)()
        )
        where = f"{type(self).__name__}, schedule {_name_of(source)}"
        return check_number(where, "learning_rate", value, 0.0, _LARGEST_RATE)

    def _checked_source(self, value: object) -> RateSource:
        """Return a learning rate, or what gives it."""
        if isinstance(value, type):  # a class can be called, and gives no number
            value = repr(value)
        if callable(value):
            return cast(RateSource, value)
        return check_number(type(self).__name__, "learning_rate", value, 0.0, _LARGEST_RATE)

    # Serving a vector of parameters.

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

    def attach(
        self, parameters: Array, ends: Sequence[int] | None = None, part: Part | None = None
    ) -> None:
        """Make room for what is kept beside these parameters, and serve them only from now on.

        Parameters
        ----------
        parameters : ndarray, (count,)
            The flat vector.
        ends : sequence of int, optional
            Where each parameter array ends in it, for ``clipnorm``; by default there is one.
        part : Part, optional
            What the next steps change; by default all.

        Raises
        ------
        ValueError
            If the optimizer serves others already.
        """
        self.check_serves(parameters)
        if part is not None:
            self._check_by_rows(part)
        if not self.slots:
            self.slots = {name: self._new_slot(name, parameters) for name in self._all_slots()}
        self._parameters = parameters
        if ends is not None:
            self._ends = tuple(ends)
        elif not self._ends or self._ends[-1] != parameters.size:
            self._ends = (parameters.size,)
        if part is not None and "average" in self.slots:
            for start, stop in part.rest(parameters.size):  # where it begins if trained later
                self.slots["average"][start:stop] = parameters[start:stop]

    def _all_slots(self) -> tuple[str, ...]:
        return (*self.slot_names(), *self.slots_around())

    def _new_slot(self, name: str, parameters: Array) -> Array:
        slot = aligned_zeros(parameters.size, parameters.dtype)
        if self.slot_start(name):
            slot.fill(self.slot_start(name))
        return slot

    def slot(self, name: str, parameters: Array) -> Array:
        """Return a slot, made now if a hyperparameter that needs it was set after the start."""
        if name not in self.slots:
            self.slots[name] = self._new_slot(name, parameters)
        return self.slots[name]

    # Steps.

    def step(self, parameters: Array, gradients: Array, part: Part | None = None) -> None:
        """Take gradients in and, unless they are only accumulated, update parameters in place.

        Parameters
        ----------
        parameters, gradients : ndarray, (count,)
            The flat vectors; always the same ``parameters`` object.
        part : Part, optional
            What to change; by default all. ``gradients`` are then those of the part alone.

        Raises
        ------
        ValueError
            If the optimizer serves other parameters, or the learning rate is out of range.
        """
        if self._parameters is not parameters:
            self.attach(parameters)
        if part is None:
            self._advance(parameters, gradients)
            return
        self._check_by_rows(part)
        whole, ends = self.slots, self._ends
        self.slots = {name: part.take(slot) for name, slot in whole.items()}
        self._ends = part.ends
        try:
            chosen = part.take(parameters)
            self._advance(chosen, gradients)
        finally:
            taken, self.slots, self._ends = self.slots, whole, ends
        part.give(parameters, chosen)
        for name, slot in taken.items():
            part.give(self.slot(name, parameters), slot)

    def _check_by_rows(self, part: Part) -> None:
        """Raise if rows of tables are updated alone, and what stands around concerns all rows."""
        if not part.has_tables:
            return
        for name in ("weight_decay", "use_ema", "gradient_accumulation_steps"):
            if getattr(self, name):
                raise ValueError(
                    f"{self.name}: {name}={getattr(self, name)} came with an Embedding of "
                    "sparse=True, whose rows change only in steps with their tokens, expected "
                    f"none; leave {name} or sparse out"
                )

    def _advance(self, parameters: Array, gradients: Array) -> None:
        """Take a step over all that is given."""
        if not (self._clip or self._weight_decay or self._use_ema or self._accumulation):
            self.update(parameters, gradients, self._rate(), None)
        else:
            if self.only_accumulates():
                self.accumulate(parameters, gradients)
            else:
                rate = self._rate()
                self.update(parameters, gradients, rate, self.frame(rate))
            self.overwrite(parameters)
        self.calls += 1

    # State and configuration.

    def restore_point(self) -> Callable[[], None]:
        """Return what forgets an ``attach`` that comes after this, as long as no step was taken."""
        slots, parameters, ends = self.slots, self._parameters, self._ends

        def restore() -> None:
            self.slots, self._parameters, self._ends = slots, parameters, ends

        return restore

    def get_state(self) -> dict[str, Any]:
        """Return a copy of all that steps change, and of the learning rate.

        Returns
        -------
        dict
            ``iterations`` (gradients taken in), ``learning_rate`` (None if a schedule gives it),
            ``numbers`` (floats by name) and ``slots`` (vectors by name).
        """
        source = self._learning_rate
        return {
            "iterations": self.calls,
            "learning_rate": source if type(source) is float else None,
            "numbers": dict(self.numbers),
            "slots": {name: slot.copy() for name, slot in self.slots.items()},
        }

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go back to what ``get_state`` returned.

        Raises
        ------
        ValueError
            If it comes from another kind of optimizer or other parameters.
        """
        slots, numbers, rate = state["slots"], state["numbers"], state["learning_rate"]
        own = self.slots or dict.fromkeys(self._all_slots())
        sizes = {name: slot.shape for name, slot in slots.items()}
        expected = {name: None if slot is None else slot.shape for name, slot in own.items()}
        fit = set(slots) == set(own) and all(expected[n] in (None, sizes[n]) for n in slots)
        fit = fit or (
            not slots and not state["iterations"]
        )  # of an optimizer before its first step
        if not fit or set(numbers) != set(self.numbers):
            raise ValueError(
                f"{self.name}.set_state: state holds {sizes} and {sorted(numbers)}, expected "
                f"{expected} and {sorted(self.numbers)}; use one of the same optimizer on the same "
                "model"
            )
        if (rate is None) != (type(self._learning_rate) is not float):
            kinds = ("a number", "a schedule")
            raise ValueError(
                f"{self.name}.set_state: state has {kinds[rate is None]} as learning rate, "
                f"expected {kinds[rate is not None]}; use one of the same optimizer"
            )
        if rate is not None:
            self.learning_rate = rate
        self.calls = state["iterations"]
        self.numbers = dict(numbers)
        if not self.slots:
            self.slots = {name: _aligned_copy(slot) for name, slot in slots.items()}
        for name, slot in self.slots.items():
            slot[...] = slots[name] if slots else self.slot_start(name)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make such an optimizer, as JSON can hold them.

        Raises
        ------
        TypeError
            If the learning rate is a function, which no file can hold.
        """
        source = self._learning_rate
        rate: object = source
        if isinstance(source, LearningRateSchedule):
            rate = serialize(source)
        elif type(source) is not float:
            raise TypeError(
                f"{self.name}.get_config: learning_rate is the callable {_name_of(source)}, "
                "expected a number or a LearningRateSchedule; write it as a subclass of that"
            )
        names = (*FRAME_ARGUMENTS, *self.own_arguments)
        arguments = {name: getattr(self, name) for name in names}
        return {"name": self.name, "learning_rate": rate, **arguments}

    @classmethod
    def from_config(
        cls, config: Mapping[str, Any], custom_objects: Mapping[str, type] | None = None
    ) -> Optimizer:
        """Return an optimizer with the arguments that ``get_config`` returned.

        Parameters
        ----------
        config : mapping
            Arguments by name.
        custom_objects : mapping, optional
            Classes of schedules of your own by name.

        Raises
        ------
        TypeError, ValueError
            If an argument is unknown or out of range.
        """
        given = dict(config)
        if isinstance(given.get("learning_rate"), Mapping):
            given["learning_rate"] = deserialize(given["learning_rate"], custom_objects)
        return cls(**given)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_parameters": None}


def _name_of(source: object) -> str:
    return getattr(source, "__name__", type(source).__name__)


def _aligned_copy(vector: Array) -> Array:
    copy_ = aligned_zeros(vector.size, vector.dtype)
    copy_[...] = vector
    return copy_

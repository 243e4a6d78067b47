"""Schedules that lower the learning rate by an exponential, a fraction, a power, or in steps."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

from gatedcore.checks import check_bool, check_number
from gatedcore.optimizers.schedules.base import LearningRateSchedule


class _Decay(LearningRateSchedule):
    """What an exponential and a fraction have in common: a count of decays so far."""

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str | None = None,
    ) -> None:
        where = type(self).__name__
        self.initial_learning_rate = check_number(
            where, "initial_learning_rate", initial_learning_rate, 0.0
        )
        self.decay_steps = check_number(where, "decay_steps", decay_steps, 0.0, open_start=True)
        self.decay_rate = check_number(where, "decay_rate", decay_rate, 0.0)
        self.staircase = check_bool(where, "staircase", staircase)
        self.name = name or where

    def _decays(self, step: int) -> float:
        decays = step / self.decay_steps
        return float(math.floor(decays)) if self.staircase else decays

    def get_config(self) -> dict[str, Any]:
        names = ("initial_learning_rate", "decay_steps", "decay_rate", "staircase", "name")
        return {name: getattr(self, name) for name in names}


class ExponentialDecay(_Decay):
    """``initial_learning_rate * decay_rate ** (step / decay_steps)``.

    Parameters
    ----------
    initial_learning_rate : float
        At step 0.
    decay_steps : float
        Above 0; steps that multiply the rate by ``decay_rate``.
    decay_rate : float
        At least 0.
    staircase : bool
        Whether the rate stays constant within ``decay_steps``.
    name : str, optional
        For the configuration; by default the class's.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range.
    """

    def __call__(self, step: int) -> float:
        return float(self.initial_learning_rate * self.decay_rate ** self._decays(step))


class InverseTimeDecay(_Decay):
    """``initial_learning_rate / (1 + decay_rate * step / decay_steps)``.

    Parameters
    ----------
    initial_learning_rate : float
        At step 0.
    decay_steps : float
        Above 0; steps that add ``decay_rate`` to the divisor.
    decay_rate : float
        At least 0.
    staircase : bool
        Whether the rate stays constant within ``decay_steps``.
    name : str, optional
        For the configuration; by default the class's.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range.
    """

    def __call__(self, step: int) -> float:
        return self.initial_learning_rate / (1.0 + self.decay_rate * self._decays(step))


class PolynomialDecay(LearningRateSchedule):
    """From a first rate to a last one as a power of the steps that are left.

    Parameters
    ----------
    initial_learning_rate : float
        At step 0.
    decay_steps : float
        Above 0; steps until the end.
    end_learning_rate : float
        From then on.
    power : float
        At least 0; 1 is a straight line.
    cycle : bool
        Whether to rise again at the end, to where a decay over twice the steps, then three times
        and so on, would be.
    name : str
        For the configuration.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        where = type(self).__name__
        self.initial_learning_rate = check_number(
            where, "initial_learning_rate", initial_learning_rate, 0.0
        )
        self.decay_steps = check_number(where, "decay_steps", decay_steps, 0.0, open_start=True)
        self.end_learning_rate = check_number(where, "end_learning_rate", end_learning_rate, 0.0)
        self.power = check_number(where, "power", power, 0.0)
        self.cycle = check_bool(where, "cycle", cycle)
        self.name = name

    def __call__(self, step: int) -> float:
        total = self.decay_steps
        if self.cycle:
            total *= max(1, math.ceil(step / self.decay_steps))
        left = 1.0 - min(float(step), total) / total
        distance = self.initial_learning_rate - self.end_learning_rate
        return float(distance * left**self.power + self.end_learning_rate)

    def get_config(self) -> dict[str, Any]:
        names = (
            "initial_learning_rate", "decay_steps", "end_learning_rate", "power", "cycle", "name",
        )  # fmt: skip
        return {name: getattr(self, name) for name in names}


class PiecewiseConstantDecay(LearningRateSchedule):
    """``values[k]`` for the steps above ``boundaries[k - 1]``, up to and with ``boundaries[k]``.

    Parameters
    ----------
    boundaries : sequence of numbers
        Steps, rising.
    values : sequence of float
        Rates, one more than boundaries.
    name : str
        For the configuration.

    Raises
    ------
    TypeError, ValueError
        If the boundaries do not rise, or the numbers of both do not fit.
    """

    def __init__(
        self,
        boundaries: Sequence[float],
        values: Sequence[float],
        name: str = "PiecewiseConstant",
    ) -> None:
        where = type(self).__name__
        self.boundaries = [check_number(where, "a boundary", b, -math.inf) for b in boundaries]
        self.values = [check_number(where, "a value", value, 0.0) for value in values]
        if len(self.boundaries) != len(self.values) - 1:
            raise ValueError(
                f"{where}: boundaries has {len(self.boundaries)} numbers, values "
                f"{len(self.values)}, expected one boundary fewer; give one between each two values"
            )
        if any(a >= b for a, b in zip(self.boundaries, self.boundaries[1:], strict=False)):
            raise ValueError(
                f"{where}: boundaries is {self.boundaries}, expected rising steps; sort them"
            )
        self.name = name

    def __call__(self, step: int) -> float:
        return self.values[bisect_left(self.boundaries, step)]

    def get_config(self) -> dict[str, Any]:
        return {"boundaries": self.boundaries, "values": self.values, "name": self.name}

"""Schedules that follow half a wave of the cosine, once or again and again."""

from __future__ import annotations

import math
from typing import Any

from gatedcore.checks import check_count, check_number
from gatedcore.optimizers.schedules.base import LearningRateSchedule


class CosineDecay(LearningRateSchedule):
    """Down by half a cosine wave, after a linear warm-up if asked for.

    Parameters
    ----------
    initial_learning_rate : float
        At step 0.
    decay_steps : float
        Above 0; steps from the top to the end.
    alpha : float
        The last rate as a share of the top.
    name : str
        For the configuration.
    warmup_target : float, optional
        The top, which ``warmup_steps`` lead to from ``initial_learning_rate``; by default that is
        the top.
    warmup_steps : int
        Steps of the warm-up, before ``decay_steps``.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range, or there are steps of a warm-up without a target.

    References
    ----------
    Loshchilov and Hutter (2017); the warm-up: Goyal et al. (2017).
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: int = 0,
    ) -> None:
        where = type(self).__name__
        self.initial_learning_rate = check_number(
            where, "initial_learning_rate", initial_learning_rate, 0.0
        )
        self.decay_steps = check_number(where, "decay_steps", decay_steps, 0.0, open_start=True)
        self.alpha = check_number(where, "alpha", alpha, 0.0)
        self.name = name
        self.warmup_steps = check_count(where, "warmup_steps", warmup_steps, 0)
        if warmup_target is not None:
            warmup_target = check_number(where, "warmup_target", warmup_target, 0.0)
        elif self.warmup_steps:
            raise ValueError(
                f"{where}: warmup_steps is {self.warmup_steps} without a warmup_target, expected "
                "both or none; pass warmup_target, the rate at the end of the warm-up"
            )
        self.warmup_target = warmup_target

    def __call__(self, step: int) -> float:
        first, target = self.initial_learning_rate, self.warmup_target
        if target is not None and step < self.warmup_steps:
            return float((target - first) * (step / self.warmup_steps) + first)
        top = first if target is None else target
        done = min(float(step - self.warmup_steps), self.decay_steps) / self.decay_steps
        return top * ((1.0 - self.alpha) * _half_wave(done) + self.alpha)

    def get_config(self) -> dict[str, Any]:
        names = (
            "initial_learning_rate", "decay_steps", "alpha", "name", "warmup_target",
            "warmup_steps",
        )  # fmt: skip
        return {name: getattr(self, name) for name in names}


class CosineDecayRestarts(LearningRateSchedule):
    """Down by half a cosine wave, again and again.

    Parameters
    ----------
    initial_learning_rate : float
        At step 0.
    first_decay_steps : float
        Above 0; steps of the first period.
    t_mul : float
        At least 1; each period is so many times as long as the one before.
    m_mul : float
        At least 0; what each period's top is multiplied by.
    alpha : float
        The last rate of each period as a share of ``initial_learning_rate``.
    name : str
        For the configuration.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range.

    References
    ----------
    Loshchilov and Hutter (2017).
    """

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: float,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        where = type(self).__name__
        self.initial_learning_rate = check_number(
            where, "initial_learning_rate", initial_learning_rate, 0.0
        )
        self.first_decay_steps = check_number(
            where, "first_decay_steps", first_decay_steps, 0.0, open_start=True
        )
        self.t_mul = check_number(where, "t_mul", t_mul, 1.0)
        self.m_mul = check_number(where, "m_mul", m_mul, 0.0)
        self.alpha = check_number(where, "alpha", alpha, 0.0)
        self.name = name

    def _begin(self, period: int) -> float:
        """Return where a period begins, in first periods."""
        if self.t_mul == 1.0:
            return float(period)
        return float((self.t_mul**period - 1.0) / (self.t_mul - 1.0))

    def __call__(self, step: int) -> float:
        periods = step / self.first_decay_steps
        if self.t_mul == 1.0:
            period = math.floor(periods)
        else:
            period = math.floor(math.log1p(periods * (self.t_mul - 1.0)) / math.log(self.t_mul))
            # The logarithms are rounded, and just at a restart that may count.
            while self._begin(period + 1) <= periods:
                period += 1
            while period > 0 and self._begin(period) > periods:
                period -= 1
        done = (periods - self._begin(period)) / self.t_mul**period
        wave = self.m_mul**period * _half_wave(done)
        return float(self.initial_learning_rate * ((1.0 - self.alpha) * wave + self.alpha))

    def get_config(self) -> dict[str, Any]:
        names = (
            "initial_learning_rate", "first_decay_steps", "t_mul", "m_mul", "alpha", "name",
        )  # fmt: skip
        return {name: getattr(self, name) for name in names}


def _half_wave(done: float) -> float:
    return 0.5 * (1.0 + math.cos(math.pi * done))

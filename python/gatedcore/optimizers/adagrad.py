"""Adagrad: steps scaled by the root of the sum of all squared gradients."""

from __future__ import annotations

from typing import Any

from gatedcore import _core
from gatedcore.arrays import Array
from gatedcore.optimizers.base import Optimizer, RateSource
from gatedcore.optimizers.hyperparameter import Hyperparameter


class Adagrad(Optimizer):
    """Adagrad, with Keras's place for epsilon: under the root.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
        Size of a step.
    initial_accumulator_value : float
        At least 0; what the sums of squared gradients start from.
    epsilon : float
        Above 0; added to the sum of squares.
    **shared
        What all optimizers take: see ``Optimizer``.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range or not supported.

    References
    ----------
    docs/math.md (59i), (59j); Duchi, Hazan and Singer (2011).
    """

    own_arguments = ("initial_accumulator_value", "epsilon")
    initial_accumulator_value = Hyperparameter("What the sums of squares start from.")
    epsilon = Hyperparameter("Added to the sum of squares.", open_start=True)

    def __init__(
        self,
        learning_rate: RateSource = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        **shared: Any,
    ) -> None:
        super().__init__(learning_rate, **shared)
        self.initial_accumulator_value = initial_accumulator_value
        self.epsilon = epsilon

    def slot_names(self) -> tuple[str, ...]:
        return ("squares",)

    def slot_start(self, name: str) -> float:
        return self.initial_accumulator_value if name == "squares" else 0.0

    def update(
        self, parameters: Array, gradients: Array, rate: float, frame: _core.UpdateFrame | None
    ) -> None:
        _core.adagrad_step(parameters, gradients, self.slots["squares"], rate, self.epsilon, frame)

"""Nadam: Adam with Nesterov's momentum."""

from __future__ import annotations

from typing import Any

from gatedcore import _core
from gatedcore.arrays import Array
from gatedcore.optimizers.base import Optimizer, RateSource
from gatedcore.optimizers.hyperparameter import Hyperparameter


class Nadam(Optimizer):
    """Adam with Nesterov's momentum, which grows to ``beta_1`` over some hundred steps.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
        Size of a step.
    beta_1, beta_2 : float
        In [0, 1); decay of the means of gradients and of their squares.
    epsilon : float
        Above 0; added to the root of the second mean.
    **shared
        What all optimizers take: see ``Optimizer``.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range or not supported.

    References
    ----------
    docs/math.md (59k)-(59n); Dozat (2016), with his schedule of momenta.
    """

    own_arguments = ("beta_1", "beta_2", "epsilon")
    beta_1 = Hyperparameter("Decay of the mean of gradients.", 0.0, 1.0)
    beta_2 = Hyperparameter("Decay of the mean of their squares.", 0.0, 1.0)
    epsilon = Hyperparameter("Added to the root of the second mean.", open_start=True)

    def __init__(
        self,
        learning_rate: RateSource = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **shared: Any,
    ) -> None:
        super().__init__(learning_rate, **shared)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.numbers = {"momenta": 1.0}  # the product of the momenta of all updates so far

    def slot_names(self) -> tuple[str, ...]:
        return ("m", "v")

    def _momentum(self, t: int) -> float:
        return self.beta_1 * (1.0 - 0.5 * 0.96**t)  # Dozat's numbers, and Keras's

    def update(
        self, parameters: Array, gradients: Array, rate: float, frame: _core.UpdateFrame | None
    ) -> None:
        slots, t = self.slots, self.iterations + 1
        now, following = self._momentum(t), self._momentum(t + 1)
        momenta = self.numbers["momenta"] * now
        _core.nadam_step(
            parameters, gradients, slots["m"], slots["v"],
            rate * following / (1.0 - momenta * following), rate * (1.0 - now) / (1.0 - momenta),
            1.0 / (1.0 - self.beta_2**t), self.beta_1, self.beta_2, self.epsilon, frame,
        )  # fmt: skip
        self.numbers["momenta"] = momenta

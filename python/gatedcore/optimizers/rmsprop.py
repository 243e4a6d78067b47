"""RMSprop: steps scaled by the root of the mean of squared gradients."""

from __future__ import annotations

import math
from typing import Any

from gatedcore import _core
from gatedcore.arrays import Array
from gatedcore.checks import check_bool
from gatedcore.optimizers.base import Optimizer, RateSource
from gatedcore.optimizers.hyperparameter import Hyperparameter


class RMSprop(Optimizer):
    """RMSprop, with Keras's place for epsilon: under the root.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
        Size of a step.
    rho : float
        In [0, 1); decay of the mean of squared gradients.
    momentum : float
        In [0, 1]; part of the last step that goes on.
    epsilon : float
        Above 0; added to the mean of squares.
    centered : bool
        Whether to divide by the root of the variance of gradients instead of their mean square.
    **shared
        What all optimizers take: see ``Optimizer``.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range or not supported.

    References
    ----------
    docs/math.md (59c)-(59h); Tieleman and Hinton (2012); centered: Graves (2013).
    """

    own_arguments = ("rho", "momentum", "epsilon", "centered")
    rho = Hyperparameter("Decay of the mean of squared gradients.", 0.0, 1.0)
    momentum = Hyperparameter("Part of the last step that goes on.", 0.0, math.nextafter(1.0, 2.0))
    epsilon = Hyperparameter("Added to the mean of squares.", open_start=True)

    def __init__(
        self,
        learning_rate: RateSource = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        **shared: Any,
    ) -> None:
        super().__init__(learning_rate, **shared)
        self.rho = rho
        self.momentum = momentum
        self.epsilon = epsilon
        self._centered = check_bool(type(self).__name__, "centered", centered)

    @property
    def centered(self) -> bool:
        """Whether to divide by the root of the variance."""
        return self._centered

    def slot_names(self) -> tuple[str, ...]:
        used = (("v", True), ("m", self._centered), ("velocity", self.momentum > 0.0))
        return tuple(name for name, is_used in used if is_used)

    def update(
        self, parameters: Array, gradients: Array, rate: float, frame: _core.UpdateFrame | None
    ) -> None:
        slots = self.slots
        velocity = slots.get("velocity")
        if self.momentum and velocity is None:
            velocity = self.slot("velocity", parameters)
        _core.rmsprop_step(
            parameters, gradients, slots["v"], slots.get("m"), velocity,
            rate, self.rho, self.momentum, self.epsilon, frame,
        )  # fmt: skip

"""Gradient descent."""

from __future__ import annotations

import math
from typing import Any

from gatedcore import _core
from gatedcore.arrays import Array
from gatedcore.checks import check_bool
from gatedcore.optimizers.base import Optimizer, RateSource
from gatedcore.optimizers.hyperparameter import Hyperparameter


class SGD(Optimizer):
    """Gradient descent, with momentum if asked for.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
        Size of a step.
    momentum : float
        In [0, 1]; part of the last step that goes on.
    nesterov : bool
        Whether to look ahead by the momentum.
    **shared
        What all optimizers take: see ``Optimizer``.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range or not supported.

    References
    ----------
    docs/math.md (56)-(59); Sutskever et al. (2013); Keras's form of it.
    """

    own_arguments = ("momentum", "nesterov")
    momentum = Hyperparameter("Part of the last step that goes on.", 0.0, math.nextafter(1.0, 2.0))

    def __init__(
        self,
        learning_rate: RateSource = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        **shared: Any,
    ) -> None:
        super().__init__(learning_rate, **shared)
        self.momentum = momentum
        self.nesterov = nesterov

    @property
    def nesterov(self) -> bool:
        """Whether to look ahead by the momentum."""
        return self._nesterov

    @nesterov.setter
    def nesterov(self, value: bool) -> None:
        self._nesterov = check_bool(type(self).__name__, "nesterov", value)

    def slot_names(self) -> tuple[str, ...]:
        return ("velocity",) if self.momentum else ()

    def update(
        self, parameters: Array, gradients: Array, rate: float, frame: _core.UpdateFrame | None
    ) -> None:
        velocity = self.slots.get("velocity")
        if self.momentum and velocity is None:
            velocity = self.slot("velocity", parameters)
        _core.sgd_step(parameters, gradients, velocity, rate, self.momentum, self._nesterov, frame)

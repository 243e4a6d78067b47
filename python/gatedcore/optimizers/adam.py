"""Adam: steps scaled by the means of gradients and of their squares."""

from __future__ import annotations

import math
from typing import Any

from gatedcore import _core
from gatedcore.arrays import Array
from gatedcore.checks import check_bool
from gatedcore.optimizers.base import Optimizer, RateSource
from gatedcore.optimizers.hyperparameter import Hyperparameter


class Adam(Optimizer):
    """Adam, with Keras's place for epsilon.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
        Size of a step.
    beta_1, beta_2 : float
        In [0, 1); decay of the means of gradients and of their squares.
    epsilon : float
        Above 0; added to the root of the second mean.
    amsgrad : bool
        Whether to divide by the root of the largest second mean so far.
    **shared
        What all optimizers take: see ``Optimizer``.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range or not supported.

    References
    ----------
    docs/math.md (52)-(55), (59a), (59b); Kingma and Ba (2015), in the order of their section 2, as
    Keras and TensorFlow compute it; amsgrad: Reddi, Kale and Kumar (2018).

    Examples
    --------
    >>> schedule = gk.optimizers.schedules.CosineDecay(0.01, decay_steps=1000)
    >>> optimizer = gk.Adam(schedule, global_clipnorm=1.0)
    """

    own_arguments = ("beta_1", "beta_2", "epsilon", "amsgrad")
    beta_1 = Hyperparameter("Decay of the mean of gradients.", 0.0, 1.0)
    beta_2 = Hyperparameter("Decay of the mean of their squares.", 0.0, 1.0)
    epsilon = Hyperparameter("Added to the root of the second mean.", open_start=True)

    def __init__(
        self,
        learning_rate: RateSource = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **shared: Any,
    ) -> None:
        super().__init__(learning_rate, **shared)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self._amsgrad = check_bool(type(self).__name__, "amsgrad", amsgrad)

    @property
    def amsgrad(self) -> bool:
        """Whether to divide by the root of the largest second mean so far."""
        return self._amsgrad

    def slot_names(self) -> tuple[str, ...]:
        return ("m", "v", "v_hat") if self._amsgrad else ("m", "v")

    def update(
        self, parameters: Array, gradients: Array, rate: float, frame: _core.UpdateFrame | None
    ) -> None:
        slots, t = self.slots, self.iterations + 1
        rate *= math.sqrt(1.0 - self.beta_2**t) / (1.0 - self.beta_1**t)
        _core.adam_step(
            parameters, gradients, slots["m"], slots["v"], slots.get("v_hat"),
            rate, self.beta_1, self.beta_2, self.epsilon, frame,
        )  # fmt: skip


class AdamW(Adam):
    """Adam with weight decay.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
        Size of a step.
    weight_decay : float
        Before each update parameters lose this share of themselves times the learning rate.
    beta_1, beta_2, epsilon, amsgrad
        As in ``Adam``.
    **shared
        What all optimizers take: see ``Optimizer``.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range or not supported.

    References
    ----------
    docs/math.md (59s); Loshchilov and Hutter (2019).
    """

    def __init__(
        self,
        learning_rate: RateSource = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **shared: Any,
    ) -> None:
        if weight_decay is None:
            raise TypeError(
                "AdamW: weight_decay is None, expected a number in [0, inf); use Adam to go without"
            )
        super().__init__(
            learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay=weight_decay, **shared
        )

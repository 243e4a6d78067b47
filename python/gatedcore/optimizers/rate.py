"""A learning rate as scripts for Keras handle it: a number that can be assigned to."""

from typing import Any, Protocol

import numpy as np


class Rated(Protocol):
    """What has a learning rate."""

    learning_rate: Any


class LearningRate(float):
    """The learning rate of an optimizer as it is now; ``assign`` sets another.

    Copies and files of it are plain floats.
    """

    __slots__ = ("_optimizer",)
    _optimizer: Rated

    @classmethod
    def of(cls, optimizer: Rated, value: float) -> "LearningRate":
        """Return the learning rate of this optimizer."""
        rate = cls(value)
        rate._optimizer = optimizer
        return rate

    def assign(self, value: Any) -> None:
        """Set the optimizer's learning rate.

        Parameters
        ----------
        value : float, LearningRateSchedule or callable
            The new one.

        Raises
        ------
        TypeError, ValueError
            If it is none, or a schedule is in charge.
        """
        self._optimizer.learning_rate = value

    def numpy(self) -> np.float64:
        """Return the number, as a variable of TensorFlow does."""
        return np.float64(self)

    def __reduce__(self) -> tuple[type, tuple[float]]:
        return float, (float(self),)

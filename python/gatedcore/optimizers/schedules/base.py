"""What a learning-rate schedule is, to the library and to users who write one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any


class LearningRateSchedule(ABC):
    """Base of the schedules: ``schedule(step)`` returns the learning rate of a step.

    A schedule of your own defines ``__call__``, and ``get_config`` if it is to be saved.
    """

    @abstractmethod
    def __call__(self, step: int) -> float:
        """Return the learning rate.

        Parameters
        ----------
        step : int
            Gradients that the optimizer has taken in before, 0 at first.
        """

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make such a schedule, as JSON can hold them.

        Raises
        ------
        NotImplementedError
            If the class does not say.
        """
        raise NotImplementedError(
            f"{type(self).__name__}: get_config is missing, expected a method that returns the "
            "arguments as a dict; define it to save the schedule"
        )

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> LearningRateSchedule:
        """Return a schedule with the arguments that ``get_config`` returned."""
        return cls(**config)

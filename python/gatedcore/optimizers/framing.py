"""What stands around the updates of any optimizer: clipping, decay, averages, accumulation."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from gatedcore import _core, keras_arguments
from gatedcore.arrays import Array
from gatedcore.checks import check_bool, check_count
from gatedcore.keras_arguments import reject_unsupported
from gatedcore.optimizers.hyperparameter import ClipLimit, Hyperparameter, WeightDecay
from gatedcore.optimizers.part import Part

FRAME_ARGUMENTS = (
    "weight_decay", "clipnorm", "global_clipnorm", "clipvalue", "use_ema", "ema_momentum",
    "ema_overwrite_frequency", "gradient_accumulation_steps",
)  # fmt: skip


class Framing:
    """The part of an optimizer that says what stands around its updates, in Keras's order.

    The arguments are those of ``Optimizer``, which see.

    References
    ----------
    docs/math.md (59o)-(59t).
    """

    known_arguments: ClassVar[keras_arguments.Neutral] = keras_arguments.OPTIMIZER

    weight_decay = WeightDecay()
    _weight_decay: float | None
    clipnorm = ClipLimit("Largest norm of the gradient of one parameter array.")
    clipvalue = ClipLimit("Largest size of any element of a gradient.")
    global_clipnorm = ClipLimit("Largest norm of all gradients together.")
    ema_momentum = Hyperparameter(
        "What the average keeps of itself at a step.", 0.0, float(np.nextafter(1.0, 2.0))
    )

    def __init__(
        self,
        *,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        gradient_accumulation_steps: int | None = None,
        **keras: object,
    ) -> None:
        where = type(self).__name__
        reject_unsupported(where, keras, self.known_arguments)
        self.weight_decay = weight_decay
        self._clip: tuple[str, float] | None = None
        self.clipnorm, self.clipvalue, self.global_clipnorm = clipnorm, clipvalue, global_clipnorm
        self._use_ema = check_bool(where, "use_ema", use_ema)
        self.ema_momentum = ema_momentum
        self._overwrite = _count(where, "ema_overwrite_frequency", ema_overwrite_frequency, 1)
        self._accumulation = _count(
            where, "gradient_accumulation_steps", gradient_accumulation_steps, 2
        )
        self.calls = 0
        self.slots: dict[str, Array] = {}
        self._ends: tuple[int, ...] = ()

    # What slots depend on is fixed.

    @property
    def use_ema(self) -> bool:
        """Whether a moving average of the parameters is kept."""
        return self._use_ema

    @property
    def ema_overwrite_frequency(self) -> int | None:
        """Steps after which the average replaces the parameters."""
        return self._overwrite

    @property
    def gradient_accumulation_steps(self) -> int | None:
        """Calls of ``step`` that make one update."""
        return self._accumulation

    @property
    def iterations(self) -> int:
        """Updates made so far."""
        return self.calls if self._accumulation is None else self.calls // self._accumulation

    def slots_around(self) -> tuple[str, ...]:
        """Return the names of the vectors that are kept beside the update's own."""
        kept = (("average", self._use_ema), ("accumulated", self._accumulation is not None))
        return tuple(name for name, is_kept in kept if is_kept)

    # One step.

    def only_accumulates(self) -> bool:
        """Return whether the next gradients make no update yet."""
        return self._accumulation is not None and (self.calls + 1) % self._accumulation != 0

    def accumulate(self, parameters: Array, gradients: Array) -> None:
        """Add gradients to those that wait; the average moves as in Keras."""
        np.add(self.slots["accumulated"], gradients, out=self.slots["accumulated"])
        if self._use_ema:
            _core.average_step(parameters, self.slots["average"], self._average_share())

    def frame(self, rate: float) -> _core.UpdateFrame:
        """Return what stands around the next update, at this learning rate."""
        clip, limit = self._clip or ("", 0.0)
        return _core.UpdateFrame(
            accumulated=self.slots.get("accumulated"),
            summed=self._accumulation or 1,
            clip=clip,
            limit=limit,
            ends=self._ends if clip == "clipnorm" else (),
            decay=rate * (self._weight_decay or 0.0),
            average=self.slots.get("average"),
            average_share=self._average_share(),
        )

    def _average_share(self) -> float:
        return 1.0 - self.ema_momentum if self.iterations else 1.0  # the first average is them

    def overwrite(self, parameters: Array) -> None:
        """Replace the parameters by their average, if it is time."""
        if self._use_ema and self._overwrite and (self.iterations + 1) % self._overwrite == 0:
            parameters[...] = self.slots["average"]

    def finalize_variable_values(self, parameters: Array, part: Part | None = None) -> None:
        """Replace the parameters by their moving average, if one is kept; training ends with it.

        With ``part`` those of it alone.
        """
        if self._use_ema and self.calls:
            average = self.slots["average"]
            if part is None:
                parameters[...] = average
            else:
                part.give(parameters, part.take(average))


def _count(where: str, name: str, value: object, least: int) -> int | None:
    return None if value is None else check_count(where, name, value, least)

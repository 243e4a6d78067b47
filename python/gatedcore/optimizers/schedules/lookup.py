"""Schedules as dicts that JSON can hold, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from gatedcore.optimizers.schedules.base import LearningRateSchedule
from gatedcore.optimizers.schedules.cosine import CosineDecay, CosineDecayRestarts
from gatedcore.optimizers.schedules.decays import (
    ExponentialDecay,
    InverseTimeDecay,
    PiecewiseConstantDecay,
    PolynomialDecay,
)
from gatedcore.optimizers.serialization import class_and_config, to_dict

_CLASSES: dict[str, type] = {
    kind.__name__: kind
    for kind in (
        ExponentialDecay,
        InverseTimeDecay,
        PiecewiseConstantDecay,
        PolynomialDecay,
        CosineDecay,
        CosineDecayRestarts,
    )
}


def serialize(learning_rate_schedule: LearningRateSchedule) -> dict[str, Any]:
    """Return a schedule's class and configuration as a dict for JSON."""
    return to_dict(learning_rate_schedule, "gatedcore.optimizers.schedules")


def deserialize(
    config: Mapping[str, Any], custom_objects: Mapping[str, type] | None = None
) -> LearningRateSchedule:
    """Return a schedule from what ``serialize``, or Keras's, returned.

    Parameters
    ----------
    config : mapping
        Has ``class_name`` and ``config``.
    custom_objects : mapping, optional
        Schedules of your own, by name.

    Raises
    ------
    TypeError, ValueError
        If it is no such mapping, or the class or an argument is unknown.
    """
    where = "schedules.deserialize"
    kind, arguments = class_and_config(where, config, _CLASSES, custom_objects)
    return cast(type[LearningRateSchedule], kind).from_config(arguments)

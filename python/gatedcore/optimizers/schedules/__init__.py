"""Learning rates that change from step to step."""

from gatedcore.optimizers.schedules.base import LearningRateSchedule
from gatedcore.optimizers.schedules.cosine import CosineDecay, CosineDecayRestarts
from gatedcore.optimizers.schedules.decays import (
    ExponentialDecay,
    InverseTimeDecay,
    PiecewiseConstantDecay,
    PolynomialDecay,
)
from gatedcore.optimizers.schedules.lookup import deserialize, serialize

__all__ = [
    "CosineDecay",
    "CosineDecayRestarts",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LearningRateSchedule",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "deserialize",
    "serialize",
]

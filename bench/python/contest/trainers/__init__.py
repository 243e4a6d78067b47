"""What every library must offer to run the jobs; each module beside this one is one library."""

import importlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from contest.job_problem import FitJob, StepJob

# The name of each library on the command line and in the JSON, and its module.
MODULES = {
    "gatedcore": "own",
    "keras-tensorflow": "keras_fit",
    "keras-jax": "keras_fit",
    "torch": "pytorch",
    "torch-tanh": "pytorch",
}
# Who does a job differently, so that its losses are its own.
DIFFERENT = {"torch-tanh": "tanh where the others have relu"}

Losses = Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class Steps:
    """A model to take single training steps with.

    ``step`` takes the next batch and returns when the step is done. ``predict`` returns the
    probabilities (batch, 1) of the first batch, without dropout.
    """

    step: Callable[[], object]
    predict: Callable[[], np.ndarray]


class Trainer(Protocol):
    """One library in its own process."""

    def versions(self) -> dict[str, str]:
        """Return the versions that matter."""

    def fit(self, job: FitJob) -> Callable[[int, Callable[[], None]], Losses]:
        """Return a function that trains a new model for so many epochs.

        It calls what it is given at the end of each, and returns ``loss`` and, where there is a
        validation, ``val_loss`` of each. Raise NotOfferedError where there is none.
        """

    def steps(self, job: StepJob) -> Steps:
        """Return a new model; raise NotOfferedError where there is none."""


def load(library: str, threads: int) -> Trainer:
    """Import a library and return its trainer.

    Raises
    ------
    ImportError
        If it is not installed.
    """
    if library.startswith("keras-"):
        os.environ["KERAS_BACKEND"] = library.removeprefix("keras-")
    module = importlib.import_module(f"contest.trainers.{MODULES[library]}")
    made: Trainer = module.trainer(library, threads)
    return made

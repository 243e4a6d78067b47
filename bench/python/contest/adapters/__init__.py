"""What every library must offer to be timed; each module beside this one is one library."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from contest.cases import Case
from contest.problem import Problem

# The name of each library on the command line and in the JSON, and its module.
MODULES = {
    "gatedcore": "own",
    "torch": "pytorch",
    "onnxruntime": "onnx_runtime",
    "jax": "jax_scan",
    "keras": "keras_tf",
    "keras-xla": "keras_tf",
    "onednn": "onednn",
}


class NotOfferedError(Exception):
    """The library has no such computation."""


@dataclass(frozen=True)
class Prepared:
    """A computation, ready to be timed.

    ``run`` is what is timed; it returns only when the results are there. ``results`` computes anew
    and returns arrays in gatedcore's layout: h, and in training d_x, d_kernel, d_recurrent and
    d_bias; empty where there is nothing to compare. ``work`` is the share of steps that count.
    """

    run: Callable[[], object]
    results: Callable[[], dict[str, np.ndarray]]
    work: float = 1.0


class Adapter(Protocol):
    """One library in its own process."""

    def versions(self) -> dict[str, str]:
        """Return the versions that matter."""

    def prepare(self, problem: Problem, variant: str) -> Prepared:
        """Return a computation; raise NotOfferedError where there is none."""


def load(library: str, threads: int) -> Adapter:
    """Import a library and return its adapter.

    Raises
    ------
    ImportError
        If it is not installed.
    """
    module = importlib.import_module(f"contest.adapters.{MODULES[library]}")
    adapter: Adapter = module.adapter(library, threads)
    return adapter


# Who is timed on a row beside gatedcore, where that is not everybody.
FEW = {
    "lengths": ("torch",),
    "odd": ("torch", "onnxruntime", "onednn"),
}


def variants(library: str, case: Case, threads: int) -> list[str]:
    """Return what a library computes for a case: "" is the case itself."""
    if library != "gatedcore":
        return [""]
    if case.option == "lengths":
        return ["", "dense"]
    if case.option in ("two_layers", "bidirectional") or not case.option:
        return ["", "one-thread"] if threads > 1 else [""]
    return ["", "plain"]

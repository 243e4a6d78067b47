"""Figures out of the times of jobs: whole trainings, ratios, targets, and who learned the same."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from contest.figures import OWN
from contest.job_problem import FitJob, Job, StepJob
from contest.targets import Verdict
from contest.trainers import DIFFERENT

EPOCHS = 100  # of the whole training that is spoken of

Result = Mapping[str, Any]
Results = Mapping[str, Result]

# How many times faster than whom; of a step than the fastest of all of them.
FIT_FACTORS = {"keras-tensorflow": 20.0, "keras-jax": 8.0}
STEP_FACTORS = {("keras-tensorflow",): 6.0, ("keras-jax", "torch"): 2.5}
BATCH_OVERHEAD = 50e-6  # seconds


def learned_apart(result: Result, reference: Result) -> float:
    """Return the largest difference between losses of any epoch, relative to that loss."""
    worst = 0.0
    for name, losses in reference["losses"].items():
        off = np.abs(np.divide(result["losses"][name], losses) - 1).max()
        worst = max(worst, float(off) if np.isfinite(off) else np.inf)
    return worst


def predicted_apart(result: Result, reference: Result) -> float:
    """Return the largest difference between predictions, relative to how far steps moved them."""
    ours, theirs = (
        np.array([found["predictions"][key] for key in ("before", "after")])
        for found in (result, reference)
    )
    moved = np.abs(theirs[1] - theirs[0]).max()
    off = np.abs(ours - theirs).max()
    return float(off / moved) if np.isfinite(off) and moved > 0 else np.inf


def whole(result: Result, epochs: int) -> float:
    """Return the seconds of a training of ``EPOCHS``: measured, or first + the rest x median."""
    if epochs == EPOCHS:
        return float(result["total"]["median"])
    return float(result["first"]["median"] + (EPOCHS - 1) * result["later"]["median"])


def spent(job: Job, result: Result, epochs: int) -> float:
    """Return the seconds by which a job is judged: a training, a step, or a batch."""
    if isinstance(job, StepJob):
        return float(result["later"]["median"])
    if job.told:
        return float(result["later"]["median"] / job.batches)
    return whole(result, epochs)


def faster(job: Job, results: Results, library: str, epochs: int) -> float | None:
    """Return how many times faster gatedcore is than another library."""
    if library == OWN or not {OWN, library} <= set(results):
        return None
    own, other = (spent(job, results[name], epochs) for name in (OWN, library))
    return other / own


def verdicts(job: Job, results: Results, epochs: int) -> list[Verdict]:
    """Return every target of a job that its numbers can answer."""
    if OWN not in results:
        return []
    if isinstance(job, FitJob) and job.told:
        reached = spent(job, results[OWN], epochs)
        wanted = f"≤ {BATCH_OVERHEAD * 1e6:.0f} µs a batch"
        return [Verdict(wanted, f"{reached * 1e6:.1f} µs", reached <= BATCH_OVERHEAD)]
    factors = (
        STEP_FACTORS
        if isinstance(job, StepJob)
        else {(name,): factor for name, factor in FIT_FACTORS.items()}
    )
    found = []
    for names, wanted in factors.items():
        ratios = [faster(job, results, name, epochs) for name in names]
        known = [ratio for ratio in ratios if ratio is not None]
        if known:
            least = min(known)
            whom = names[0] if len(names) == 1 else f"the best of {' and '.join(names)}"
            found.append(Verdict(f"≥ {wanted:g}x {whom}", f"{least:.2f}x", least >= wanted))
    return found


def peers_of(results: Results) -> list[str]:
    """Return the other libraries that did the same work."""
    return [name for name in results if name != OWN and name not in DIFFERENT]

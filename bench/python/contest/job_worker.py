"""The process of one library in the jobs: fits and training steps, with their times.

    python -m contest.job_worker LIBRARY THREADS

It is asked as ``worker`` is.
"""

import sys
import time
from typing import Any

import numpy as np

from contest.adapters import NotOfferedError
from contest.job_problem import FitJob, StepJob, from_json
from contest.trainers import Steps, Trainer, load
from contest.worker import serve

SETTLING = 2e-3  # seconds, as worker's: a library's threads may spin for a moment


class JobWorker:
    """What the process does when asked."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self._steps: Steps | None = None

    def versions(self) -> dict[str, Any]:
        """Return the versions that matter, NumPy's among them."""
        versions = {"numpy": np.__version__, "python": sys.version.split()[0]}
        return {"versions": {**versions, **self._trainer.versions()}}

    def fit(self, job: dict[str, Any], epochs: int) -> dict[str, Any]:
        """Train a new model: the seconds of each epoch, the first with all that is done once."""
        asked = from_json(job)
        assert isinstance(asked, FitJob)
        used = Used()
        try:
            run = self._trainer.fit(asked)
        except NotOfferedError as refusal:
            return {"not_offered": str(refusal)}
        ends: list[float] = []
        begin = time.perf_counter()
        losses = run(epochs, lambda: ends.append(time.perf_counter()))
        return {
            "total": time.perf_counter() - begin,
            "seconds": np.diff([begin, *ends]).tolist(),
            "losses": {name: list(map(float, values)) for name, values in losses.items()},
            **used.so_far(),
        }

    def start_steps(self, job: dict[str, Any], checked: int) -> dict[str, Any]:
        """Make a model; tell the first step's time, and predictions before and after some steps."""
        asked = from_json(job)
        assert isinstance(asked, StepJob)
        try:
            self._steps = steps = self._trainer.steps(asked)
        except NotOfferedError as refusal:
            return {"not_offered": str(refusal)}
        before = steps.predict().ravel().tolist()
        begin = time.perf_counter()
        steps.step()
        first = time.perf_counter() - begin
        for _ in range(checked - 1):
            steps.step()
        return {"first": first, "before": before, "after": steps.predict().ravel().tolist()}

    def take_steps(self, count: int) -> dict[str, Any]:
        """Take steps with the model that was made last."""
        steps = self._steps
        assert steps is not None
        used = Used()
        ends = [time.perf_counter()]
        for _ in range(count):
            steps.step()
            ends.append(time.perf_counter())
        return {"seconds": np.diff(ends).tolist(), **used.so_far()}


class Used:
    """What an answer has taken since this was made, of the processors and of the clock."""

    def __init__(self) -> None:
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    def so_far(self) -> dict[str, float]:
        """Return ``cpu`` and ``wall`` in seconds, once the threads of the library are at rest."""
        time.sleep(SETTLING)
        return {
            "cpu": time.process_time() - self._cpu,
            "wall": time.perf_counter() - self._wall,
        }


if __name__ == "__main__":
    serve(lambda library, threads: JobWorker(load(library, threads)))

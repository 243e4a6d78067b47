"""Counts of the calls that gatedcore has served and of those it has passed on, with reasons."""

import threading
from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Stats:
    """What has happened since ``enable``.

    Attributes
    ----------
    backend : str or None
        The backend of Keras whose calls are served; None while that is off.
    served : int
        Calls of layers that gatedcore's kernels compute.
    passed_on : int
        Calls that Keras computes itself.
    reasons : dict of str to int
        Why, and how often.
    forward_runs, backward_runs : int
        How often the kernels have run. Under ``tf.function`` and ``jax.jit`` a call is counted when
        it is traced and runs at every batch; elsewhere each call is one run.
    """

    backend: str | None = None
    served: int = 0
    passed_on: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    forward_runs: int = 0
    backward_runs: int = 0

    def __str__(self) -> str:
        """Return a few lines to print."""
        state = f"on, backend {self.backend}" if self.backend else "off"
        lines = [
            f"gatedcore.keras: {state}",
            f"  served {self.served}, passed on to Keras {self.passed_on}",
            f"  runs of the kernels: {self.forward_runs} forward, {self.backward_runs} backward",
        ]
        lines += [f"  passed on {count}: {reason}" for reason, count in self.reasons.items()]
        return "\n".join(lines)


class Counts:
    """Counters that several threads may raise."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Begin anew."""
        with self._lock:
            self._reasons: Counter[str] = Counter()
            self._served = self._forward = self._backward = 0

    def add_served(self, calls: int = 1) -> None:
        """Count calls that the kernels compute."""
        with self._lock:
            self._served += calls

    def add_passed_on(self, reason: str) -> None:
        """Count a call that Keras computes itself."""
        with self._lock:
            self._reasons[reason] += 1

    def add_forward(self) -> None:
        """Count a run of the forward kernels."""
        with self._lock:
            self._forward += 1

    def add_backward(self) -> None:
        """Count a run of the backward kernels."""
        with self._lock:
            self._backward += 1

    def snapshot(self, backend: str | None) -> Stats:
        """Return the counts as they stand."""
        with self._lock:
            return Stats(
                backend,
                self._served,
                self._reasons.total(),
                dict(self._reasons.most_common()),
                self._forward,
                self._backward,
            )


counts = Counts()

"""A rank that waits too long for the others ends the job, where the engine would wait for ever."""

import threading
import time
from collections.abc import Callable
from types import TracebackType


class Patience:
    """A block that may take only so long: ``with patience: ...``.

    A thread looks at the clock a few times within the time allowed, so a block costs nothing that
    can be measured.

    Parameters
    ----------
    seconds : float
        How long a block may take.
    expired : callable
        Called on the thread, once, if a block takes longer; the block goes on.
    """

    def __init__(self, seconds: float, expired: Callable[[], None]) -> None:
        self._seconds, self._expired = seconds, expired
        self._begun: float | None = None
        threading.Thread(target=self._watch, name="gatedcore patience", daemon=True).start()

    def __enter__(self) -> None:
        self._begun = time.monotonic()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._begun = None

    def _watch(self) -> None:
        while True:
            time.sleep(min(1.0, self._seconds / 8))
            begun = self._begun
            if begun is not None and time.monotonic() - begun > self._seconds:
                self._expired()
                return

"""Forward passes that wait for their backward pass where only arrays travel between the two."""

import threading

from gatedcore.interop.keras.recurrence import Saved

# A compiled graph that runs forward and never backward leaves its passes here. Of those waiting,
# more memory than this is never held: the oldest goes, and its backward pass runs forward again.
# One step of a model of ten layers of 256 units at 32 rows of 500 steps keeps 983 MB.
LIMIT_BYTES = 2**30


class Shelf:
    """Saved passes by number, up to a limit of memory."""

    def __init__(self, limit: int = LIMIT_BYTES) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._next = 0
        self._waiting: dict[int, Saved] = {}
        self._nbytes = 0

    def put(self, saved: Saved) -> int:
        """Keep a pass; return its number."""
        with self._lock:
            # Numbers travel as 32 bits; of one that comes round again the old pass is long gone.
            number, self._next = self._next, (self._next + 1) % 2**31
            self._waiting[number] = saved
            self._nbytes += saved.nbytes
            while self._nbytes > self._limit:
                self._drop(next(iter(self._waiting)))
            return number

    def take(self, number: int) -> Saved | None:
        """Hand out a pass, once; None if it is not here any more."""
        with self._lock:
            return self._drop(number) if number in self._waiting else None

    def clear(self) -> None:
        """Let go of all passes."""
        with self._lock:
            self._waiting.clear()
            self._nbytes = 0

    @property
    def nbytes(self) -> int:
        """Memory of the passes that wait."""
        return self._nbytes

    def _drop(self, number: int) -> Saved:
        saved = self._waiting.pop(number)
        self._nbytes -= saved.nbytes
        return saved


shelf = Shelf()

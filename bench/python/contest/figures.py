"""Figures out of a document: rates, shares of the peak, ratios to the best peer, roofs."""

import bisect
import math
from dataclasses import dataclass, replace
from typing import Any

from contest.cases import GATES, Case
from contest.document import DISTURBED, Document, Row, case_of, key_of

OWN = "gatedcore"


@dataclass(frozen=True)
class Peer:
    """The fastest other library of a row."""

    name: str
    seconds: float


class Table:
    """The rows of a document by case and threads, with what follows from their times."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.rows: dict[tuple[Case, int], Row] = {key_of(row): row for row in document["rows"]}

    def run(self, row: Row) -> dict[str, Any]:
        """Return the facts of the run that a row is from."""
        found: dict[str, Any] = self.document["runs"][row["run"]]
        return found

    def of(self, case: Case, threads: int) -> Row | None:
        """Return the row of a case, if there is one."""
        return self.rows.get((case, threads))

    def peak(self, row: Row) -> float | None:
        """Return the operations per second that the threads of a row can do at most."""
        found: float | None = self.run(row)["ceilings"].get("multiply_add")
        return found

    def share(self, row: Row) -> float | None:
        """Return the share of the peak that gatedcore reaches."""
        peak = self.peak(row)
        return None if peak is None else self.rate(row) / peak

    @staticmethod
    def rate(row: Row) -> float:
        """Return gatedcore's operations per second, those of masked steps not counted."""
        own = row["results"][OWN]
        return case_of(row).operations * float(own["work"]) / float(own["median"])

    def read_rate(self, row: Row, size: int) -> float | None:
        """Return the bytes per second at which one thread reads so many bytes again and again."""
        machine = self.run(row)["machine"]
        curves = [
            run["ceilings"]["read"]
            for run in self.document["runs"]
            if run["machine"] == machine and run["ceilings"].get("read")
        ]
        return interpolated({int(k): v for k, v in curves[-1].items()}, size) if curves else None

    def roof(self, row: Row) -> float | None:
        """Return the seconds that a single sequence takes at least on one thread.

        The input's product is bound by the peak. Each time step reads all recurrent weights, at the
        rate of the cache that holds them, and multiplies them.
        """
        case = case_of(row)
        peak, reading = self.peak(row), self.read_rate(row, case.recurrent_bytes)
        if peak is None or reading is None:
            return None
        step = max(case.recurrent_bytes / reading, 2 * case.B * GATES[case.cell] * case.H**2 / peak)
        ahead = 2 * case.T * case.B * case.I * GATES[case.cell] * case.H / peak
        return ahead + case.T * step

    def like_lstm(self, row: Row) -> Row | None:
        """Return the LSTM's row of the same shape."""
        return self.of(replace(case_of(row), cell="lstm"), row["threads"])


def seconds(row: Row, name: str) -> float:
    """Return a contestant's median time."""
    return float(row["results"][name]["median"])


def seconds_per_work(row: Row, name: str) -> float:
    """Return the time for a whole batch's worth of valid steps."""
    return seconds(row, name) / float(row["results"][name]["work"])


def peers(row: Row) -> list[Peer]:
    """Return the other libraries of a row, the fastest first."""
    found = [
        Peer(name, float(result["median"]))
        for name, result in row["results"].items()
        if name != OWN and "/" not in name
    ]
    return sorted(found, key=lambda peer: peer.seconds)


def faster_than_best_peer(row: Row) -> float | None:
    """Return how many times faster gatedcore is than the fastest other library."""
    others = peers(row)
    return others[0].seconds / seconds(row, OWN) if others else None


def mark(result: dict[str, Any]) -> str:
    """Return the sign of a time during which somebody else used the processors."""
    return "~" if result["disturbed"] > DISTURBED else ""


def interpolated(curve: dict[int, float], size: int) -> float:
    """Return the value at a size, on straight lines over the logarithm of the sizes."""
    sizes = sorted(curve)
    if size <= sizes[0]:
        return curve[sizes[0]]
    if size >= sizes[-1]:
        return curve[sizes[-1]]
    above = bisect.bisect_left(sizes, size)
    low, high = sizes[above - 1], sizes[above]
    part = (math.log(size) - math.log(low)) / (math.log(high) - math.log(low))
    return curve[low] + part * (curve[high] - curve[low])

"""Times, factors and cases in words, and tables of them in Markdown."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from contest.cases import SHORTEST, Case
from contest.document import Row
from contest.figures import mark

OPTION_NAMES = {
    "mask": "mask, a tenth of the steps left out anywhere",
    "recurrent_dropout": "recurrent_dropout=0.2",
    "denormal": "states that are denormal numbers",
    "relu": 'activation="relu"',
    "reset_before": "reset_after=False",
    "two_layers": "two layers",
    "bidirectional": "bidirectional",
}


def time_text(seconds_: float) -> str:
    """Return a time with three digits and its unit."""
    for unit, scale in (("s", 1.0), ("ms", 1e3), ("µs", 1e6)):
        if seconds_ * scale >= 1:
            digits = max(0, 2 - len(str(int(seconds_ * scale))) + 1)
            return f"{seconds_ * scale:.{digits}f} {unit}"
    return f"{seconds_ * 1e9:.0f} ns"


def ratio_text(ratio: float | None) -> str:
    """Return a factor, bold where gatedcore is the slower one."""
    if ratio is None:
        return ""
    return f"{ratio:.2f}x" if ratio >= 1 else f"**{ratio:.2f}x**"


def result_text(row: Row, name: str) -> str:
    """Return a contestant's median and its quartiles."""
    result = row["results"].get(name)
    if result is None:
        return ""
    sign = mark(result)
    low, high = (time_text(result[key]) for key in ("q1", "q3"))
    return f"{time_text(result['median'])}{sign} ({low} to {high})"


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return a table, the first column to the left, numbers to the right."""
    lines = [f"| {' | '.join(head)} |", "|---|" + "--:|" * (len(head) - 1)]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows), ""]


def shape_text(case: Case) -> str:
    """Return the sizes of a case as its row is called."""
    text = f"T{case.T} B{case.B} I{case.I} H{case.H}"
    if case.option == "lengths":
        return f"{text}, lengths uniform in {min(SHORTEST, case.T)}..{case.T}"
    return f"{text}, {OPTION_NAMES[case.option]}" if case.option else text


def size_text(size: int) -> str:
    """Return bytes in powers of 1024."""
    return f"{size >> 20} MiB" if size >= 1 << 20 else f"{size >> 10} KiB"


def threads_text(threads: int) -> str:
    """Return "1 thread" or "2 threads"."""
    return f"{threads} thread" + ("s" if threads > 1 else "")


def machine_text(machine: Mapping[str, Any]) -> str:
    """Return what ``machine.describe`` found, in one line."""
    return (
        f"{machine['processor']}, {machine['processors']} processors, "
        f"{', '.join(machine['caches'])}, {machine['memory'] / 2**30:.0f} GiB of memory, "
        f"{machine['system']}"
    )

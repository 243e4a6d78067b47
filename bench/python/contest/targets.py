"""What gatedcore is to reach on each row, and whether it does."""

from dataclasses import dataclass

from contest.cases import Case
from contest.document import Row, case_of
from contest.figures import (
    OWN,
    Table,
    faster_than_best_peer,
    peers,
    seconds,
    seconds_per_work,
)

# By T, B, I, H, one thread: share of the peak and factor over the best peer, forward and in
# training; None where no such number is set.
DENSE: dict[tuple[int, ...], tuple[float | None, float, float | None, float]] = {
    (100, 32, 1, 50): (0.55, 2.0, 0.50, 1.9),
    (10, 32, 1, 50): (None, 1.9, None, 1.7),
    (100, 32, 64, 64): (0.80, 1.45, 0.70, 1.55),
    (100, 32, 128, 128): (0.84, 1.35, 0.77, 1.35),
    (100, 32, 256, 256): (0.88, 1.22, 0.82, 1.1),
    (100, 64, 512, 512): (0.88, 1.2, 0.85, 1.15),
    (50, 64, 1024, 1024): (0.88, 1.3, 0.85, 1.2),
    (1000, 8, 128, 128): (0.76, 1.25, 0.68, 1.7),
    (100, 1, 64, 64): (None, 1.5, None, 1.8),
    (100, 1, 256, 256): (None, 1.3, None, 1.4),
    (100, 1, 512, 512): (None, 1.25, None, 1.4),
}
OVER_ROOF = 1.2  # of a single sequence
GRU_RATE = 0.9  # of the LSTM's, per operation
PACKED_FACTOR = 10.0  # over PyTorch's PackedSequence in training
VALID_SPEED = 0.9  # of the dense speed, per valid step
STEP_OVERHEAD, STEP_READING = 1.5e-6, 1.25  # seconds of a call, times the time to read the weights
# Nanoseconds of a step within a block, by hidden units, at about 3.2 GHz: below what the best
# compile-time audio library takes.
BLOCK_NS = {"lstm": {16: 90, 32: 170, 64: 850}, "gru": {16: 75, 32: 130, 64: 650}}
OPTION_COST, DENORMAL_COST = 1.10, 1.05  # over the plain call
TWO_THREADS_SINGLE = 1.15e-3  # seconds, T100 B1 I=H=256 forward


@dataclass(frozen=True)
class Verdict:
    """One target of one row: the number reached beside the number wanted, both as text."""

    wanted: str
    reached: str
    met: bool

    def __str__(self) -> str:
        return f"{self.wanted}: {self.reached}, {'met' if self.met else '**missed**'}"


def verdicts(table: Table, row: Row) -> list[Verdict]:
    """Return every target of a row that its numbers can answer."""
    case = case_of(row)
    if row["threads"] > 1:
        found = _more_threads(row)
    elif case.kind == "step":
        found = _step(table, row)
    elif case.option == "lengths":
        found = _lengths(row)
    elif case.option:
        found = [_option(row)]
    else:
        found = _dense(table, row)
    return [verdict for verdict in found if verdict is not None]


def _at_least(value: float | None, limit: float, form: str, what: str) -> Verdict | None:
    if value is None:
        return None
    wanted, reached = (_text(number, form) for number in (limit, value))
    return Verdict(f"≥ {wanted}{what}", reached, value >= limit)


def _at_most(value: float | None, limit: float | None, form: str, what: str) -> Verdict | None:
    if value is None or limit is None:
        return None
    wanted, reached = (_text(number, form) for number in (limit, value))
    return Verdict(f"≤ {wanted}{what}", reached, value <= limit)


def _text(number: float, form: str) -> str:
    if form == "%":
        return f"{number * 100:.0f} %"
    if form == "x":
        return f"{number:.2f}x"
    scale = {"ms": 1e3, "µs": 1e6, "ns": 1e9}[form]
    return f"{number * scale:.3g} {form}"


def _dense(table: Table, row: Row) -> list[Verdict | None]:
    case = case_of(row)
    shape = (case.T, case.B, case.I, case.H)
    if shape not in DENSE:
        return []
    training = case.kind == "train"
    share, factor = DENSE[shape][2:] if training else DENSE[shape][:2]
    found = []
    if case.cell == "lstm" and share is not None:
        found.append(_at_least(table.share(row), share, "%", " of peak"))
    if case.B == 1 and not training:
        roof = table.roof(row)
        over = None if roof is None else seconds(row, OWN) / roof
        found.append(_at_most(over, OVER_ROOF, "x", " the roof"))
    found.append(_at_least(faster_than_best_peer(row), factor, "x", " best peer"))
    if case.cell == "gru":
        found += _gru(table, row, training)
    return found


def _gru(table: Table, row: Row, training: bool) -> list[Verdict | None]:
    lstm, H = table.like_lstm(row), case_of(row).H
    rate = None if lstm is None else table.rate(row) / table.rate(lstm)
    found = [_at_least(rate, GRU_RATE, "%", " of LSTM per flop")]
    if training:
        over_torch = 4.0 if H <= 64 else 2.5 if H <= 128 else 1.5
        found.append(_at_least(_over(row, "torch"), over_torch, "x", " PyTorch"))
    return found


def _lengths(row: Row) -> list[Verdict | None]:
    found: list[Verdict | None] = []
    if f"{OWN}/dense" in row["results"]:
        speed = seconds_per_work(row, f"{OWN}/dense") / seconds_per_work(row, OWN)
        found.append(_at_least(speed, VALID_SPEED, "%", " of dense speed"))
    if case_of(row).kind == "train":
        found.append(_at_least(_over(row, "torch"), PACKED_FACTOR, "x", " PackedSequence"))
    return found


def _option(row: Row) -> Verdict | None:
    if f"{OWN}/plain" not in row["results"]:
        return None
    cost = seconds_per_work(row, OWN) / seconds_per_work(row, f"{OWN}/plain")
    limit = DENORMAL_COST if case_of(row).option == "denormal" else OPTION_COST
    return _at_most(cost, limit, "x", " plain call")


def _step(table: Table, row: Row) -> list[Verdict | None]:
    case = case_of(row)
    if case.T > 1:
        nanoseconds = BLOCK_NS[case.cell].get(case.H) if case.I == case.B == 1 else None
        wanted = None if nanoseconds is None else nanoseconds * 1e-9
        return [_at_most(seconds(row, OWN) / case.T, wanted, "ns", " a step")]
    weights = case.recurrent_bytes * (case.I + case.H) // case.H
    reading = table.read_rate(row, weights)
    limit = None if reading is None else STEP_OVERHEAD + STEP_READING * weights / reading
    factor = 5.0 if case.H <= 64 else 1.5
    return [
        _at_most(seconds(row, OWN), limit, "µs", ""),
        _at_least(faster_than_best_peer(row), factor, "x", " best peer"),
    ]


def _more_threads(row: Row) -> list[Verdict | None]:
    case = case_of(row)
    found = []
    if case.B == 1 and case.H == 256 and case.kind == "infer":
        found.append(_at_most(seconds(row, OWN), TWO_THREADS_SINGLE, "ms", ""))
        found.append(_at_least(faster_than_best_peer(row), 1.6, "x", " best peer"))
        return found
    wanted = _scaling(case)
    alone = f"{OWN}/one-thread"
    if wanted is None or alone not in row["results"] or row["threads"] != 2:
        return []
    faster = seconds(row, alone) / seconds(row, OWN)
    return [_at_least(faster, wanted, "x", " one thread")]


def _scaling(case: Case) -> float | None:
    """Return how many times faster two threads are to be than one."""
    if case.option in ("two_layers", "bidirectional"):
        return 1.6
    if case.B >= 8 and case.H >= 64:
        return 1.85
    if (case.T, case.B, case.I, case.H) == (100, 32, 1, 50):
        return 1.7
    return {256: 1.5, 512: 1.6}.get(case.H) if case.B == 1 else None


def _over(row: Row, name: str) -> float | None:
    found = [peer.seconds for peer in peers(row) if peer.name == name]
    return found[0] / seconds(row, OWN) if found else None

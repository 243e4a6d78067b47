"""What is timed: the rows of the performance table."""

import re
from dataclasses import dataclass

GATES = {"lstm": 4, "gru": 3}
KINDS = ("infer", "train", "step")

# What a row may have beside its shape, with the kinds in which it makes sense.
OPTIONS = {
    "lengths": ("infer", "train"),
    "mask": ("infer", "train"),
    "recurrent_dropout": ("train",),
    "denormal": ("infer", "train"),
    "relu": ("infer", "train"),
    "reset_before": ("infer", "train"),
    "two_layers": ("infer", "train"),
    "bidirectional": ("infer", "train"),
}
SHORTEST = 50  # of the sequences of a batch of different lengths; the longest has T steps


class CaseError(ValueError):
    """What was typed names no case."""


@dataclass(frozen=True)
class Case:
    """One row: a layer of one shape, forward, forward and backward, or step by step.

    ``kind`` is "infer", "train" (gradients of input, weights and biases too) or "step" (batch 1,
    states carried; one time step a call, or a block of T).
    """

    kind: str
    cell: str
    T: int
    B: int
    I: int  # noqa: E741  # the letter of the equations
    H: int
    option: str = ""

    @property
    def shape(self) -> str:
        """``lstm:100x32x64x64``, with its option behind a plus."""
        plain = f"{self.cell}:{self.T}x{self.B}x{self.I}x{self.H}"
        return f"{plain}+{self.option}" if self.option else plain

    @property
    def name(self) -> str:
        """``infer lstm:100x32x64x64``."""
        return f"{self.kind} {self.shape}"

    @property
    def operations(self) -> float:
        """Floating-point operations of a call; those of the gates themselves are not counted."""
        forward = 2.0 * self.T * self.B * (self.I + self.H) * GATES[self.cell] * self.H
        if self.option == "two_layers":
            forward += 2.0 * self.T * self.B * 2 * self.H * GATES[self.cell] * self.H
        if self.option == "bidirectional":
            forward *= 2
        return forward * (3 if self.kind == "train" else 1)

    @property
    def recurrent_bytes(self) -> int:
        """Bytes of the float32 weights that every time step reads."""
        return 4 * GATES[self.cell] * self.H * self.H


DENSE = (
    (100, 32, 1, 50),
    (10, 32, 1, 50),
    (100, 32, 64, 64),
    (100, 32, 128, 128),
    (100, 32, 256, 256),
    (100, 64, 512, 512),
    (50, 64, 1024, 1024),
    (1000, 8, 128, 128),
    (100, 1, 64, 64),
    (100, 1, 256, 256),
    (100, 1, 512, 512),
)
# Sizes that are no multiple of a vector: what holds at 64 must hold beside it.
ODD = tuple((100, 32, units, units) for units in (65, 100, 127, 200, 333))
STEPS = tuple((1, 1, units, units) for units in (16, 64, 128, 256))
BLOCKS = tuple((480, 1, 1, units) for units in (16, 32, 64))


Shape = tuple[int, int, int, int]  # T, B, I, H


def _of(kinds: tuple[str, ...], shapes: tuple[Shape, ...], option: str = "") -> list[Case]:
    return [
        Case(kind, cell, *shape, option)
        for kind in kinds
        if not option or kind in OPTIONS[option]
        for cell in GATES
        if option != "reset_before" or cell == "gru"
        for shape in shapes
    ]


def groups() -> dict[str, list[Case]]:
    """Return every row of the table, by the name of its group."""
    both = ("infer", "train")
    side_by_side = ("mask", "recurrent_dropout", "denormal", "relu", "reset_before")
    options = [_of(both, ((100, 32, 128, 128),), option) for option in side_by_side]
    several = [_of(both, ((100, 1, 128, 128),), o) for o in ("two_layers", "bidirectional")]
    return {
        "dense": _of(both, DENSE),
        "odd": _of(both, ODD),
        "lengths": _of(both, ((500, 32, 128, 128),), "lengths"),
        "steps": _of(("step",), STEPS),
        "blocks": _of(("step",), BLOCKS),
        "options": [case for cases in options for case in cases],
        "layers": [case for cases in several for case in cases],
    }


def parse_shape(text: str) -> list[Case]:
    """Return the cases of a shape such as ``lstm:100x32x64x64`` or ``gru:100x32x64x64+relu``.

    Without an option and with B = 1 it is run step by step as well.

    Raises
    ------
    CaseError
        If the text is no shape.
    """
    found = re.fullmatch(r"(\w+):(\d+)x(\d+)x(\d+)x(\d+)(?:\+(\w+))?", text)
    if found is None:
        raise CaseError(
            f"case {text!r} is no group and no shape, expected one of {', '.join(groups())}, or "
            "CELL:TxBxIxH, with +OPTION behind it or not; try lstm:100x32x64x64"
        )
    cell, option = found[1], found[6] or ""
    T, B, I, H = (int(found[k]) for k in range(2, 6))  # noqa: E741  # the equations' letters
    if cell not in GATES:
        raise CaseError(f"case {text!r} has the cell {cell!r}, expected one of {', '.join(GATES)}")
    if min(T, B, I, H) < 1:
        raise CaseError(f"case {text!r} has a size of 0, expected sizes of at least 1")
    if option and option not in OPTIONS:
        raise CaseError(
            f"case {text!r} has the option {option!r}, expected one of {', '.join(OPTIONS)}"
        )
    if option == "reset_before" and cell != "gru":
        raise CaseError(f"case {text!r}: only a GRU resets before or after; use gru")
    kinds = OPTIONS[option] if option else ("infer", "train", *(("step",) if B == 1 else ()))
    return [Case(kind, cell, T, B, I, H, option) for kind in kinds]


def parse_kinds(text: str) -> tuple[str, ...]:
    """Return the kinds of a list with commas.

    Raises
    ------
    CaseError
        If one is unknown.
    """
    kinds = tuple(text.split(","))
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown:
        raise CaseError(f"kind {unknown[0]!r} is unknown, expected some of {','.join(KINDS)}")
    return kinds


def select(names: str, kinds: tuple[str, ...]) -> list[Case]:
    """Return the cases of groups and shapes in a list with commas, each once.

    Raises
    ------
    CaseError
        If a name is neither.
    """
    known = groups()
    chosen: dict[Case, None] = {}
    for name in names.split(","):
        if name == "all":
            cases = [case for group in known.values() for case in group]
        else:
            cases = known[name] if name in known else parse_shape(name)
        chosen.update(dict.fromkeys(case for case in cases if case.kind in kinds))
    return list(chosen)


def has_threads(case: Case, threads: int) -> bool:
    """Return whether the table has this case with so many threads."""
    if threads == 1:
        return case.option not in ("two_layers", "bidirectional")
    odd = (case.T, case.B, case.I, case.H) in ODD
    return case.kind != "step" and not odd and case.option in ("", "two_layers", "bidirectional")

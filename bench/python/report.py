"""Writes docs/performance.md from what ``peers.py`` measured: every row, the losing ones included.

    python bench/python/report.py peers.json [more.json ...] [--out docs/performance.md]

Where several files have a row, that of the last counts. ``plot.py`` draws the pictures it shows.
"""

import argparse
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from contest import document as documents
from contest.adapters import MODULES
from contest.cases import GATES, groups
from contest.document import Row, case_of
from contest.figures import OWN, Table, faster_than_best_peer, mark, peers, seconds
from contest.targets import verdicts
from contest.text import (
    machine_text,
    markdown,
    ratio_text,
    result_text,
    shape_text,
    size_text,
    threads_text,
    time_text,
)

WAYS = {
    OWN: "the functions of gk.ops, for single steps a stream",
    "jax": "a hand-written scan under jit",
    "keras": "Keras on TensorFlow under tf.function",
    "keras-xla": "the same with jit_compile=True",
    "onednn": "oneDNN's RNN primitives, called directly",
}
ROOT = Path(__file__).resolve().parents[2]
PICTURES = {
    "img/performance_ratios.png": "Bars: how many times faster than the fastest other library, "
    "row by row",
    "img/performance_roofline.png": "Roofline: operations per second over operations per byte of "
    "weights, below what peak and bandwidth allow",
}


def report(table: Table) -> str:
    """Return the whole page."""
    rows = in_order(table)
    sections = [
        head(table),
        how(table),
        overview(table, rows),
        ceilings(table),
        *(dense(table, rows, threads) for threads in numbers_of_threads(rows)),
        lengths(table, rows),
        options(table, rows),
        layers(table, rows),
        scaling(table, rows),
        steps(table, rows),
        blocks(table, rows),
        left_out(table),
    ]
    return "\n".join(line for section in sections for line in section).rstrip() + "\n"


def in_order(table: Table) -> list[Row]:
    """Return all rows, those of the groups in their order, then whatever else was asked for."""
    order = {case: k for k, case in enumerate(c for group in groups().values() for c in group)}
    rows = list(table.rows.values())
    return sorted(rows, key=lambda row: order.get(case_of(row), len(order)))


def numbers_of_threads(rows: list[Row]) -> list[int]:
    """Return the numbers of threads that rows have."""
    return sorted({row["threads"] for row in rows})


def head(table: Table) -> list[str]:
    """Return title, machine and versions."""
    runs = [table.document["runs"][k] for k in sorted({r["run"] for r in table.rows.values()})]
    machines = {run["machine"]["processor"]: run["machine"] for run in runs}
    versions: dict[str, str] = {}
    for run in runs:
        versions.update(run["versions"])
    isa, compiler = versions.pop("isa", "?"), versions.pop("compiler", "?")
    dates = sorted(run["date"][:10] for run in runs)
    when = dates[0] if dates[0] == dates[-1] else f"{dates[0]} to {dates[-1]}"
    lines = [
        "# Performance",
        "",
        "<!-- Written by bench/python/report.py from what bench/python/peers.py measured. -->",
        "",
    ]
    lines += [f"- **Machine**: {machine_text(machine)}." for machine in machines.values()]
    named = ", ".join(f"{name} {version}" for name, version in versions.items())
    lines.append(f"- **Versions**: {named}; gatedcore's kernels are {isa}, built by {compiler}.")
    lines.append(f"- **Measured** {when}.")
    return [*lines, ""]


def how(table: Table) -> list[str]:
    """Return how the numbers came about."""
    return [
        "## How it was measured",
        "",
        "Each library runs in a process of its own, pinned to the same processors, with as many "
        "threads as processors, in float32. The processes take turns in bursts of some 20 ms; a "
        "sample is the mean of one burst, a time the median of the samples with its quartiles in "
        "brackets. Before a row is timed, hidden states and gradients of all libraries are "
        f"compared; the largest difference was {worst_error(table):.0e} of the largest element.",
        "",
        "- *Inference* gives the hidden states of all steps. *Training* is forward and backward, "
        "given a gradient for every hidden state, with the gradients of input, weights and biases.",
        "- Operations are 2 T B (I + H) G H forward (G = 4 for an LSTM, 3 for a GRU) and three "
        "times that in training. *Of peak* is their rate over the multiply-add peak of as many "
        "cores, measured in the same run.",
        "- All libraries get arrays of their own kind, in the layout they like best. Weights are "
        "packed once before inference where the library can; gatedcore packs them at every call. "
        "In training they change at every step, so packing them counts.",
        f"- {', '.join(f'*{name}* is {what}' for name, what in ways_of(table))}.",
        f"- `~` marks times during which other programs took more than "
        f"{documents.DISTURBED:.0%} of a processor. **Bold** factors are below 1: there, "
        "gatedcore is the slower one.",
        "",
        "```sh",
        *commands(table),
        "python bench/python/report.py peers.json && python bench/python/plot.py peers.json",
        "```",
        "",
    ]


def ways_of(table: Table) -> list[tuple[str, str]]:
    """Return the libraries that were called in a way worth a word, and that way."""
    timed = {name for row in table.rows.values() for name in row["results"]}
    return [(name, way) for name, way in WAYS.items() if name in timed or name == OWN]


def commands(table: Table) -> list[str]:
    """Return what was called, as lines to paste."""
    runs = (table.document["runs"][k] for k in sorted({r["run"] for r in table.rows.values()}))
    given = ([Path(text).name for text in run["arguments"]] for run in runs)  # no folders of here
    lines = (shlex.join(["python", "bench/python/peers.py", *arguments]) for arguments in given)
    return list(dict.fromkeys(lines))


def worst_error(table: Table) -> float:
    """Return the largest difference between libraries of any row."""
    errors = [
        result["error"]
        for row in table.rows.values()
        for result in row["results"].values()
        if "error" in result
    ]
    return max(errors, default=0.0)


def overview(table: Table, rows: list[Row]) -> list[str]:
    """Return wins, losses and targets in numbers, and the pictures."""
    lines = ["## Overview", ""]
    for kind, what in (("infer", "Inference"), ("train", "Training"), ("step", "Single steps")):
        ratios = [
            ratio
            for row in rows
            if case_of(row).kind == kind and (ratio := faster_than_best_peer(row)) is not None
        ]
        if ratios:
            won = sum(ratio >= 1 for ratio in ratios)
            middle = sorted(ratios)[len(ratios) // 2]
            lines.append(
                f"- {what}: faster than every other library on {won} of {len(ratios)} rows; "
                f"{min(ratios):.2f} to {max(ratios):.2f} times as fast as the best of them, "
                f"median {middle:.2f}."
            )
    judged = [verdict for row in rows for verdict in verdicts(table, row)]
    met = sum(verdict.met for verdict in judged)
    lines += [f"- Targets: {met} of {len(judged)} met; each stands beside its row.", ""]
    return lines + [
        line
        for path, text in PICTURES.items()
        if (ROOT / "docs" / path).exists()
        for line in (f"![{text}]({path})", "")
    ]


def ceilings(table: Table) -> list[str]:
    """Return peak and bandwidths."""
    by_threads = {
        run["threads"]: run["ceilings"]["multiply_add"]
        for run in table.document["runs"]
        if "multiply_add" in run["ceilings"]
    }
    curves = [r["ceilings"]["read"] for r in table.document["runs"] if r["ceilings"].get("read")]
    lines = ["## Ceilings of the machine", ""]
    peaks = [[f"{n}", f"{peak / 1e9:.1f}"] for n, peak in sorted(by_threads.items())]
    lines += markdown(["threads", "multiply-add peak, GFLOP/s"], peaks)
    if curves:
        sizes = sorted(map(int, curves[-1]))
        lines += markdown(
            ["one thread reads again and again", *map(size_text, sizes)],
            [["GB/s", *(f"{curves[-1][str(size)] / 1e9:.0f}" for size in sizes)]],
        )
    return lines


def dense(table: Table, rows: list[Row], threads: int) -> list[str]:
    """Return the tables of whole sequences."""
    lines = []
    for kind, what in (("infer", "Inference"), ("train", "Training")):
        for cell in GATES:
            found = [row for row in rows if _is(row, kind, cell, threads) and not _option(row)]
            if found:
                lines += [f"## {what}, {cell.upper()}, {threads_text(threads)}", ""]
                lines += contest_table(table, found)
    return lines


def contest_table(table: Table, rows: list[Row]) -> list[str]:
    """Return gatedcore beside every library that any of the rows has."""
    present = {peer.name for row in rows for peer in peers(row)}
    libraries = [library for library in MODULES if library in present]
    head_ = ["case", OWN, "GFLOP/s", "of peak", "over best peer", "targets", *libraries]
    return markdown(head_, [contest_row(table, row, libraries) for row in rows])


def contest_row(table: Table, row: Row, libraries: list[str]) -> list[str]:
    """Return the cells of one row; the fastest library's time is in italics."""
    share = table.share(row)
    best = peers(row)[0].name if peers(row) else ""
    cells = [
        shape_text(case_of(row)),
        result_text(row, OWN),
        f"{table.rate(row) / 1e9:.1f}",
        "" if share is None else f"{share:.0%}",
        ratio_text(faster_than_best_peer(row)),
        targets_text(table, row),
    ]
    for library in libraries:
        result = row["results"].get(library)
        text = "" if result is None else f"{time_text(result['median'])}{mark(result)}"
        cells.append(f"*{text}*" if library == best else text)
    return cells


def targets_text(table: Table, row: Row) -> str:
    """Return every target of a row with what was reached."""
    return "; ".join(map(str, verdicts(table, row)))


def lengths(table: Table, rows: list[Row]) -> list[str]:
    """Return batches of different lengths beside dense ones and PyTorch's PackedSequence."""
    found = [row for row in rows if case_of(row).option == "lengths"]
    cells = [
        [
            f"{case_of(row).kind} {case_of(row).cell.upper()} {shape_text(case_of(row))}",
            result_text(row, OWN),
            result_text(row, f"{OWN}/dense"),
            result_text(row, "torch"),
            targets_text(table, row),
        ]
        for row in found
    ]
    names = ["case", OWN, "as many full sequences of the mean length", "PackedSequence", "targets"]
    return _section("Sequences of different lengths", names, cells)


def options(table: Table, rows: list[Row]) -> list[str]:
    """Return options beside the plain call."""
    found = [row for row in rows if f"{OWN}/plain" in row["results"]]
    cells = [
        [
            f"{case_of(row).kind} {case_of(row).cell.upper()} {shape_text(case_of(row))}",
            result_text(row, OWN),
            result_text(row, f"{OWN}/plain"),
            targets_text(table, row),
        ]
        for row in found
    ]
    return _section("Options beside the plain call", ["case", OWN, "plain", "targets"], cells)


def layers(table: Table, rows: list[Row]) -> list[str]:
    """Return more than one layer, where rows have no table of their own yet."""
    found = [row for row in rows if case_of(row).option in ("two_layers", "bidirectional")]
    cells = [
        [
            f"{case_of(row).kind} {case_of(row).cell.upper()} {shape_text(case_of(row))}",
            threads_text(row["threads"]),
            result_text(row, OWN),
        ]
        for row in found
    ]
    return _section("Several layers", ["case", "threads", OWN], cells)


def scaling(table: Table, rows: list[Row]) -> list[str]:
    """Return several threads beside one, both from the same process in turns."""
    alone = f"{OWN}/one-thread"
    cells = [
        [
            f"{case_of(row).kind} {case_of(row).cell.upper()} {shape_text(case_of(row))}",
            f"{row['threads']}",
            result_text(row, OWN),
            result_text(row, alone),
            ratio_text(seconds(row, alone) / seconds(row, OWN)),
        ]
        for row in rows
        if alone in row["results"]
    ]
    names = ["case", "threads", OWN, "one thread", "faster"]
    return _section("Several threads beside one", names, cells)


def steps(table: Table, rows: list[Row]) -> list[str]:
    """Return single steps from Python."""
    found = [row for row in rows if case_of(row).kind == "step" and case_of(row).T == 1]
    lines = []
    for cell in GATES:
        of_cell = [row for row in found if case_of(row).cell == cell]
        if of_cell:
            lines += [f"## One step from Python, batch 1, {cell.upper()}, 1 thread", ""]
            lines += contest_table(table, of_cell)
    return lines


def blocks(table: Table, rows: list[Row]) -> list[str]:
    """Return blocks of steps."""
    found = [row for row in rows if case_of(row).kind == "step" and case_of(row).T > 1]
    cells = [
        [
            f"{case_of(row).cell.upper()} {shape_text(case_of(row))}",
            result_text(row, OWN),
            f"{seconds(row, OWN) / case_of(row).T * 1e9:.0f} ns",
            targets_text(table, row),
        ]
        for row in found
    ]
    names = ["case", OWN, "a step", "targets"]
    return _section("A block of steps in one call, batch 1", names, cells)


def left_out(table: Table) -> list[str]:
    """Return who was not there, and whose results were not to be timed."""
    found: dict[str, None] = {}
    for run in table.document["runs"]:
        for library, reason in run["absent"].items():
            found[f"- {library} was not installed: {reason}"] = None
    for row in table.rows.values():
        for name, reason in row["skipped"].items():
            if "differ" in reason or "Error" in reason:
                found[f"- {case_of(row).name}, without {name}: {reason}"] = None
    return ["## Left out", "", *found, ""] if found else []


def _section(title: str, names: Sequence[str], cells: list[list[str]]) -> list[str]:
    return [f"## {title}", "", *markdown(names, cells)] if cells else []


def _is(row: Row, kind: str, cell: str, threads: int) -> bool:
    case = case_of(row)
    return (case.kind, case.cell, row["threads"]) == (kind, cell, threads)


def _option(row: Row) -> str:
    return case_of(row).option


def read_all(paths: Sequence[Path]) -> dict[str, Any]:
    """Return the rows of several files in one document."""
    return documents.merge(documents.load(path) for path in paths)


def main() -> None:
    """Read, write, and say what was written."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", type=Path, nargs="+", help="what peers.py wrote")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "performance.md")
    arguments = parser.parse_args()
    arguments.out.write_text(report(Table(read_all(arguments.files))))
    print(f"wrote {arguments.out}")


if __name__ == "__main__":
    main()

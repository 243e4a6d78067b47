"""Draws what ``peers.py`` measured: ratios to the best peer as bars, and a roofline.

    python bench/python/plot.py peers.json [more.json ...] [--out docs/img]

Writes performance_ratios.png and performance_roofline.png. Rows that gatedcore loses are red.
"""

import argparse
import io
import math
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from contest import document as documents
from contest.cases import DENSE, STEPS, Case
from contest.document import Row, case_of
from contest.figures import OWN, Table, faster_than_best_peer, peers, seconds

ROOT = Path(__file__).resolve().parents[2]
# Okabe and Ito's colours, which all eyes tell apart.
WON, LOST, PEER, ROOF = "#0072B2", "#D55E00", "#9A9A9A", "#222222"
CELL_MARKS = {"lstm": "o", "gru": "s"}
STYLE = {
    "font.size": 8,
    "font.family": "DejaVu Sans",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 9,
    "axes.titleweight": "bold",
    "legend.frameon": False,
    "savefig.dpi": 150,
}
COLOURS = 96  # those above, and the shades between them and white
INTENSITIES = (0.4, 128)  # operations per byte, from single sequences to batches of 64
ASIDE = 0.2  # octaves from one row to the next, where rows have one intensity
SHOWN = [*DENSE, *STEPS]


def label(case: Case) -> str:
    """Return the sizes of a case; both sizes at once where they are equal."""
    sizes = f"I=H={case.H}" if case.I == case.H else f"I={case.I}, H={case.H}"
    return f"1 step, {sizes}" if case.kind == "step" else f"T={case.T}, B={case.B}, {sizes}"


def compared(table: Table, kind: str, cell: str, threads: int) -> list[Row]:
    """Return the rows of one panel that have a peer, in the order of the report."""
    rows = [
        table.of(Case(kind, cell, *shape), threads)
        for shape in SHOWN
        if (shape in STEPS) == (kind == "step")
    ]
    return [row for row in rows if row is not None and peers(row)]


def ratios(table: Table) -> Figure:
    """Return bars of how many times faster gatedcore is than the best peer, row by row."""
    titles = {"infer": "Inference", "train": "Training", "step": "One step"}
    panels = [
        (kind, threads)
        for kind in titles
        for threads in sorted({row["threads"] for row in table.rows.values()})
        if compared(table, kind, "lstm", threads) or compared(table, kind, "gru", threads)
    ]
    heights = [
        max(len(compared(table, kind, cell, threads)) for cell in CELL_MARKS)
        for kind, threads in panels
    ]
    figure, axes = plt.subplots(
        len(panels),
        2,
        figsize=(7.2, 0.9 + sum(0.19 * height + 0.42 for height in heights)),
        gridspec_kw={"height_ratios": [height + 1.6 for height in heights]},
        squeeze=False,
        layout="constrained",
        sharex=True,
    )
    for (kind, threads), line in zip(panels, axes, strict=True):
        for cell, axis in zip(CELL_MARKS, line, strict=True):
            rows = compared(table, kind, cell, threads)
            plural = "s" if threads > 1 else ""
            axis.set_title(f"{titles[kind]}, {cell.upper()}, {threads} thread{plural}", loc="left")
            bars(axis, rows, named=cell == "lstm" or not compared(table, kind, "lstm", threads))
    widest = max((faster_than_best_peer(row) or 1 for row in table.rows.values()), default=1)
    ticks = [2.0**k for k in range(-1, max(4, math.ceil(math.log2(widest)) + 1))]
    for axis in axes[-1]:
        axis.set_xscale("log", base=2)
        axis.set_xlim(0.5, 2.5 * ticks[-1])  # the last bar's text needs room
        axis.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axis.minorticks_off()
        axis.set_xlabel("times as fast as the fastest other library")
    return figure


def bars(axis: Axes, rows: list[Row], *, named: bool) -> None:
    """Draw one panel: a bar from 1 to the ratio, with the ratio and who came second beside it."""
    found = [faster_than_best_peer(row) or math.nan for row in rows]
    places = range(len(rows))
    colours = [WON if ratio >= 1 else LOST for ratio in found]
    axis.barh(places, [r - 1 for r in found], left=1, height=0.72, color=colours)
    for place, ratio, row in zip(places, found, rows, strict=True):
        text = f"{ratio:.2f}  {peers(row)[0].name}"
        axis.annotate(
            text,
            (max(ratio, 1), place),
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            fontsize=6.5,
            color=LOST if ratio < 1 else ROOF,
            fontweight="bold" if ratio < 1 else "normal",
        )
    axis.axvline(1, color=ROOF, linewidth=0.8)
    axis.set_yticks(places, [label(case_of(row)) for row in rows] if named else [])
    axis.tick_params(axis="y", length=0, labelsize=7)
    axis.set_ylim(len(rows) - 0.4, -0.6)
    axis.spines["left"].set_visible(False)


def intensity(case: Case) -> float:
    """Return operations per byte of recurrent weights, which each time step reads once for all."""
    passes = 3 if case.kind == "train" else 1
    return case.operations / (passes * case.T * case.recurrent_bytes)


def roofline(table: Table) -> Figure:
    """Return the rates of all dense rows on one thread below the machine's ceilings."""
    figure, axes = plt.subplots(1, 2, figsize=(7.2, 3.6), layout="constrained", sharey=True)
    for axis, kind, title in zip(axes, ("infer", "train"), ("Inference", "Training"), strict=True):
        rows = [row for cell in CELL_MARKS for row in compared(table, kind, cell, 1)]
        axis.set_title(f"{title}, 1 thread", loc="left")
        axis.set_xscale("log", base=2)
        axis.set_yscale("log", base=2)
        axis.set_xlabel("operations per byte of recurrent weights; small numbers: H")
        for side in (axis.xaxis, axis.yaxis):
            side.set_major_formatter("{x:g}")
        axis.set_xlim(*INTENSITIES)
        for row, at in beside_each_other(rows):
            points(axis, row, at)
    axes[0].set_ylabel("GFLOP/s")
    low, high = axes[0].get_ylim()
    axes[0].set_ylim(min(low, 16), high * 1.3)
    signs = [
        plt.Line2D([], [], marker=sign, color=colour, linestyle="", markersize=4.5)
        for colour in (WON, LOST, PEER)
        for sign in CELL_MARKS.values()
    ]
    names = [
        f"{cell.upper()}, {who}"
        for who in (OWN, f"{OWN} where it is slower than a peer", "the best peer")
        for cell in CELL_MARKS
    ]
    figure.legend(signs, names, loc="outside lower center", ncols=3, fontsize=7)
    figure.draw_without_rendering()  # ceilings need to know how steep their lines will be
    figure.set_layout_engine("none")
    for axis in axes:
        ceilings(axis, table)
    return figure


def beside_each_other(rows: list[Row]) -> list[tuple[Row, float]]:
    """Return each row with its place: rows of one intensity stand side by side, by size."""
    groups: dict[int, list[Row]] = {}
    for row in rows:
        groups.setdefault(round(math.log2(intensity(case_of(row)))), []).append(row)
    placed = []
    for group in groups.values():
        group.sort(key=lambda row: (case_of(row).H, case_of(row).T, case_of(row).cell))
        for k, row in enumerate(group):
            aside = 2.0 ** (ASIDE * (k - (len(group) - 1) / 2))
            placed.append((row, intensity(case_of(row)) * aside))
    return placed


def points(axis: Axes, row: Row, at: float) -> None:
    """Draw gatedcore and the best peer of one row, with a line from one to the other."""
    case, best = case_of(row), peers(row)[0]
    own, theirs = (case.operations / t / 1e9 for t in (seconds(row, OWN), best.seconds))
    colour, sign = WON if own >= theirs else LOST, CELL_MARKS[case.cell]
    axis.plot([at, at], [theirs, own], color=colour, linewidth=0.6, alpha=0.6)
    axis.plot(at, theirs, sign, color=PEER, markersize=3.5)
    axis.plot(at, own, sign, color=colour, markersize=4.5)
    if case.cell == "lstm":
        axis.annotate(
            f"{case.H}",
            (at, max(own, theirs)),
            xytext=(0, 3),
            textcoords="offset points",
            va="bottom",
            ha="center",
            fontsize=5.5,
            color=PEER,
        )


def ceilings(axis: Axes, table: Table) -> None:
    """Draw the peak, and what reading weights from each level of the memory allows."""
    rows = [row for row in table.rows.values() if row["threads"] == 1]
    peak = table.peak(rows[0]) if rows else None
    if peak is None:
        return
    low, high = INTENSITIES
    bottom = axis.get_ylim()[0]
    axis.axhline(peak / 1e9, color=ROOF, linewidth=1)
    axis.annotate(
        f"multiply-add peak {peak / 1e9:.0f} GFLOP/s",
        (high, peak / 1e9),
        xytext=(-2, 3),
        textcoords="offset points",
        ha="right",
        fontsize=7,
    )
    for name, size, above in (("L2", 2**18, True), ("L3", 2**23, False), ("memory", 2**28, False)):
        rate = table.read_rate(rows[0], size)
        if rate is None:
            continue
        knee, first = peak / rate, max(low, bottom * 1e9 / rate)
        ends = [(first, first * rate / 1e9), (knee, peak / 1e9)]
        axis.plot(*zip(*ends, strict=True), color=ROOF, linewidth=0.7)
        (x0, y0), (x1, y1) = axis.transData.transform(ends)
        axis.annotate(
            f"{name} {rate / 1e9:.0f} GB/s",
            (first**0.7 * knee**0.3, ends[0][1] ** 0.7 * ends[1][1] ** 0.3),
            xytext=(-3, 3) if above else (3, -3),
            textcoords="offset points",
            ha="center",
            va="bottom" if above else "top",
            fontsize=6.5,
            rotation=math.degrees(math.atan2(y1 - y0, x1 - x0)),
            rotation_mode="anchor",
        )


def save(figure: Figure, path: Path) -> None:
    """Write a picture in few colours, which makes the file a third."""
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png")
    Image.open(drawn).convert("RGB").quantize(COLOURS).save(path, optimize=True)


def draw(table: Table, folder: Path) -> list[Path]:
    """Write both pictures and return where."""
    written = []
    with plt.rc_context(STYLE):
        for name, make in (("ratios", ratios), ("roofline", roofline)):
            figure = make(table)
            written.append(folder / f"performance_{name}.png")
            save(figure, written[-1])
            plt.close(figure)
    return written


def main() -> None:
    """Read the command line, draw, and say what was written."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", type=Path, nargs="+", help="what peers.py wrote")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "img")
    arguments = parser.parse_args()
    plt.switch_backend("Agg")
    document: dict[str, Any] = documents.merge(documents.load(path) for path in arguments.files)
    for path in draw(Table(document), arguments.out):
        print(f"wrote {path}")


if __name__ == "__main__":
    main()

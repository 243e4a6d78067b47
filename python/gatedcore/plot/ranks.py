"""Where the boxes of a graph stand: in ranks, each below all that feed it."""

from collections.abc import Sequence
from typing import NamedTuple

_GAP_ACROSS, _GAP_DOWN, _LANE = 24.0, 30.0, 14.0  # pixels; a lane is the way of an edge past boxes


class Box(NamedTuple):
    """A rectangle."""

    x: float  # of its left edge
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        """The middle across."""
        return self.x + self.width / 2


class Layout(NamedTuple):
    """Boxes, and the points that each edge goes through, from bottom to top of boxes."""

    boxes: list[Box]
    edges: list[list[tuple[float, float]]]
    width: float
    height: float


def laid_out(sizes: Sequence[tuple[float, float]], sources: Sequence[Sequence[int]]) -> Layout:
    """Return where boxes stand, and where the edges between them run.

    Parameters
    ----------
    sizes : sequence of (width, height)
        Of each box, in pixels.
    sources : sequence of sequence of int
        The boxes that feed each box, each once; they come before it.

    Returns
    -------
    Layout
        From the corner (0, 0).
    """
    ranks = ranks_of(sources)
    rows: list[list[tuple[int, int | None]]] = [[] for _ in range(max(ranks) + 1)]
    edges = [
        (source, box) for box, feeding in enumerate(sources) for source in dict.fromkeys(feeding)
    ]
    for box, rank in enumerate(ranks):
        rows[rank].append((box, None))
    for number, (source, box) in enumerate(edges):
        for rank in range(ranks[source] + 1, ranks[box]):
            rows[rank].append((source, number))  # a lane for an edge that passes this rank
    place: dict[tuple[int, int | None], float] = {}
    feeders: dict[tuple[int, int | None], list[tuple[int, int | None]]] = {}
    for number, (source, box) in enumerate(edges):
        way: list[tuple[int, int | None]] = [(source, None)]
        way += [(source, number)] * (ranks[box] - ranks[source] - 1)
        feeders.setdefault((box, None), []).append(way[-1])
        feeders.setdefault((source, number), []).append((source, None))

    def width_of(entry: tuple[int, int | None]) -> float:
        return sizes[entry[0]][0] if entry[1] is None else _LANE

    widths = [sum(map(width_of, row)) + _GAP_ACROSS * (len(row) - 1) for row in rows]
    whole = max(widths)
    boxes = [Box(0.0, 0.0, *size) for size in sizes]
    lanes: dict[tuple[int, int], tuple[float, float, float]] = {}  # x, top, bottom of each
    y = 0.0
    for rank, row in enumerate(rows):
        row.sort(key=lambda entry: _mean([place[f] for f in feeders.get(entry, [])], whole / 2))
        x = (whole - widths[rank]) / 2
        height = max(sizes[box][1] for box, lane in row if lane is None)
        for entry in row:
            width = width_of(entry)
            box, lane = entry
            place[entry] = x + width / 2
            if lane is None:
                boxes[box] = Box(x, y, width, sizes[box][1])
            else:
                lanes[lane, rank] = (x + width / 2, y, y + height)
            x += width + _GAP_ACROSS
        y += height + _GAP_DOWN
    lines = []
    for number, (source, box) in enumerate(edges):
        above, below = boxes[source], boxes[box]
        points = [(above.middle, above.y + above.height)]
        for rank in range(ranks[source] + 1, ranks[box]):
            middle, top, bottom = lanes[number, rank]
            points += [(middle, top), (middle, bottom)]
        lines.append([*points, (below.middle, below.y)])
    return Layout(boxes, lines, whole, y - _GAP_DOWN)


def ranks_of(sources: Sequence[Sequence[int]]) -> list[int]:
    """Return the rank of each box: below all that feed it, an input just above what it feeds."""
    ranks: list[int] = []
    for feeding in sources:
        ranks.append(1 + max((ranks[source] for source in feeding), default=-1))
    for box, feeding in enumerate(sources):
        fed = [ranks[other] for other, of_other in enumerate(sources) if box in of_other]
        if not feeding and fed:
            ranks[box] = min(fed) - 1
    return ranks


def _mean(places: Sequence[float], default: float) -> float:
    return sum(places) / len(places) if places else default

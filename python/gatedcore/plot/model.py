"""The picture of a model's layers, as SVG; it needs no other package."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from gatedcore import keras_arguments
from gatedcore.checks import check_bool
from gatedcore.keras_arguments import reject_unsupported
from gatedcore.layered import Layered
from gatedcore.plot.canvas import COLOURS, INK, QUIET
from gatedcore.plot.ranks import laid_out
from gatedcore.summary import Part

# Sizes in pixels. Letters are up to 0.59 of the font's size wide, bold ones 0.66, on average over a
# line of a box in DejaVu Sans, which is wider than Helvetica and its kin.
_SIZE, _LINE, _WIDE, _WIDE_BOLD = 13.0, 19.0, 0.6, 0.67
_PAD, _MARGIN = 12.0, 10.0
_FONT = "Helvetica, Arial, 'Liberation Sans', sans-serif"


class Svg(str):
    """The text of a picture; a notebook shows the picture."""

    def _repr_svg_(self) -> str:
        return str(self)


def plot_model(
    model: Any,
    to_file: str | os.PathLike[str] | None = "model.svg",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    **keras: object,
) -> Svg:
    """Draw the layers of a chain, one below the other.

    Parameters
    ----------
    model : Sequential or Model
        The model.
    to_file : str or Path, or None
        Where the picture goes, ``.svg``; None writes nothing. Keras writes PNG.
    show_shapes : bool
        Whether to write the shapes of inputs and outputs, and numbers of parameters.
    show_dtype : bool
        Whether to write the dtype.
    show_layer_names : bool
        Whether to write the layers' names beside their kinds.
    **keras
        Other arguments of Keras are refused unless they ask for nothing.

    Returns
    -------
    Svg
        The picture's text, which a notebook shows as a picture.

    Raises
    ------
    TypeError
        If it is no model, or an argument is of a wrong kind.
    ValueError
        If the model has no layers, shapes are asked for and it is not built, or an argument is not
        supported.
    OSError
        If the file cannot be written.

    References
    ----------
    ``keras.utils.plot_model``.
    """
    where = "plot_model"
    reject_unsupported(where, keras, keras_arguments.PLOT_MODEL)
    shapes = check_bool(where, "show_shapes", show_shapes)
    dtypes = check_bool(where, "show_dtype", show_dtype)
    names = check_bool(where, "show_layer_names", show_layer_names)
    if not isinstance(model, Layered):
        raise TypeError(
            f"{where}: model has type {type(model).__name__}, expected a Sequential or a Model; "
            "pass one"
        )
    path = None if to_file is None else Path(to_file)
    if path is not None and path.suffix != ".svg":
        raise ValueError(
            f"{where}: to_file is {str(path)!r}, expected a name that ends in .svg; pass "
            f"{str(path.with_suffix('.svg'))!r}, and turn that into other formats elsewhere"
        )
    if not model.layers or (shapes and not model.built):
        raise ValueError(
            f"{where}: model {'is not built' if model.layers else 'has no layers'}, expected "
            f"{'one that is' if model.layers else 'some'}; "
            f"{'give its first layer an input_shape' if model.layers else 'add(...) them first'}"
        )
    parts = model.parts()
    texts = _texts(parts, shapes=shapes, dtypes=dtypes, names=names)
    picture = _draw(texts, [part.sources for part in parts])
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(picture, encoding="utf-8")
    return picture


def _texts(parts: Sequence[Part], *, shapes: bool, dtypes: bool, names: bool) -> list[list[str]]:
    """Return the lines of each box; the first line of each is its heading."""
    several = sum(part.layer is None for part in parts) > 1  # inputs, which names tell apart
    boxes = []
    for part in parts:
        named = names if part.layer is not None else several
        lines = [f"{part.name} ({part.kind})" if named else part.kind]
        if shapes:
            lines.append(part.shape)
            if part.layer is not None:
                lines.append(f"{part.layer.count_params():,} parameters")
        if dtypes and part.dtype is not None:
            lines.append(f"{part.dtype}")
        boxes.append(lines)
    return boxes


def _draw(texts: Sequence[Sequence[str]], sources: Sequence[Sequence[int]]) -> Svg:
    """Return boxes from top to bottom with arrows between them; what feeds nothing is an input."""
    row = all(list(feeding) == [place - 1] for place, feeding in enumerate(sources) if place)
    widths = [max(120.0, _longest([lines]) * _SIZE + 2 * _PAD) for lines in texts]
    if row:  # boxes of one width look best below one another
        widths = [max(widths)] * len(widths)
    sizes = [(w, _LINE * len(lines) + _PAD) for w, lines in zip(widths, texts, strict=True)]
    layout = laid_out(sizes, sources)
    parts = [_arrow([(x + _MARGIN, y + _MARGIN) for x, y in points]) for points in layout.edges]
    for box, lines, feeding in zip(layout.boxes, texts, sources, strict=True):
        x, y = box.x + _MARGIN, box.y + _MARGIN
        edge = COLOURS[0] if feeding else QUIET
        parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{box.width:g}" height="{box.height:g}" rx="5" '
            f'fill="{"#f3f8fc" if feeding else "#ffffff"}" stroke="{edge}" stroke-width="1.3"/>'
        )
        for k, line in enumerate(lines):
            style = 'font-weight="bold"' if not k else f'fill="{INK}" fill-opacity="0.75"'
            parts.append(
                f'<text x="{x + box.width / 2:g}" y="{y + _PAD / 2 + _LINE * (k + 0.72):g}" '
                f'text-anchor="middle" {style}>{escape(line)}</text>'
            )
    total_width, total_height = layout.width + 2 * _MARGIN, layout.height + 2 * _MARGIN
    return Svg(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{total_width:g}" '
        f'height="{total_height:g}" viewBox="0 0 {total_width:g} {total_height:g}" '
        f'font-family="{_FONT}" font-size="{_SIZE:g}" fill="{INK}">\n'
        f'<rect width="100%" height="100%" fill="white"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _longest(texts: Sequence[Sequence[str]]) -> float:
    """Return the width of the longest line in units of the font's size."""
    return max(
        len(line) * (_WIDE if k else _WIDE_BOLD) for lines in texts for k, line in enumerate(lines)
    )


def _arrow(points: Sequence[tuple[float, float]]) -> str:
    """Return a smooth line through points, the last with a tip that points down."""
    (x, y), *rest = points
    path = f"M{x:g} {y:g}"
    for number, (to_x, to_y) in enumerate(rest):
        end = to_y - 7 if number == len(rest) - 1 else to_y
        half = (y + end) / 2
        straight = x == to_x
        bend = "L" if straight else f"C{x:g} {half:g} {to_x:g} {half:g} "
        path += f" {bend}{to_x:g} {end:g}"
        x, y = to_x, to_y
    return (
        f'<path d="{path}" fill="none" stroke="{QUIET}" stroke-width="1.3"/>'
        f'<path d="M{x - 4:g} {y - 8:g} h8 l-4 8 z" fill="{QUIET}"/>'
    )

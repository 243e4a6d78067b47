"""The picture of a chain of layers, as SVG; it needs no other package."""

import os
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from gatedcore import keras_arguments
from gatedcore.checks import check_bool
from gatedcore.keras_arguments import reject_unsupported
from gatedcore.model import Sequential
from gatedcore.plot.canvas import COLOURS, INK, QUIET

# Sizes in pixels. Letters are up to 0.59 of the font's size wide, bold ones 0.66, on average over a
# line of a box in DejaVu Sans, which is wider than Helvetica and its kin.
_SIZE, _LINE, _WIDE, _WIDE_BOLD = 13.0, 19.0, 0.6, 0.67
_PAD, _GAP, _MARGIN = 12.0, 30.0, 10.0
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
    model : Sequential
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
        If the model is no chain, or an argument is of a wrong kind.
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
    if not isinstance(model, Sequential):
        raise TypeError(
            f"{where}: model has type {type(model).__name__}, expected a Sequential; "
            "only chains of layers are drawn"
        )
    path = None if to_file is None else Path(to_file)
    if path is not None and path.suffix != ".svg":
        raise ValueError(
            f"{where}: to_file is {str(path)!r}, expected a name that ends in .svg; "
            "turn the SVG into other formats with another program"
        )
    if not model.layers or (shapes and model.input_shape is None):
        raise ValueError(
            f"{where}: model {'is not built' if model.layers else 'has no layers'}, expected "
            f"{'one that is' if model.layers else 'some'}; "
            f"{'give its first layer an input_shape' if model.layers else 'add(...) them first'}"
        )
    picture = _draw(_boxes(model, shapes=shapes, dtypes=dtypes, names=names))
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(picture, encoding="utf-8")
    return picture


def _boxes(model: Sequential, *, shapes: bool, dtypes: bool, names: bool) -> list[list[str]]:
    """Return the lines of each box, the input's first; the first line of each is its heading."""
    shape = model.input_shape
    first = ["Input", *([str(shape)] if shapes else []), *([f"{model.dtype}"] if dtypes else [])]
    boxes = [first]
    for layer in model.layers:
        kind = type(layer).__name__
        lines = [f"{layer.name} ({kind})" if names else kind]
        if shapes:
            assert shape is not None
            shape = layer.compute_output_shape(shape)
            lines.append(str(shape))
            lines.append(f"{layer.count_params():,} parameters")
        boxes.append([*lines, *([f"{layer.dtype}"] if dtypes else [])])
    return boxes


def _draw(boxes: list[list[str]]) -> Svg:
    """Return the boxes from top to bottom with arrows between them."""
    longest = max(
        len(line) * (_WIDE if k else _WIDE_BOLD) for lines in boxes for k, line in enumerate(lines)
    )
    width = max(120.0, longest * _SIZE + 2 * _PAD)
    middle = _MARGIN + width / 2
    parts, y = [], _MARGIN
    for number, lines in enumerate(boxes):
        if number:
            tip = y + _GAP
            parts.append(
                f'<line x1="{middle:g}" y1="{y:g}" x2="{middle:g}" y2="{tip - 7:g}" '
                f'stroke="{QUIET}" stroke-width="1.3"/>'
                f'<path d="M{middle - 4:g} {tip - 8:g} h8 l-4 8 z" fill="{QUIET}"/>'
            )
            y = tip
        height = _LINE * len(lines) + _PAD
        edge = COLOURS[0] if number else QUIET
        parts.append(
            f'<rect x="{_MARGIN:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="5" '
            f'fill="{"#f3f8fc" if number else "#ffffff"}" stroke="{edge}" stroke-width="1.3"/>'
        )
        for k, line in enumerate(lines):
            style = 'font-weight="bold"' if not k else f'fill="{INK}" fill-opacity="0.75"'
            parts.append(
                f'<text x="{middle:g}" y="{y + _PAD / 2 + _LINE * (k + 0.72):g}" '
                f'text-anchor="middle" {style}>{escape(line)}</text>'
            )
        y += height
    total_width, total_height = width + 2 * _MARGIN, y + _MARGIN
    return Svg(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{total_width:g}" '
        f'height="{total_height:g}" viewBox="0 0 {total_width:g} {total_height:g}" '
        f'font-family="{_FONT}" font-size="{_SIZE:g}" fill="{INK}">\n'
        f'<rect width="100%" height="100%" fill="white"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )
